"""Each filter of an instrument alone: just inside passes, just outside is refused by its name, 0 means off."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.risk.rules import WORDS

NOTHING = InstrumentRules(
    venue="binance",
    symbol="BTC/USDT:USDT",
    market=Market.PERP,
    venue_symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal(0),
    quantity_step=Decimal(0),
    quantity_min=Decimal(0),
    quantity_max=Decimal(0),
    notional_min=Decimal(0),
)


def only(filters: dict[str, str], market: Market = Market.PERP) -> InstrumentRules:
    """Return rules with these filters and no other."""
    values: dict[str, Any] = {name: Decimal(text) for name, text in filters.items()}
    return msgspec.structs.replace(NOTHING, market=market, **values)


@pytest.mark.row("B17")
@pytest.mark.parametrize(
    "name,limit,good,bad,code",
    [
        ("tick_size", "0.5", ("100.5", "1"), ("100.4", "1"), "off_tick_size"),
        ("price_min", "10", ("10", "1"), ("9.9", "1"), "below_price_min"),
        ("price_max", "10", ("10", "1"), ("10.1", "1"), "above_price_max"),
        ("quantity_step", "0.2", ("1", "0.4"), ("1", "0.3"), "off_quantity_step"),
        ("quantity_min", "0.2", ("1", "0.2"), ("1", "0.19"), "below_quantity_min"),
        ("quantity_max", "0.2", ("1", "0.2"), ("1", "0.21"), "above_quantity_max"),
        ("notional_min", "5", ("2.5", "2"), ("2.49", "2"), "below_notional_min"),
        ("notional_max", "5", ("2.5", "2"), ("2.51", "2"), "above_notional_max"),
    ],
)
def test_one_filter_alone(
    name: str, limit: str, good: tuple[str, str], bad: tuple[str, str], code: str
) -> None:
    """The filter bites at its own bound and only there; without it both orders pass."""
    rules = only({name: limit})
    assert rules.refusal(*map(Decimal, good)) == ""
    assert rules.refusal(*map(Decimal, bad)) == code
    assert code in WORDS
    assert NOTHING.refusal(*map(Decimal, bad)) == ""


@pytest.mark.parametrize("price,quantity", [("0", "1"), ("-1", "1"), ("1", "0"), ("1", "-1")])
def test_nothing_is_no_order_whatever_is_off(price: str, quantity: str) -> None:
    """A price or a quantity of nothing is refused without any filter."""
    assert NOTHING.refusal(Decimal(price), Decimal(quantity)) != ""


@given(
    st.decimals(min_value="0.00000001", max_value=10**6, places=8),
    st.decimals(min_value="0.00000001", max_value=10**6, places=8),
)
def test_filters_of_nothing_change_and_refuse_nothing(price: Decimal, quantity: Decimal) -> None:
    """0 disables each part of a filter (docs, PRICE_FILTER and LOT_SIZE): nothing is rounded, nothing raises."""
    for side in Side:
        assert NOTHING.fit_price(price, side) == price
        assert not NOTHING.outside_band(side, price, Decimal(1))
    assert NOTHING.fit_quantity(quantity) == quantity
    assert NOTHING.refusal(price, quantity) == ""


@pytest.mark.row("B16")
@pytest.mark.parametrize(
    "market,reduce_only,code",
    [
        (Market.PERP, False, "below_notional_min"),
        (
            Market.PERP,
            True,
            "",
        ),  # -4164: "must be no smaller than … (unless you choose reduce only)"
        (Market.SPOT, False, "below_notional_min"),
        (Market.SPOT, True, "below_notional_min"),  # spot knows no such flag
    ],
)
def test_what_only_reduces_may_be_small_where_the_venue_says_so(
    market: Market, reduce_only: bool, code: str
) -> None:
    """USDⓈ-M takes a reduce-only order below the least notional, and no other order, and spot none."""
    rules = only({"notional_min": "100"}, market)
    assert rules.refusal(Decimal(50), Decimal(1), reduce_only=reduce_only) == code


def test_what_only_reduces_keeps_every_other_filter() -> None:
    """The flag lifts the least notional and nothing else."""
    small = only({"quantity_min": "0.2", "notional_min": "100"})
    assert small.refusal(Decimal(1), Decimal("0.1"), reduce_only=True) == "below_quantity_min"


USDM = only({"price_band_up": "1.05", "price_band_down": "0.95"})
SPOT = only(
    {
        "price_band_up": "1.2",
        "price_band_buy_down": "0.2",
        "price_band_sell_up": "5",
        "price_band_down": "0.8",
    },
    Market.SPOT,
)


@pytest.mark.row("B17")
@pytest.mark.parametrize(
    "rules,side,price,outside",
    [
        (USDM, Side.BUY, "105", False),
        (USDM, Side.BUY, "105.1", True),
        (USDM, Side.BUY, "1", False),
        (USDM, Side.SELL, "95", False),
        (USDM, Side.SELL, "94.9", True),
        (USDM, Side.SELL, "900", False),
        (SPOT, Side.BUY, "120", False),
        (SPOT, Side.BUY, "120.1", True),
        (SPOT, Side.BUY, "20", False),
        (SPOT, Side.BUY, "19.9", True),
        (SPOT, Side.SELL, "500", False),
        (SPOT, Side.SELL, "500.1", True),
        (SPOT, Side.SELL, "80", False),
        (SPOT, Side.SELL, "79.9", True),
    ],
)
def test_the_price_band_is_that_of_the_side(
    rules: InstrumentRules, side: Side, price: str, outside: bool
) -> None:
    """USDⓈ-M bounds a buy above and a sell below; spot has four multipliers; the reference is 100."""
    assert rules.outside_band(side, Decimal(price), Decimal(100)) is outside
