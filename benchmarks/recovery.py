"""How long risk, executor and reconciler take from a kill -9 to their work, by the number of rows in the journal.

Prints two tables and writes reports/recovery.json; the second says how fast one process reads, checks, decodes and
folds the same rows into the books of the desk, which is what a rebuild does. A start is timed in three parts: until the
process answers, until its journal is folded, until it is ready (for the executor the fence is in it: no command is
taken before the longest request of its predecessor has passed).
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.stand import machine
from benchmarks.stand.author import ACCOUNT, PRICE, QUANTITY, STRATEGY
from benchmarks.stand.desk import Desk
from benchmarks.stand.tables import table
from opensqt.domain import ids
from opensqt.domain.instruments import Side
from opensqt.domain.intent import (
    Basis,
    OrderType,
    PlaceIntent,
    Purpose,
    TimeInForce,
)
from opensqt.domain.journal import Entry
from opensqt.domain.ledger import Ledger
from opensqt.domain.verdict import RiskApproved
from opensqt.execution import events
from opensqt.runtime.projection.store import folded
from tests.simulation.venue.scripted import PERP

REPORT = Path("reports") / "recovery.json"
SIZES, STARTS = (1_000, 10_000, 100_000), 3
SHORT_SIZES, SHORT_STARTS = (500,), 1
SERVICES = ("risk", "executor", "reconciler")
ROWS_PER_ORDER = 6
TOGETHER = 256
POLL_S = 0.01
START_S_MAX = 120.0
READING = ("starting", "reading the journal", "waiting for the lease")


def life(author: events.EventSource, number: int, now_ms: int) -> Entry:
    """Return the whole life of one order that was cancelled."""
    intent = PlaceIntent(
        intent_id=ids.intent_id(strategy=STRATEGY, slot="r", cycle=number, action="place"),
        strategy=STRATEGY,
        slot="r",
        cycle=number,
        venue=author.venue,
        account=author.account,
        symbol=PERP,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=PRICE,
        quantity=QUANTITY,
        purpose=Purpose.OPEN,
        created_ms=now_ms,
        valid_until_ms=now_ms + 2000,
        basis=Basis(generation=1, sequence=1),
        reason="recovery",
    )
    approval = RiskApproved(
        intent_id=intent.intent_id,
        place=intent,
        cancel=None,
        reduce_only=False,
        risk_epoch=1,
        basis=intent.basis,
        config_version="recovery",
        time_ms=now_ms,
    )
    ref = events.ref_of(author, intent, 1)
    venue_id = str(number)
    return Entry(
        events=(
            events.verdict(author, approval),
            events.placed(author, intent, ref, reduce_only=False, now_ms=now_ms),
            events.submitting(author, ref, epoch=1, deadline_ms=now_ms + 2000, now_ms=now_ms),
            events.accepted(author, ref, venue_id, "", now_ms),
            events.cancel_requested(author, ref, f"cancel-{number}", "recovery", now_ms),
            events.canceled(
                author,
                ref,
                "canceled",
                now_ms,
                venue_order_id=venue_id,
                filled_quantity=Decimal(0),
                evidence_hash="",
            ),
        )
    )


async def fill(desk: Desk, rows: int) -> None:
    """Let the journal grow to so many rows."""
    author = events.EventSource(
        actor="executor-main", venue="binance", account=ACCOUNT, generation=desk.generation
    )
    position = (await desk.journal.head()).position
    numbers = iter(range(position, rows, ROWS_PER_ORDER))
    now_ms = desk.clock.market_ms()

    async def write() -> None:
        for number in numbers:
            await desk.journal.append(life(author, number, now_ms))

    await asyncio.gather(*(write() for _ in range(TOGETHER)))


async def start(desk: Desk, name: str) -> dict[str, float]:
    """Start a service and return after how many seconds each part of its start was over; then kill it."""
    began_s = time.monotonic()
    desk.start(name, watched=False)
    parts: dict[str, float] = {}
    while "ready" not in parts:
        said = await desk.status(name)
        at_s = round(time.monotonic() - began_s, 3)
        if at_s > START_S_MAX:
            raise TimeoutError(f"{name} is not ready after {at_s} s: {said}\n{desk.log(name)}")
        if said:
            parts.setdefault("answers", at_s)
            if said["ready"] or _has_folded(said):
                parts.setdefault("folded", at_s)
            if said["ready"]:
                parts["ready"] = at_s
        await asyncio.sleep(POLL_S)
    desk.kill(name)
    return parts


async def replay(desk: Desk, head: int) -> dict[str, float]:
    """Fold all rows into fresh books; return seconds and events per second."""
    began_s = time.monotonic()
    await folded(desk.journal, Ledger(), head)
    took_s = time.monotonic() - began_s
    return {"seconds": round(took_s, 6), "events_per_s": round(head / took_s)}


def _has_folded(said: dict[str, Any]) -> bool:
    return "phase" in said and said["phase"] not in READING


async def measure(sizes: tuple[int, ...], starts: int) -> dict[str, Any]:
    """Measure every size; return the report."""
    report: dict[str, Any] = {"what": "recovery", "machine": machine.facts(), "sizes": []}
    async with Desk((), floor=False) as desk:
        for rows in sizes:
            await fill(desk, rows)
            head = (await desk.journal.head()).position
            found: dict[str, list[dict[str, float]]] = {name: [] for name in SERVICES}
            first = {name: await start(desk, name) for name in SERVICES}
            for _ in range(starts):
                for name in SERVICES:
                    found[name].append(await start(desk, name))
            medians = {name: _median(parts) for name, parts in found.items()}
            told = {"rows": head, "first": first, "again": medians}
            report["sizes"].append(told | {"replay": await replay(desk, head)})
    return report


def _median(starts: list[dict[str, float]]) -> dict[str, float]:
    return {part: statistics.median(one[part] for one in starts) for part in starts[0]}


def lines(report: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Return the table: seconds until each part was over, the median of the starts after the first."""
    yield ("rows", "service", "answers s", "folded s", "ready s", "first start, ready s")
    for size in report["sizes"]:
        for name in SERVICES:
            parts, first = size["again"][name], size["first"][name]
            cells = (f"{parts[part]:.2f}" for part in ("answers", "folded", "ready"))
            yield (str(size["rows"]), name, *cells, f"{first['ready']:.2f}")


def replays(report: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Return the table of folding everything."""
    yield ("rows", "seconds", "events/s")
    for size in report["sizes"]:
        told = size["replay"]
        yield (str(size["rows"]), f"{told['seconds']:.2f}", str(told["events_per_s"]))


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="one small journal, one start")
    parser.add_argument("--report", type=Path, default=REPORT)
    words = parser.parse_args()
    plan = (SHORT_SIZES, SHORT_STARTS) if words.short else (SIZES, STARTS)
    report = uvloop.run(measure(*plan))
    words.report.parent.mkdir(parents=True, exist_ok=True)
    words.report.write_text(msgspec.json.format(msgspec.json.encode(report)).decode())
    for rows in (lines(report), replays(report)):
        print("\n".join(table(list(rows))))


if __name__ == "__main__":
    main()
