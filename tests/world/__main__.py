"""Play worlds: `python -m tests.world SEED | A:B [--progress FILE] | mutants [N] | shrink SEED`."""

import argparse
import itertools
import math
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from tests.world.coverage import empty, table
from tests.world.mutants import Mutant
from tests.world.mutants_books import ALL
from tests.world.setting import Setting, setting_of
from tests.world.shrink import shrink
from tests.world.tally import Tally
from tests.world.world import Outcome, plan_for, run

CHUNK = 10
SAY_EVERY_S = 5.0
SEEDS_FOR_ALL_CELLS = 2000
SEEDS_PER_MUTANT = 80


def main() -> int:
    """Do what the command line asks for; 1 when an invariant broke or a mutant lived."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets is part of what happens, so it must be the same each time.
        os.execve(  # noqa: S606  # ourselves, with one variable more
            sys.executable,
            [sys.executable, "-m", "tests.world", *sys.argv[1:]],
            os.environ | {"PYTHONHASHSEED": "0"},
        )
    parser = argparse.ArgumentParser(prog="tests.world", description=__doc__)
    parser.add_argument("what", help="a seed, a range A:B, or `mutants`")
    parser.add_argument("seeds_max", nargs="?", type=int, default=SEEDS_PER_MUTANT)
    parser.add_argument("--progress", type=Path, default=None, help="file to resume a range from")
    parser.add_argument("--only", default="", help="mutants whose name holds this")
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.0, help="begin no seed of a range later")
    asked = parser.parse_args()
    if asked.what == "mutants":
        return mutants(asked.seeds_max, asked.only, asked.cores)
    if ":" in asked.what:
        first, _, behind = asked.what.partition(":")
        seeds = range(int(first), int(behind))
        return many(seeds, asked.progress, asked.cores, asked.seconds)
    return one(int(asked.what))


def one(seed: int) -> int:
    """Play one seed and say everything about it."""
    _say(f"seed {seed}: {setting_of(seed).size}")
    for fault in plan_for(seed):
        _say(f"  {fault}")
    outcome = run(seed)
    _say(f"  {outcome.counts}, fingerprint {outcome.fingerprint[:16]}")
    if not outcome.violations:
        _say("  every invariant holds")
        return 0
    _complain(outcome)
    shrink(outcome, _say)
    return 1


def many(seeds: range, progress: Path | None, cores: int, seconds_max: float = 0.0) -> int:
    """Play a range of seeds, resume where an earlier run of the range ended, and print rate and coverage.

    After `seconds_max` (0: never) no more are begun; the rest waits for the next run.
    """
    tally = Tally(seeds, progress)
    todo = [seeds[i : i + CHUNK] for i in range(tally.done, len(seeds), CHUNK)]
    until_s = time.monotonic() + seconds_max if seconds_max else math.inf
    said_s = 0.0
    pool = ProcessPoolExecutor(cores)
    try:
        for outcomes in pool.map(_chunk, todo) if cores > 1 else map(_chunk, todo):
            tally.add(outcomes)
            broken = [outcome for outcome in outcomes if outcome.violations]
            for outcome in broken:
                _complain(outcome)
            now_s = time.monotonic()
            if broken or now_s >= said_s + SAY_EVERY_S or tally.done == len(seeds):
                said_s = now_s
                _say(tally.line)
            if now_s >= until_s:
                _say(f"the time is up: {tally.done} of {len(seeds)} seeds were played")
                break
    finally:
        pool.shutdown(cancel_futures=True)
    _say(table(tally.met))
    _say(tally.summary(cores))
    holes = empty(tally.met)
    _say(f"empty cells: {', '.join(holes) or 'none'}")
    return 1 if tally.broken or (holes and tally.done >= SEEDS_FOR_ALL_CELLS) else 0


def mutants(seeds_max: int, only: str = "", cores: int = 1) -> int:
    """Let each mutant live until a seed catches it; say which one nobody caught."""
    lived = []
    names = [mutant.name for mutant in ALL if only in mutant.name]
    hunt = partial(_caught, seeds_max=seeds_max)
    pool = ProcessPoolExecutor(cores)
    try:
        found = pool.map(hunt, names) if cores > 1 else map(hunt, names)
        for name, caught in zip(names, found, strict=True):
            if caught is None:
                lived.append(name)
                _say(f"{name:36} LIVED through {seeds_max} seeds")
            else:
                broken = caught.violations[0]
                _say(f"{name:36} seed {caught.seed}: {broken.name}: {broken.detail}")
    finally:
        pool.shutdown(cancel_futures=True)
    _say(f"{len(names) - len(lived)} of {len(names)} mutants caught")
    return 1 if lived else 0


def caught_by(mutant: Mutant, seeds_max: int) -> Outcome | None:
    """Return the first World in which the mutant breaks an invariant."""
    with mutant.alive():
        for seed in seeds_for(mutant, seeds_max):
            outcome = run(seed, plan_for(seed, mutant.focus))
            if outcome.violations:
                return outcome
    return None


def seeds_for(mutant: Mutant, count: int) -> Iterator[int]:
    """Return the first seeds of a size that can show what the mutant does."""
    able = (seed for seed in itertools.count(1) if _shows(mutant, setting_of(seed)))
    return itertools.islice(able, count)


def _shows(mutant: Mutant, setting: Setting) -> bool:
    has_all = setting.is_house or not mutant.in_house
    return has_all and (setting.has_side or not mutant.with_side)


def _caught(name: str, seeds_max: int) -> Outcome | None:
    mutant = next(mutant for mutant in ALL if mutant.name == name)
    return caught_by(mutant, seeds_max)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _chunk(seeds: range) -> list[Outcome]:
    return [run(seed) for seed in seeds]


def _complain(outcome: Outcome) -> None:
    for broken in outcome.violations[:3]:
        _say(f"  seed {outcome.seed}: {broken.at_ms} ms: {broken.name}: {broken.detail}")


if __name__ == "__main__":
    sys.exit(main())
