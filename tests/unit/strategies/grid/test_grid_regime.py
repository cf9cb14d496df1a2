"""What closed candles do to openings: their size, their side, whether there are any. What is held is closed anyway."""

from decimal import Decimal

import pytest

from opensqt.domain.intent import Purpose
from opensqt.strategies.grid.state import GridState
from tests.simulation.grid_rig import BUY, SELL, rig_of, setup_of
from tests.simulation.strategy_facts import candle_of, d
from tests.simulation.strategy_rig import Rig


def trend(rig: Rig[GridState], change: str, *, first: str = "45000", minutes: int = 20) -> None:
    """Let minutes close, each this much above the one before."""
    for minute in range(minutes):
        rig.feed(candle_of(minute, close=str(d(first) + minute * d(change))))


@pytest.mark.row("I05")
@pytest.mark.parametrize(
    "change, held, opens", [("10", SELL, BUY), ("-10", BUY, SELL), ("0", None, None)]
)
def test_a_trend_keeps_new_orders_of_one_side_away(
    change: str, held: object, opens: object
) -> None:
    """RSI above 70: no new sells; below 30: no new buys; in between both."""
    rig = rig_of(setup_of(regime_filter=True, candles=14))
    rig.waiting.clear()
    rig.wait(10_000)  # what was said before the candles has lapsed
    trend(rig, change)
    rig.waiting.clear()
    rig.wait(10_000)
    sides = {place.side for place in rig.places()}
    assert sides == ({BUY, SELL} if held is None else {opens})
    whys = {gap.why for gap in rig.last.gaps if gap.bound}
    words = {SELL: "overbought: no new sells", BUY: "oversold: no new buys"}
    assert whys == (set() if held is None else {words[held]})  # type: ignore[index]


@pytest.mark.row("I05")
def test_what_rests_stays_and_what_is_held_is_closed() -> None:
    """An overbought market takes no resting sell back, and a long is sold in it."""
    rig = rig_of(setup_of(regime_filter=True))
    rig.accept_all()
    trend(rig, "10")
    rig.accept_all()
    assert rig.resting(SELL) == [45_010, 45_020]
    rig.fill(rig.cid_at("44990"))
    rig.accept_all()
    closes = [p.price for p in rig.live() if p.purpose is Purpose.CLOSE]
    assert closes == [45_000]


@pytest.mark.row("I05")
def test_a_thin_market_has_no_openings() -> None:
    """Ten base units a minute at 45 000 are too few: openings go, closings stay, and they come back with the trade."""
    rig = rig_of(setup_of(thin_turnover_quote=Decimal(500_000), candles=2))
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    rig.accept_all()
    trend(rig, "0", minutes=3)
    rig.accept_all()
    assert [p.purpose for p in rig.live()] == [Purpose.CLOSE]
    assert {gap.why for gap in rig.last.gaps} == {"thin market"}
    trend(rig, "0", first="60000", minutes=9)
    rig.accept_all()
    assert len(rig.live()) == 4


@pytest.mark.row("I05")
def test_a_wild_market_is_stepped_wider() -> None:
    """Returns of 1 % a minute: the interval is one and a half of it, in whole steps; a calm one is left alone."""
    told = {"high_volatility_bps": Decimal(50), "candles": 2}
    wild, calm = rig_of(setup_of(**told)), rig_of(setup_of(**told))
    trend(wild, "450", minutes=3)
    trend(calm, "10", minutes=3)
    wild.accept_all()
    calm.accept_all()
    assert wild.resting(BUY) == [44_960, 44_980]
    assert calm.resting(BUY) == [44_980, 44_990]


@pytest.mark.row("I04")
@pytest.mark.parametrize(
    "change, share", [("0", "1"), ("45", "0.95"), ("22500", "0.1")], ids=("calm", "lively", "wild")
)
def test_orders_are_smaller_the_wilder_the_market(change: str, share: str) -> None:
    """max(0.1, 1 - 50 * volatility) of the order: 0.1 % a minute leaves 95 %, a tenth is always left."""
    told = {"quantity_volatility_scale": Decimal(50), "candles": 2}
    rig = rig_of(setup_of(order_notional_quote=Decimal(45_000), **told))
    rig.waiting.clear()
    rig.wait(10_000)
    rig.feed(candle_of(0, close="45000"), candle_of(1, close="45000"))
    root_two = Decimal(2).sqrt()  # one of two returns is zero
    rig.feed(candle_of(2, close=str(45_000 + d(change) * root_two)))
    rig.waiting.clear()
    rig.wait(10_000)
    (nearest,) = (place for place in rig.places() if place.price == 44_990)
    full = Decimal(45_000) / 44_990
    assert abs(nearest.quantity - full * d(share)) <= d("0.001")
