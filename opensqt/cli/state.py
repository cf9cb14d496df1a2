"""`opensqt state`: a desk as it was at a journal position or a time, and what changed between two. Reads only."""

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from opensqt.cli.instant import Instant, instant_of
from opensqt.cli.reading import Source, read
from opensqt.cli.replay import strategies_folder
from opensqt.desk.error import GOOD, CliError
from opensqt.desk.timestamps import rfc3339
from opensqt.domain.ledger import LedgerTable
from opensqt.replay.moment import TABLES, DeskMoment, moment_at, position_at
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.projection.tables import SHAPES


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `state`."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--at", metavar="WHEN", help="journal position or RFC 3339 time")
    which.add_argument("--diff", nargs=2, metavar="WHEN", help="what changed between two of them")


def run(args: argparse.Namespace) -> int:
    """Print one document, or one line for each thing that changed."""
    wanted = [instant_of(text) for text in (args.diff or [args.at])]
    found = read(args.data, lambda source: _moments(source, wanted))
    documents = [document(moment) for moment in found]
    if args.diff:
        for line in changes(*documents):
            print(json.dumps(line) if args.json else _words(line))
    elif args.json:
        print(json.dumps(documents[0]))
    else:
        _show(found[0])
    return GOOD


async def _moments(source: Source, wanted: list[Instant]) -> list[DeskMoment]:
    journal = await PostgresJournal.connect(source.dsn)
    try:
        head = (await journal.head()).position
        folder = strategies_folder(source)
        found: list[DeskMoment] = []
        for one in wanted:
            position = one.position
            if position is None:
                position = await position_at(journal, one.time_ms or 0)
            if position > head:
                raise CliError(f"position {position}: the journal ends at {head}")
            found.append(await moment_at(journal, position, folder))
        return found
    finally:
        await journal.close()


def document(moment: DeskMoment) -> dict[str, Any]:
    """Return a moment as one JSON document."""
    tables = moment.tables
    return {
        "type": "state",
        "position": moment.position,
        "time": rfc3339(moment.time_ms),
        "strategies": msgspec.to_builtins(moment.strategies),
        **tables,
        "controls": {
            "mode": moment.mode,
            "killed": moment.killed,
            "halts": tables[LedgerTable.HALTS],
        },
        "risk": moment.risk,
        "sha256": moment.sha256,
    }


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a line for each row, strategy or figure that is not the same in two documents."""
    for table in TABLES:
        key = SHAPES[table].key
        rows = [
            {tuple(row[name] for name in key): row for row in side[table]}
            for side in (before, after)
        ]
        for name in sorted(rows[0].keys() | rows[1].keys(), key=str):
            yield from _change(
                table.value, " ".join(map(str, name)), rows[0].get(name), rows[1].get(name)
            )
    for part in ("strategies", "risk", "controls"):
        for name in sorted(before[part].keys() | after[part].keys()):
            yield from _change(part, name, before[part].get(name), after[part].get(name))


def _change(part: str, name: str, before: Any, after: Any) -> Iterator[dict[str, Any]]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        fields = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
        before, after = ({key: side.get(key) for key in sorted(fields)} for side in (before, after))
    yield {"type": "change", "part": part, "name": name, "before": before, "after": after}


def _words(line: Mapping[str, Any]) -> str:
    before, after = line["before"], line["after"]
    where = f"{line['part']} {line['name']}"
    if before is None:
        return f"{where}: new {json.dumps(after)}"
    if after is None:
        return f"{where}: gone"
    return f"{where}: {json.dumps(before)} -> {json.dumps(after)}"


def _show(moment: DeskMoment) -> None:
    print(
        f"position {moment.position}, {rfc3339(moment.time_ms)}, {moment.mode}"
        + (f", killed: {', '.join(moment.killed)}" if moment.killed else "")
    )
    for name, strategy in moment.strategies.items():
        print(
            f"strategy {name}: run {strategy.run}, {strategy.code_version}, books {strategy.sha256[:12]}"
        )
    for table in (
        LedgerTable.POSITIONS,
        LedgerTable.HOLDINGS,
        LedgerTable.BALANCES,
        LedgerTable.HALTS,
    ):
        for row in moment.tables[table]:
            print(
                f"{table.value}: "
                + " ".join(f"{name}={one}" for name, one in row.items() if one not in ("", "0"))
            )
    open_orders = moment.risk["orders_open"]
    print(
        f"orders: {len(moment.tables[LedgerTable.ORDERS])}, open {len(open_orders)}"
        f"; fills {len(moment.tables[LedgerTable.FILLS])}; --json shows them all"
    )
    print("sha256 " + " ".join(f"{name} {one[:12]}" for name, one in moment.sha256.items()))
