"""A desk as its journal tells it at one position: books of every strategy, orders, money, risk, halts. Changes nothing.

The services' own folds, run again; market prices are not the journal's, and are not told.
"""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from opensqt.domain.decimals import canonical
from opensqt.domain.journal import Recorded
from opensqt.domain.ledger import Ledger, LedgerTable
from opensqt.domain.ledger_content import digest
from opensqt.domain.strategy_events import StrategyStarted
from opensqt.replay.record import rows_of
from opensqt.risk.state import RiskState
from opensqt.runtime.journal.port import JournalRows
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.projection.tables import SHAPES, rows
from opensqt.runtime.strategy.registry import strategy_of
from opensqt.strategies.api import kind_of
from opensqt.strategies.fingerprint import fingerprint
from opensqt.strategies.kernel import StrategyInstance

TABLES = tuple(table for table in LedgerTable if table is not LedgerTable.STRATEGIES)
KEPT_MS = 2000  # market: as long as an approval may still become an order


class MomentStrategy(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy: the run that its books belong to, and those books as a start at that position makes them."""

    run: int
    config_hash: str
    code_version: str
    told: str
    books: Any  # None where an earlier version's run does not say what it was told
    sha256: str


class DeskMoment(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is a function of the journal up to a position."""

    position: int
    time_ms: int  # of the last fact, market
    strategies: dict[str, MomentStrategy]
    tables: dict[str, list[dict[str, Any]]]  # the projections' rows, by table
    risk: dict[str, Any]
    mode: str
    killed: list[str]
    sha256: dict[str, str]  # of ledger, risk and all strategies together


class _Fold:
    def __init__(self, starts: Iterable[StrategyStarted], folder: Path | None) -> None:
        self.ledger, self.risk = Ledger(), RiskState()
        self.starts = {start.strategy: start for start in starts}
        self.actors = {
            name: StrategyInstance(
                strategy_of(kind_of(start.told), folder).spec_again(name, start.told)
            )
            for name, start in self.starts.items()
            if start.told
        }
        self.time_ms = 0

    def take(self, row: Recorded) -> None:
        event = decode_row(row)
        self.ledger.fold(row.position, event)
        self.risk.fold(event)
        self.time_ms = max(self.time_ms, row.occurred_at_ms)
        for actor in self.actors.values():
            if actor.concerns(event):
                actor.see(event)


async def position_at(journal: JournalRows, time_ms: int) -> int:
    """Return the position of the last fact that had happened by an instant of market time, 0 for none."""
    found = 0
    async for row in rows_of(journal):
        if row.occurred_at_ms <= time_ms:
            found = row.position
    return found


async def moment_at(journal: JournalRows, position: int, folder: Path | None) -> DeskMoment:
    """Return the desk at a journal position; `folder` is where strategies of one's own lie."""
    starts: dict[str, StrategyStarted] = {}
    async for row in rows_of(journal, position):
        if row.type == StrategyStarted.__name__:
            event = decode_row(row)
            if isinstance(event, StrategyStarted):
                starts[event.strategy] = event
    fold = _Fold(starts.values(), folder)
    async for row in rows_of(journal, position):
        fold.take(row)
    fold.risk.forget(fold.time_ms - KEPT_MS)
    strategies = {name: _strategy(start, fold) for name, start in sorted(fold.starts.items())}
    risk = _risk(fold.risk)
    controls = fold.ledger.controls
    return DeskMoment(
        position=fold.ledger.position,
        time_ms=fold.time_ms,
        strategies=strategies,
        tables=_tables(fold.ledger),
        risk=risk,
        mode=controls.mode,
        killed=sorted(controls.kills.scopes),
        sha256={
            "ledger": digest(fold.ledger),
            "risk": fingerprint(risk),
            "strategies": fingerprint({name: one.sha256 for name, one in strategies.items()}),
        },
    )


def readable(value: Any) -> Any:
    """Return a value as JSON holds it: numbers that are money as text, keys as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case Decimal():
            return canonical(value)
        case msgspec.Struct():
            return {name: readable(one) for name, one in msgspec.structs.asdict(value).items()}
        case dict():
            return {_key(key): readable(one) for key, one in value.items()}
        case set() | frozenset():
            return sorted((readable(one) for one in value), key=str)
        case list() | tuple():
            return [readable(one) for one in value]
        case _:
            return str(value)


def _key(key: object) -> str:
    return " ".join(map(_key, key)) if isinstance(key, tuple) else str(key)


def _strategy(start: StrategyStarted, fold: _Fold) -> MomentStrategy:
    actor = fold.actors.get(start.strategy)
    books = None if actor is None else actor.state.books
    return MomentStrategy(
        run=start.run,
        config_hash=start.config_hash,
        code_version=start.code_version,
        told=start.told,
        books=readable(books),
        sha256=fingerprint(books),
    )


def _tables(books: Ledger) -> dict[str, list[dict[str, Any]]]:
    found = rows(books)
    return {
        table.value: [
            dict(zip(SHAPES[table].columns, map(_cell, row), strict=True))
            for row in sorted(found[table], key=lambda row: tuple(map(str, row)))
        ]
        for table in TABLES
    }


def _cell(cell: Any) -> Any:
    if isinstance(cell, Decimal):
        return canonical(cell)
    return cell if cell is None or isinstance(cell, bool | int | str) else cell.isoformat()


def _risk(state: RiskState) -> dict[str, Any]:
    """Return what the gate knows from the journal: its verdicts that may still count, and what is at stake."""
    index = state.index
    return {
        "verdicts": sorted(state.verdicts),
        "orders_open": sorted(order.client_order_id for order in index.open.living()),
        "orders_owed": sorted(order.client_order_id for order in index.open.owed()),
        "nets": readable(dict(sorted(index.positions.nets.items()))),
        "owned": readable(dict(sorted(index.positions.owned.items()))),
    }
