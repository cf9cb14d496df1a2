"""`opensqt rebuild`: empty the projections and fold them from the journal again; say whether they were the same."""

import argparse
import json
import sys
from collections.abc import Mapping

from opensqt.cli.reading import Source, opened
from opensqt.desk.error import GOOD, JUDGED_FALSE, NOT_RUNNING, CliError
from opensqt.domain.ledger import Ledger, LedgerTable
from opensqt.runtime.clock import RunClock
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.projection.store import Projections, folded
from opensqt.runtime.projection.tables import Row, rows


class FoldPace:
    """How far a fold is and how fast, told on standard error once a second."""

    def __init__(self, head: int) -> None:
        self._head = head
        self._clock = RunClock()
        self._began_s = self._told_s = self._clock.monotonic_s()
        self._position = 0

    @property
    def events_per_s(self) -> int:
        """The rate so far."""
        return round(self._position / max(self._clock.monotonic_s() - self._began_s, 0.001))

    def tell(self, position: int) -> None:
        """Hear how far it is."""
        self._position, now_s = position, self._clock.monotonic_s()
        if now_s - self._told_s >= 1:
            self._told_s = now_s
            share = 100 * position // self._head
            sys.stderr.write(
                f"rebuild: {position} of {self._head} events, {share} %, {self.events_per_s}/s\n"
            )


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `rebuild`: none of its own."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Rebuild a stopped desk's projections; return 0, or 1 when rows differed from those before."""
    import asyncio

    async def work() -> list[dict[str, object]]:
        async with opened(args.data, project=False) as source:
            return await _rebuild(source)

    try:
        lines = asyncio.run(work())
    except (JournalDown, OSError) as error:
        raise CliError(f"the desk of {args.data} cannot be read: {error}", NOT_RUNNING) from error
    for line in lines:
        print(json.dumps(line) if args.json else _for_people(line))
    return GOOD if all(line["same"] for line in lines) else JUDGED_FALSE


async def _rebuild(source: Source) -> list[dict[str, object]]:
    """Compare at the position of the live rows, then write the rows at the journal's head."""
    if source.running:
        raise CliError(
            f"{source.data} is running and its reconciler writes the projections:"
            f" `opensqt down --data {source.data}` first, or judge them with `opensqt verify`"
        )
    journal = await PostgresJournal.connect(source.dsn)
    try:
        projections = Projections(journal.pool)
        position, before = await projections.live()
        head = (await journal.head()).position
        books, pace = Ledger(), FoldPace(head)
        await folded(journal, books, min(position, head), pace.tell)
        lines = _compared(before, rows(books))
        await folded(journal, books, head, pace.tell)
        events_per_s = pace.events_per_s
        await projections.replace(books)
        await projections.keep(books)
        _, after = await projections.live()
        written = rows(books)
    finally:
        await journal.close()
    same = after == written and position <= head and all(line["same"] for line in lines)
    last = {"type": "rebuild", "position": head, "compared_at": position, "same": same}
    return [*lines, {**last, "events_per_s": events_per_s}]


def _compared(
    before: Mapping[LedgerTable, set[Row]], now: Mapping[LedgerTable, set[Row]]
) -> list[dict[str, object]]:
    return [
        {
            "type": "table",
            "table": table.value,
            "rows": len(now[table]),
            "same": before[table] == now[table],
            "different": len(now[table] ^ before[table]),
        }
        for table in LedgerTable
    ]


def _for_people(line: Mapping[str, object]) -> str:
    if line["type"] == "table":
        state = "same" if line["same"] else f"{line['different']} DIFFERENT"
        return f"{line['table']!s:<12} {line['rows']:>8} rows  {state}"
    state = "as before" if line["same"] else "NOT as before; they are right now"
    return f"rebuilt to position {line['position']}, {line['events_per_s']} events/s: {state}"
