"""Positions by average cost: exact sums, whatever the sequence of trades."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.instruments import Side
from opensqt.domain.order_events import Fill, Liquidity, OrderRef
from opensqt.domain.position import FLAT, fill, funding, opened, trade

STEPS = st.integers(min_value=-500, max_value=500).filter(bool)
TICKS = st.integers(min_value=1, max_value=10_000_000)
REF = OrderRef(
    client_order_id="q1",
    intent_id="i1",
    attempt=1,
    strategy="s",
    venue="binance",
    account="main",
    symbol="BTC/USDT",
)


def fill_of(side: Side, quantity: str, price: str, fee: str) -> Fill:
    """Return a fill with a venue-reported profit of one half."""
    return Fill(
        ref=REF,
        trade_id="1",
        venue_order_id="1",
        side=side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=Decimal(fee),
        fee_asset="USDT",
        liquidity=Liquidity.MAKER,
        realized_pnl=Decimal("0.5"),
        evidence_hash="",
        time_ms=1,
    )


@pytest.mark.row("B22")
@given(st.lists(st.tuples(STEPS, TICKS), max_size=40))
def test_realised_less_cost_is_the_cash_flow_of_all_trades(trades: list[tuple[int, int]]) -> None:
    """Nothing is lost to rounding at any moment."""
    position, cash, held = FLAT, Decimal(0), Decimal(0)
    for steps, ticks in trades:
        quantity, price = steps * Decimal("0.001"), ticks * Decimal("0.1")
        position = trade(position, quantity, price)
        cash, held = cash - quantity * price, held + quantity
        assert position.quantity == held
        assert position.realized_pnl - position.cost == cash
        assert held != 0 or position.cost == 0
        assert position.cost * held >= 0


@pytest.mark.row("B22")
def test_a_round_trip_books_quantity_times_step_and_its_fees() -> None:
    """Buy at a level, sell one step above: qty·I, fees apart."""
    bought = fill(FLAT, fill_of(Side.BUY, "0.4", "60000", "4.8"))
    sold = fill(bought, fill_of(Side.SELL, "0.4", "60010", "4.8008"))
    assert sold.quantity == 0
    assert sold.cost == 0
    assert sold.realized_pnl == Decimal("0.4") * 10
    assert sold.fee("USDT") == Decimal("9.6008")
    assert sold.fee("BNB") == 0
    assert sold.venue_realized_pnl == Decimal("1.0")
    assert sold.fills == 2


def test_average_cost_release_and_flip() -> None:
    """Adding averages, reducing keeps the average, crossing zero opens at the new price."""
    long = trade(trade(FLAT, Decimal(1), Decimal(100)), Decimal(1), Decimal(110))
    assert long.entry_price == 105
    less = trade(long, Decimal("-0.5"), Decimal(115))
    assert (less.entry_price, less.realized_pnl) == (Decimal(105), Decimal(5))
    short = trade(less, Decimal("-2.5"), Decimal(95))
    assert (short.quantity, short.entry_price) == (Decimal(-1), Decimal(95))
    assert short.realized_pnl == 5 + Decimal("1.5") * -10
    assert short.unrealized_pnl(Decimal(90)) == 5


def test_a_position_taken_over_keeps_its_entry_price() -> None:
    """What was there before has the venue's entry price as its cost and nothing realised."""
    taken = opened(Decimal("-0.002"), Decimal(45000))
    assert (taken.entry_price, taken.realized_pnl) == (Decimal(45000), Decimal(0))
    assert funding(taken, Decimal("-0.25")).funding == Decimal("-0.25")
