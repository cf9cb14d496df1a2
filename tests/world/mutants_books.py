"""More safety lines switched off: those of leases, of the bus, and of the books of gate and grid."""

from collections.abc import Callable
from typing import Any

from opensqt.domain import order_state
from opensqt.domain.journal import Lease
from opensqt.domain.order_events import CancelRequested, Fill, Unresolved
from opensqt.domain.unattributed import UnattributedTrades
from opensqt.domain.venue import NotFound
from opensqt.execution import absence, events, evidence
from opensqt.risk.state import RiskState as GateState
from opensqt.strategies import folding
from services.executor import trade_booking
from services.executor.cancel_sweep import CancelSweep, SweepResult
from services.executor.resolver import OrderResolver
from tests.support.fakes.journal import MemoryLeases
from tests.world.faults import Kind
from tests.world.mutants import LATE, MUTANTS, TAKEN_OVER, Mutant, Patch
from tests.world.mutants_accounts import OF_ACCOUNTS
from tests.world.mutants_bus import BLIND, OF_THE_BUS
from tests.world.mutants_kills import OF_KILLS
from tests.world.mutants_lost import OF_A_LOST_BUS
from tests.world.mutants_money import MONEY
from tests.world.mutants_time import OF_TIME


async def _true(*_: Any) -> bool:
    return True


async def _none(*_: Any, **__: Any) -> SweepResult:
    return SweepResult()


def _taken_from_the_living() -> list[Patch]:
    async def acquire(self: MemoryLeases, name: str, holder: str, ttl_ms: int) -> Lease | None:
        row = self._store.lease_row(name)
        row.holder, row.epoch = holder, row.epoch + 1
        row.ttl_ms, row.renewals = ttl_ms, row.renewals + 1
        head = len(self._store.rows)
        return Lease(name=name, holder=holder, epoch=row.epoch, ttl_ms=ttl_ms, head_position=head)

    return [(MemoryLeases, "acquire", acquire)]


def _not_found_is_gone() -> list[Patch]:
    real = OrderResolver._cancel_once

    async def cancel_once(self: OrderResolver, order: Any, ref: Any) -> int:
        account = self._account
        outcome = await account.venue.cancel(ref.symbol, ref.client_order_id)
        if isinstance(outcome, NotFound):
            now_ms = account.clock.market_ms()
            gone = events.never_placed(account.author, ref, "not found", now_ms)
            await account.record((gone,))
            return 0
        return await real(self, order, ref)

    return [(OrderResolver, "_cancel_once", cancel_once)]


def _dropped_behind_the_end() -> list[Patch]:
    real = evidence.after_trade

    def after_trade(state: Any, author: Any, trade: Any, evidence_hash: str) -> Any:
        order = state.find(trade.symbol, trade.client_order_id, trade.venue_order_id)
        if order is not None and (order.canceled or order.expired):
            return ()
        return real(state, author, trade, evidence_hash)

    return [(trade_booking, "after_trade", after_trade)]


def _gate_drops(kind: type[Any]) -> Callable[[], list[Patch]]:
    """The gate takes an order off its books at an event that proves nothing."""

    def patches() -> list[Patch]:
        real = GateState.fold

        def fold(state: GateState, event: Any) -> None:
            real(state, event)
            if isinstance(event, kind):
                name = event.ref.client_order_id
                state.index.open.file(order_state.begin(name))
                state.index.orders.pop(name, None)
                state.index.ended.pop(name, None)

        return [(GateState, "fold", fold)]

    return patches


def _gate_books_no_fills() -> list[Patch]:
    """The gate sees what a trade does to its order and not what it does to the position."""
    real = GateState.fold

    def fold(state: GateState, event: Any) -> None:
        owned, nets = dict(state.index.positions.owned), dict(state.index.positions.nets)
        real(state, event)
        if isinstance(event, Fill):
            state.index.positions.owned, state.index.positions.nets = owned, nets

    return [(GateState, "fold", fold)]


def _grid_forgets_fills() -> list[Patch]:
    real = folding._ordered

    def ordered(state: Any, event: Any) -> Any:
        return (state, ()) if isinstance(event, Fill) else real(state, event)

    return [(folding, "_ordered", ordered)]


def _looks_once() -> list[Patch]:
    real = absence.judge

    def judge(search: Any, look: Any) -> Any:
        found = real(search, look)
        return found if look.present else (search, "one look saw nothing")

    return [(absence, "judge", judge)]


def _one(owner: Any, name: str, value: Any) -> Callable[[], list[Patch]]:
    return lambda: [(owner, name, value)]


def _kill_only_latches() -> list[Patch]:
    return [(CancelSweep, "_cancel_these", _none)]


STRAY = (Kind.PLACE_ACK_LOST, Kind.STREAM_MUTE, Kind.LAG) * 4
M = Mutant
BOOKS = (
    M(name="lease taken from the living", patches=_taken_from_the_living, focus=TAKEN_OVER),
    M(name="renewal of a lost lease", patches=_one(MemoryLeases, "renew", _true), focus=TAKEN_OVER),
    M(name="not found is gone", patches=_not_found_is_gone, focus=LATE),
    M(name="one look is proof", patches=_looks_once, focus=BLIND),
    M(name="fill behind the end dropped", patches=_dropped_behind_the_end, focus=(Kind.STREAM_MUTE,) * 4),
    M(name="gate forgets the unresolved", patches=_gate_drops(Unresolved), focus=(Kind.PLACE_ACK_LOST,) * 4),
    M(name="gate takes a wish for an end", patches=_gate_drops(CancelRequested), focus=(Kind.CANCEL_LOST,) * 8),
    M(name="stray fill stays nobody's", patches=_one(UnattributedTrades, "claim", lambda *_: ()), focus=STRAY),
    M(name="gate books no fills", patches=_gate_books_no_fills),
    M(name="grid books no fills", patches=_grid_forgets_fills, in_house=True),
    M(name="kill cancels nothing", patches=_kill_only_latches, focus=(Kind.KILL,)),
)  # fmt: skip
ALL = (*MUTANTS, *OF_TIME, *OF_THE_BUS, *OF_A_LOST_BUS, *OF_KILLS, *OF_ACCOUNTS, *BOOKS, *MONEY)
