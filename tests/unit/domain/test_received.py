"""A position is what was received: one definition of it, and everybody who counts fills agrees with it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text

from opensqt.cli.status import _row
from opensqt.domain.dust import dust_of, is_dust, named
from opensqt.domain.instruments import Market, Side
from opensqt.domain.ledger import LedgerTable
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill, OrderRef
from opensqt.domain.position import FLAT
from opensqt.domain.position import fill as booked
from opensqt.domain.received import received
from opensqt.execution.state import ExecutionState as Executor
from opensqt.risk.state import RiskState as Gate
from opensqt.runtime.projection.tables import rows
from opensqt.strategies.carry import state as arb
from opensqt.strategies.carry.strategy import CARRY
from opensqt.strategies.decision import Decision, shown
from opensqt.strategies.grid import slots
from opensqt.strategies.grid import state as grids
from opensqt.strategies.grid.strategy import GRID
from services.gateway.state import GatewayState as Page
from tests.ledgers import ACCOUNT, PERP, SPOT, VENUE, deposit, fill, folded, opened, ref_of
from tests.simulation.carry_rig import carry_setup
from tests.simulation.grid_rig import long_of
from tests.simulation.strategy_facts import rules_of

BUY, SELL = Side.BUY, Side.SELL
NOBODY = OrderRef(
    client_order_id="",
    intent_id="",
    attempt=0,
    strategy="",
    venue=VENUE,
    account=ACCOUNT,
    symbol=SPOT,
)
TRADE = st.tuples(
    st.sampled_from((1, 2, 3)),  # the order: a grid's, a carry's spot, a carry's perpetual
    st.sampled_from((BUY, SELL)),
    st.integers(1, 500),
    st.integers(1, 99),
    st.sampled_from(("BTC", "USDT", "BNB")),
    st.booleans(),  # the venue tells only its own id of the order
)
ORDERS = {
    1: (ref_of(1, SPOT, "grid"), "g-1"),
    2: (ref_of(2, SPOT, "carry"), "spot"),
    3: (ref_of(3, PERP, "carry"), "perp"),
}


@pytest.mark.row("K06")
@pytest.mark.parametrize(
    "symbol, side, fee_asset, held",
    [
        (SPOT, BUY, "BTC", "0.999"),
        (SPOT, SELL, "BTC", "-1.001"),
        (SPOT, BUY, "USDT", "1"),
        (SPOT, SELL, "USDT", "-1"),
        (SPOT, BUY, "BNB", "1"),
        (PERP, BUY, "USDT", "1"),
        (PERP, SELL, "BTC", "-1"),
    ],
)
def test_only_a_spot_fee_in_the_base_asset_is_not_held(
    symbol: str, side: Side, fee_asset: str, held: str
) -> None:
    """Quantity less fee if the fee is in base; quote and third assets change nothing that is held."""
    trade = fill(ref_of(1, symbol), "1", "1", side=side, fee=Decimal("0.001"), fee_asset=fee_asset)
    assert received(trade) == Decimal(held)


@pytest.mark.row("K06", "B22")
def test_a_fee_in_base_costs_what_the_trade_paid_for_it() -> None:
    """Result after fees is the cash flow and what is left at its price, to the last digit."""
    buy = fill(ref_of(1, SPOT), "1", "0.5", fee=Decimal("0.0005"), fee_asset="BTC")
    sale = fill(ref_of(1, SPOT), "2", "0.499", side=SELL, price=Decimal(110), fee=Decimal("0.05"))
    position = booked(booked(FLAT, buy), sale)
    assert position.quantity == Decimal("0.0005")
    cash = -Decimal("0.5") * 100 + Decimal("0.499") * 110 - Decimal("0.05")
    fees = position.fee("BTC") * 100 + position.fee("USDT")
    mark = Decimal(120)
    net = position.realized_pnl + position.unrealized_pnl(mark) - fees
    assert net == cash + position.quantity * mark


@pytest.mark.row("K06", "B22", "J09")
@settings(max_examples=60, deadline=None)
@given(st.lists(TRADE, max_size=25))
def test_everybody_who_counts_fills_agrees(trades: list[tuple[Any, ...]]) -> None:
    """Ledger, projections, risk, executor, page, grid and carry hold what was received, whatever the fee asset."""
    facts = journal(trades)
    owned = {number: Decimal(0) for number in ORDERS}
    for number, side, size, fee, fee_asset, _ in trades:
        owned[number] += (1 if side is BUY else -1) * Decimal(size) / 1000
        if number != 3 and fee_asset == "BTC":
            owned[number] -= Decimal(fee) / 10**6
    spot, perp = owned[1] + owned[2], owned[3]
    held = {("grid", SPOT): owned[1], ("carry", SPOT): owned[2], ("carry", PERP): perp}
    books = folded(facts)
    for key, one in books.holdings.items():
        assert one.quantity == held[key[0], key[3]]
    projected = {row[2]: row[3] for row in rows(books)[LedgerTable.POSITIONS]}
    assert {SPOT: Decimal(0), PERP: Decimal(0)} | projected == {SPOT: spot, PERP: perp}
    for (strategy, symbol), quantity in held.items():
        assert risk(facts).index.positions.own(strategy, (ACCOUNT, symbol)) == quantity
    assert risk(facts).index.positions.net((ACCOUNT, SPOT)) == spot
    executor, page = Executor(ACCOUNT), Page()
    for at, message in enumerate(facts, start=1):
        executor.fold(message)
        page.fold(message, at)
    assert executor.net(SPOT) == spot
    assert executor.net(PERP) == perp
    level = page.levels.get("grid", {}).get(-1, FLAT)
    assert level.quantity == owned[1]
    grid, carry = strategies(facts)
    assert slots.quantity(grid.books) == owned[1]
    assert (carry.books.spot.quantity, carry.books.perp.quantity) == (owned[2], perp)
    wallet = books.wallets[VENUE, ACCOUNT, "spot", "BTC"].total
    assert wallet - 5 == spot


PLACE = (ACCOUNT, SPOT)


def journal(trades: list[tuple[Any, ...]]) -> list[Event]:
    """Return a day of three orders and these trades, told with our id or with the venue's only."""
    facts: list[Event] = [deposit(Market.SPOT, "BTC", "5")]
    for ref, slot in ORDERS.values():
        placed, *rest = opened(ref, quantity="1000")
        facts += [msgspec.structs.replace(placed, slot=slot), *rest]
    for at, (number, side, size, fee, fee_asset, nameless) in enumerate(trades):
        ref, _ = ORDERS[number]
        trade = fill(
            ref,
            str(at),
            str(Decimal(size) / 1000),
            side=side,
            price=Decimal(90 + size % 20),
            fee=Decimal(fee) / 10**6,
            fee_asset=fee_asset,
        )
        if nameless:
            trade = msgspec.structs.replace(
                trade, ref=msgspec.structs.replace(NOBODY, symbol=ref.symbol)
            )
        facts.append(trade)
    return facts


def risk(facts: Sequence[Event]) -> Gate:
    """Return the gate's books of a journal."""
    gate = Gate()
    for message in facts:
        gate.fold(message)
    return gate


def strategies(facts: Sequence[Event]) -> tuple[grids.GridState, arb.CarryState]:
    """Return a grid and a carry that have read a journal."""
    grid, carry = grids.GridState(setup=long_of()), arb.CarryState(setup=carry_setup())
    for message in facts:
        grid, carry = GRID.fold(grid, message), CARRY.fold(carry, message)
    return grid, carry


@pytest.mark.row("K06")
@pytest.mark.parametrize(
    "held, dust",
    [
        ("0.0123456", "0.0003456"),
        ("0.0005", "0.0005"),
        ("0.0001", "0.0001"),
        ("0.002", "0"),
        ("0", "0"),
    ],
)
def test_dust_is_below_the_step_or_the_minimum(held: str, dust: str) -> None:
    """The rest of the step, or all of it where even the whole is too little for the venue."""
    rules = rules_of(SPOT)
    assert dust_of(rules, Decimal(held), Decimal(45_000)) == Decimal(dust)
    assert [one.asset for one in named(rules, Decimal(held), Decimal(45_000))] == ["BTC"] * (
        dust != "0"
    )
    assert dust_of(rules, Decimal("0.002"), Decimal(2_000)) == Decimal("0.002")
    for price in (Decimal(2_000), Decimal(45_000)):
        all_of_it = held != "0" and dust_of(rules, Decimal(held), price) == Decimal(held)
        assert is_dust(rules, Decimal(held), price) is all_of_it


@pytest.mark.row("K06")
def test_status_names_the_dust_of_a_strategy() -> None:
    """As a text without trailing zeros or exponent, beside what the strategy does."""
    rules = rules_of(SPOT)
    decision = Decision(dust=named(rules, Decimal("0.00000010"), Decimal(45_000)))
    line = {"type": "strategy", "name": "grid", "trading": True, **shown(decision)}
    assert line["dust"] == {"BTC": "0.0000001"}
    assert _row(line).endswith("trading; dust 0.0000001 BTC")
    assert _row({**line, **shown(Decision())}).endswith("trading")


def test_words_of_others_are_no_markup_in_status() -> None:
    """A reason of risk, venue or a person is shown letter by letter, brackets too."""
    line = {"type": "strategy", "name": "grid", "trading": False, "reason": "odd [/red] [bold]"}
    assert Text.from_markup(_row(line)).plain.endswith("not trading: odd [/red] [bold]")


def test_a_perpetual_has_no_dust_but_the_step() -> None:
    """An order that only reduces has no smallest notional."""
    rules = rules_of(PERP, notional_min="100")
    assert dust_of(rules, Decimal("-0.001"), Decimal(45_000)) == 0
    assert named(rules, Decimal("-0.0015"), Decimal(45_000)) == ()


def test_the_order_of_events_does_not_change_what_is_held() -> None:
    """A trade that comes before its order is known is owned later by what it brought."""
    ref = ref_of(1, SPOT, "grid")
    trade: Fill = fill(ref, "1", "1", fee=Decimal("0.001"), fee_asset="BTC")
    nameless = msgspec.structs.replace(trade, ref=NOBODY)
    gate = risk([nameless, *opened(ref)])
    assert (
        gate.index.positions.own("grid", PLACE)
        == gate.index.positions.net(PLACE)
        == Decimal("0.999")
    )
    assert gate.index.positions.own("", PLACE) == 0
