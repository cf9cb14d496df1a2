"""`make standby`: how long an account has no leader, for four ways of losing it; the venue's audit is the judge."""

import argparse
import asyncio
import os
import sys

from tests.crash import matrix
from tests.e2e.standby.measure import measure, table
from tests.e2e.standby.takeover import TAKEOVER_MS_MAX, Loss, TakeOver


async def main(words: argparse.Namespace) -> int:
    """Measure, print, and return 1 when a take-over took too long or broke something."""
    found: list[TakeOver] = []
    async with matrix.alone() as shared:
        for loss in Loss:
            if words.only in ("", loss.name.lower()):
                progress = _Progress(loss, words.runs)
                found += await measure(shared, loss, words.runs, progress.told)
    for line in table(found):
        _say(line)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    _say(f"limit {TAKEOVER_MS_MAX} ms; load average of the machine at the end {load}")
    return int(any(one.broken or one.millis > TAKEOVER_MS_MAX for one in found))


class _Progress:
    def __init__(self, loss: Loss, runs: int) -> None:
        self._loss = loss
        self._runs = runs
        self._number = 0

    def told(self, one: TakeOver) -> None:
        self._number += 1
        _say(
            f"{self._loss:<12} {self._number:>2}/{self._runs} {one.millis:>6} ms, {one.unacked} unacked"
        )
        for text in one.broken:
            _say(f"   {text}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="take-overs of each kind")
    names = [loss.name.lower() for loss in Loss]
    parser.add_argument("--only", default="", choices=["", *names], help="one way of losing it")
    sys.exit(asyncio.run(main(parser.parse_args())))
