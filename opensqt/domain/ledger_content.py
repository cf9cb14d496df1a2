"""The books as bytes: one canonical form for digests and snapshots. The same books give the same bytes, always.

It never trusts bytes: `restore` raises when they do not hold books of this version.
"""

import functools
import hashlib
import json
from typing import TypeVar

import msgspec

from opensqt.domain.account import FundingPaid
from opensqt.domain.control import KillLatched, LimitChanged
from opensqt.domain.kills import Kills
from opensqt.domain.ledger import Key, Ledger, Net, StrategyRun
from opensqt.domain.ledger_wallet import Wallet
from opensqt.domain.order_events import Fill
from opensqt.domain.order_index import OrderIndex
from opensqt.domain.order_state import Order
from opensqt.domain.position import Position
from opensqt.domain.recon_events import Halted, Resumed
from opensqt.domain.strategy_events import SagaStep
from opensqt.domain.trading_controls import TradingControls

FOLD = 5  # counted up when the same journal makes other books: old snapshots are not read

_Value = TypeVar("_Value")


class NotBooks(ValueError):
    """Bytes that are not the books of this version."""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """Books as values in a fixed order."""

    position: int
    desk: str
    approved: int
    refused: int
    orders: tuple[Order, ...]
    fills: tuple[tuple[Key, Fill], ...]
    parked: tuple[Key, ...]
    holdings: tuple[tuple[Key, Position], ...]
    nets: tuple[tuple[Key, Net], ...]
    wallets: tuple[tuple[Key, Wallet], ...]
    funding: tuple[tuple[Key, FundingPaid], ...]
    strategies: tuple[StrategyRun, ...]
    sagas: tuple[tuple[Key, SagaStep], ...]
    halts: tuple[Halted, ...]
    trials: tuple[Resumed, ...]
    kills: tuple[tuple[str, KillLatched], ...]
    released: tuple[str, ...]
    released_ms: tuple[tuple[str, int], ...]
    limits: tuple[LimitChanged, ...]


def content(books: Ledger) -> bytes:
    """Return the books in their canonical form, whatever the order in which they were filled."""
    return msgspec.msgpack.encode(
        Content(
            position=books.position,
            desk=books.desk,
            approved=books.approved,
            refused=books.refused,
            orders=_values(books.orders),
            fills=_items(books.fills),
            parked=tuple(sorted(books.parked)),
            holdings=_items(books.holdings),
            nets=_items(books.nets),
            wallets=_items(books.wallets),
            funding=_items(books.funding),
            strategies=_values(books.strategies),
            sagas=_items(books.sagas),
            halts=_values(books.controls.halts),
            trials=_values(books.controls.trials),
            kills=tuple(sorted(books.controls.kills.latched.items())),
            released=tuple(sorted(books.controls.kills.released)),
            released_ms=tuple(sorted(books.controls.kills.released_ms.items())),
            limits=_values(books.limits),
        )
    )


def digest(books: Ledger) -> str:
    """Return the sha256 of the books' canonical form, in hex."""
    return hashlib.sha256(content(books)).hexdigest()


def restore(data: bytes) -> Ledger:
    """Return the books of a canonical form; raise `NotBooks`."""
    try:
        found = msgspec.msgpack.decode(data, type=Content)
    except msgspec.MsgspecError as error:
        raise NotBooks(f"{len(data)} bytes are not books of this version: {error}") from error
    books = Ledger()
    books.position, books.desk = found.position, found.desk
    books.approved, books.refused = found.approved, found.refused
    books.fills = dict(found.fills)
    books.parked = set(found.parked)
    books.holdings = dict(found.holdings)
    owned = {(key[0], (key[2], key[3])): held.quantity for key, held in books.holdings.items()}
    books.index = OrderIndex.restored(found.orders, books.fills.values(), owned)
    books.nets = dict(found.nets)
    books.wallets = dict(found.wallets)
    books.funding = dict(found.funding)
    books.strategies = {run.strategy: run for run in found.strategies}
    books.sagas = dict(found.sagas)
    kills = Kills(
        latched=dict(found.kills),
        released=frozenset(found.released),
        released_ms=dict(found.released_ms),
    )
    books.controls = TradingControls(
        kills=kills,
        halts={halt.name: halt for halt in found.halts},
        trials={trial.name: trial for trial in found.trials},
    )
    books.limits = {limit.field: limit for limit in found.limits}
    return books


@functools.cache
def fingerprint() -> str:
    """Return what changes whenever form or meaning of the books changes: sha256 of schema and fold, in hex."""
    schema = json.dumps(msgspec.json.schema(Content), sort_keys=True)
    return hashlib.sha256(f"{FOLD} {schema}".encode()).hexdigest()


def _items(found: dict[Key, _Value]) -> tuple[tuple[Key, _Value], ...]:
    return tuple(sorted(found.items(), key=lambda item: item[0]))


def _values(found: dict[str, _Value]) -> tuple[_Value, ...]:
    return tuple(found[name] for name in sorted(found))
