"""The maker on a stage: two quotes around the microprice, moved against what it holds, none beyond its bound."""

from decimal import Decimal

import pytest
from maker import MAKER, SLOTS, MakerSettings

from opensqt.strategies.api import Purpose, SettingError, Side
from opensqt.strategies.rehearsal import Stage

BID, ASK = SLOTS[Side.BUY], SLOTS[Side.SELL]


def settings(**changes: object) -> MakerSettings:
    """Return a maker of 10 bps each side and two orders of inventory."""
    values: dict[str, object] = {
        "kind": "maker",
        "account": "main",
        "symbol": "BTC/USDT:USDT",
        "half_spread_bps": Decimal(10),
        "order_notional_quote": Decimal(1000),
        "inventory_notional_quote_max": Decimal(2000),
        **changes,
    }
    return MakerSettings(**values)  # type: ignore[arg-type]


def stage(**changes: object) -> Stage:
    """Return a maker that has seen its first price."""
    made = Stage(MAKER, settings(**changes))
    made.tick("49999.9", "50000.1")
    return made


def test_it_quotes_both_sides_of_the_microprice() -> None:
    """10 bps of 50,000 are 50; a heavy bid lifts both quotes."""
    made = stage()
    assert (made.orders[BID].price, made.orders[ASK].price) == (49_950, 50_050)
    made.tick("49990", "50010", sizes=("9", "1"))
    assert (made.orders[BID].price, made.orders[ASK].price) == (
        Decimal("49957.9"),
        Decimal("50058.1"),
    )
    assert made.last.note == "fair 50008.00, half spread 10.0 bps"


def test_a_price_that_hardly_moves_leaves_its_orders_alone() -> None:
    """Within the slack nothing is cancelled, beyond it both are placed anew."""
    made = stage()
    first = made.orders[BID]
    made.tick("50001.9", "50002.1")
    assert made.orders[BID] is first
    made.tick("50099.9", "50100.1")
    assert made.orders[BID].price > 50_040


def test_what_it_holds_moves_its_quotes_and_is_closed() -> None:
    """After a purchase both quotes are lower, and the ask takes no more than what is held."""
    made = stage()
    made.fill(BID)
    made.tick("49999.9", "50000.1")
    assert made.orders[ASK].purpose is Purpose.CLOSE
    assert made.orders[ASK].price < 50_050
    assert made.orders[BID].purpose is Purpose.OPEN
    made.fill(BID)
    made.tick("49999.9", "50000.1")
    assert BID not in made.orders


def test_old_prices_place_nothing() -> None:
    """After four seconds of silence no new order comes, and it says why."""
    made = stage()
    made.wait(4_000)
    assert made.last.reason == "market data stale"


def test_settings_that_cannot_quote_are_refused() -> None:
    """Spot cannot go short, and the inventory holds at least one order."""
    with pytest.raises(SettingError, match="perpetual"):
        settings(symbol="BTC/USDT").resolved(Decimal(2000))
    with pytest.raises(SettingError, match="at least order_notional_quote = 1000"):
        settings(inventory_notional_quote_max=Decimal(10)).resolved(Decimal(2000))
