"""`opensqt whatif`: the recorded feed under another configuration, and each decision that is another. Reads only."""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opensqt.cli.instant import instant_of
from opensqt.cli.reading import Source, read
from opensqt.cli.replay import recorded, window_of
from opensqt.desk.error import GOOD
from opensqt.desk.timestamps import rfc3339
from opensqt.replay.whatif import Compared, OtherDecision, compared
from opensqt.runtime.clock import open_clock
from opensqt.runtime.config.all import load
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.strategy.registry import with_code
from opensqt.runtime.strategy.specs import spec_of
from opensqt.strategies.kernel import StrategySpec


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `whatif`."""
    parser.add_argument("--config", type=Path, required=True, help="the other configuration")
    parser.add_argument("--strategy", default="", help="only this strategy")
    parser.add_argument(
        "--from", dest="begin", default="", help="journal position or RFC 3339 time"
    )
    parser.add_argument("--to", dest="end", default="", help="journal position or RFC 3339 time")


def run(args: argparse.Namespace) -> int:
    """Print a line for each decision that differs, and how many did."""
    config = load(args.config, os.environ)
    window = window_of(args.strategy, instant_of(args.begin), instant_of(args.end))
    folder = args.config.absolute().parent

    async def work(source: Source) -> list[Compared]:
        clock = open_clock(source.data)
        specs: dict[str, StrategySpec[Any]] = {}
        for name in config.strategies:
            strategy, settings = with_code(name, config.strategies[name], config, folder)
            specs[name] = spec_of(name, settings, config, clock, strategy)
        journal = await PostgresJournal.connect(source.dsn)
        try:
            replay, record = await recorded(source, journal)
            return [one async for one in compared(replay, record.sessions, specs, window)]
        finally:
            await journal.close()

    _show(read(args.data, work), as_json=args.json)
    return GOOD


def _show(found: Sequence[Compared], *, as_json: bool) -> None:
    differing = [one for part in found for one in part.differing]
    for one in differing:
        print(json.dumps(_line(one)) if as_json else _words(one))
    decisions = sum(part.decisions for part in found)
    # What the venue would have made of other orders, no record tells: their profit is unknown, not zero.
    last = {"type": "whatif", "decisions": decisions, "differences": len(differing)}
    last |= {"pnl": None, "pnl_recorded": None}
    told = f"whatif: {len(differing)} of {decisions} decisions are others; what they had earned is not known"
    print(json.dumps(last) if as_json else told)


def _line(one: OtherDecision) -> dict[str, object]:
    return {
        "type": "decision",
        "strategy": one.strategy,
        "run": one.run,
        "feed_sequence": one.sequence,
        "time": rfc3339(one.time_ms),
        "recorded": one.recorded,
        "decided": one.decided,
    }


def _words(one: OtherDecision) -> str:
    sides = [", ".join(map(_wish, side)) or "nothing" for side in (one.recorded, one.decided)]
    return f"{rfc3339(one.time_ms)} {one.strategy}: {sides[0]} -> {sides[1]}"


def _wish(intent: dict[str, object]) -> str:
    if "slot" in intent:
        return f"{intent['side']} {intent['quantity']} at {intent['price']} ({intent['slot']})"
    return f"cancel ({intent['reason']})"
