"""One journal, one truth: whoever folds it believes the same of orders, fills, owners, nets, kills and halts."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.domain.instruments import Market
from opensqt.domain.ledger import Ledger
from opensqt.domain.ledger_content import content, restore
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Fill,
)
from opensqt.domain.order_index import OrderIndex
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.trading_controls import TradingControls
from opensqt.execution.state import ExecutionState
from opensqt.risk.state import RiskState
from opensqt.strategies.carry import state as carries
from opensqt.strategies.carry.strategy import CARRY
from opensqt.strategies.grid import slots
from opensqt.strategies.grid import state as grids
from opensqt.strategies.grid.strategy import GRID as GRID_KIND
from services.gateway.state import GatewayState
from services.reconciler.state import ReconcilerState
from tests.ledgers import ACCOUNT, PERP, SPOT, VENUE, deposit, fill, opened
from tests.simulation.carry_rig import carry_setup
from tests.simulation.grid_rig import setup_of
from tests.support.any_journal import (
    CONTRADICTED,
    EVIDENCE,
    GRID,
    OWNERSHIP,
    PLACE,
    SWITCHES,
    adjusted,
    journals,
    killed,
    planned_first,
    released,
)


class Desk:
    """Everybody who folds a journal, beside each other."""

    def __init__(self) -> None:
        self.position = 0
        self.executor = ExecutionState(ACCOUNT)
        self.risk = RiskState()
        self.books = Ledger()
        self.reconciler = ReconcilerState()
        self.page = GatewayState()
        self.grid = grids.GridState(setup=setup_of(symbol=PERP, strategy="grid"))
        self.carry = carries.CarryState(setup=carry_setup(strategy="carry", spot=SPOT, perp=PERP))

    def take(self, event: Event) -> None:
        """Give everybody the next fact."""
        self.position += 1
        self.executor.fold(event)
        self.risk.fold(event)
        change = self.books.fold(self.position, event)
        self.reconciler.fold(self.books, self.position, str(self.position), event, change)
        self.page.fold(event, self.position)
        self.grid = GRID_KIND.fold(self.grid, event)
        self.carry = CARRY.fold(self.carry, event)

    def restart(self) -> None:
        """Go on from a snapshot of the books."""
        self.books = restore(content(self.books))

    @property
    def indexes(self) -> dict[str, OrderIndex]:
        """Return who holds an index of orders."""
        return {
            "executor": self.executor.index,
            "risk": self.risk.index,
            "ledger": self.books.index,
            "page": self.page.books.index,
        }

    @property
    def controls(self) -> dict[str, TradingControls]:
        """Return who obeys or shows the controls."""
        return {
            "executor": self.executor.controls,
            "risk": self.risk.switches,
            "ledger": self.books.controls,
            "page": self.page.books.controls,
            "grid": self.grid.market.switches,
            "carry": self.carry.market.switches,
        }


def believed(index: OrderIndex) -> dict[str, object]:
    """Return what an index holds, without the order in which it came to hold it."""
    return {
        "orders": dict(index.orders),
        "living": {one.client_order_id for one in index.open.living()},
        "owned": dict(index.positions.owned),
        "nets": {place: net for place, net in index.positions.nets.items() if net},
    }


def in_force(controls: TradingControls) -> TradingControls:
    """Return controls without what only an executor notes: which kills its account obeyed (ADR 0034)."""
    kills = msgspec.structs.replace(controls.kills, obeyed=frozenset())
    return msgspec.structs.replace(controls, kills=kills)


def counted(events: Iterable[Event]) -> dict[str, Decimal]:
    """Return by hand what trades and corrections make of each symbol."""
    trades = {event.trade_id: event for event in events if isinstance(event, Fill)}
    nets = {PERP: Decimal(0), SPOT: Decimal(0)}
    for trade in trades.values():
        nets[trade.ref.symbol] += trade.quantity
    for event in events:
        if isinstance(event, Adjustment):
            nets[event.symbol] += event.quantity
    return nets


def judge(desk: Desk, heard: list[Event]) -> None:
    """Compare all that the consumers believe."""
    whole = believed(desk.books.index)
    assert {name: believed(one) for name, one in desk.indexes.items()} == dict.fromkeys(
        desk.indexes, whole
    )
    told = {name: in_force(one) for name, one in desk.controls.items()}
    assert told == dict.fromkeys(told, desk.books.controls)
    own = desk.books.index.positions.own
    nets = counted(heard)
    for symbol, net in nets.items():
        place = (VENUE, ACCOUNT, symbol)
        assert desk.executor.net(symbol) == net
        assert net == (desk.books.nets[place].position.quantity if place in desk.books.nets else 0)
        holdings = {k[0]: h.quantity for k, h in desk.books.holdings.items() if k[1:] == place}
        for strategy in ("grid", "carry"):
            assert holdings.get(strategy, Decimal(0)) == own(strategy, (ACCOUNT, symbol))
        track = desk.reconciler.nets.get(place)
        figures = track.since(desk.position) if track is not None else (Decimal(0),)
        assert figures == (net,)
    owners = {fill.trade_id: fill.ref.strategy for fill in desk.books.fills.values()}
    assert set(owners) == {event.trade_id for event in heard if isinstance(event, Fill)}
    assert {fill.trade_id: fill.ref.strategy for fill in desk.page.books.fills.values()} == owners
    shown = {fill.trade_id for fill in desk.page.fills}
    assert shown == set(owners)


def judge_strategies(desk: Desk) -> None:
    """Compare what grid and carry hold with what everybody else says they do."""
    own = desk.books.index.positions.own
    assert slots.quantity(desk.grid.books) == own("grid", (ACCOUNT, PERP))
    assert desk.carry.books.spot.quantity == own("carry", (ACCOUNT, SPOT))
    assert desk.carry.books.perp.quantity == own("carry", (ACCOUNT, PERP))
    assert desk.grid.killed == desk.books.controls.killed("grid")


@pytest.mark.row("A10")
@settings(max_examples=200, deadline=None)
@given(journals(EVIDENCE + SWITCHES), st.integers(0, 60))
def test_everybody_believes_the_same_of_any_journal(heard: list[Event], restarted_at: int) -> None:
    """Executor, risk, ledger and its snapshot, reconciler and page, after any journal."""
    desk = Desk()
    for at, event in enumerate(heard):
        if at == restarted_at:
            desk.restart()
        desk.take(event)
    judge(desk, heard)


@pytest.mark.row("A10")
@settings(max_examples=200, deadline=None)
@given(journals(OWNERSHIP))
def test_strategies_hold_what_everybody_says_they_do(heard: list[Event]) -> None:
    """Grid and carry, too, after any journal in which a plan comes before what came of it."""
    desk, written = Desk(), planned_first(heard)
    for event in written:
        desk.take(event)
    judge(desk, written)
    judge_strategies(desk)


def test_a_correction_of_a_level_shows_on_the_page() -> None:
    """Bought two on a level and corrected by one: grid, page and ledger hold one."""
    desk = Desk()
    plan, *sent = opened(GRID, quantity="2")
    trade = fill(GRID, "1", "2")
    for event in (
        deposit(Market.PERP, "USDT", "1000"),
        msgspec.structs.replace(plan, slot="g-1"),
        *sent,
        trade,
        adjusted(4, "grid", "-1"),
    ):
        desk.take(event)
    assert slots.quantity(desk.grid.books) == 1
    assert desk.page.levels["grid"][-1].quantity == 1
    assert desk.books.holdings["grid", VENUE, ACCOUNT, PERP].quantity == 1


def test_a_kill_that_is_recorded_late_is_in_force_for_everybody() -> None:
    """A release between two kills ends the older one, in whatever order they are heard; the newer one stops all."""
    desk = Desk()
    for event in (
        killed(10, "strategy/grid"),
        killed(5, "strategy/grid"),
        released(7, "strategy/grid"),
    ):
        desk.take(event)
    told: dict[str, Any] = {name: one.killed("grid") for name, one in desk.controls.items()}
    assert told == dict.fromkeys(told, True)


def test_a_contradicted_order_halts_its_symbol_for_everybody() -> None:
    """What risk refuses by, the page, the tables and the strategies know, too."""
    desk = Desk()
    desk.take(CONTRADICTED)
    told = {name: one.halts.keys() for name, one in desk.controls.items()}
    assert told == {name: {PLACE} for name in told}
