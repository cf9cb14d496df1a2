"""Grids on geometric and listed ladders: what they open and close, and that the journal keeps the shape."""

from decimal import Decimal

import pytest

from opensqt.domain.intent import Purpose
from opensqt.strategies.grid.ladder_settings import LadderShape
from opensqt.strategies.prospect import MarketView
from opensqt.strategies.settings import SettingError
from tests.simulation.grid_rig import BUY, SELL, move, rig_of, setup_of, slot, unstarted
from tests.simulation.strategy_facts import PERP, d, rules_of, snapshot_of
from tests.simulation.strategy_rig import restarted

ALL = {"levels_below": 9, "levels_above": 9}
LISTED = tuple(Decimal(price) for price in (44_000, 44_900, 45_100, 45_500, 47_000))


def test_a_geometric_grid_opens_and_closes_a_share_apart() -> None:
    """One percent each; prices are fitted to the tick."""
    setup = setup_of(step_bps=Decimal(100), ladder=LadderShape.GEOMETRIC)
    rig = rig_of(setup)
    rig.accept_all()
    assert rig.resting(BUY) == [d("44113.3"), d("44554.4")]
    assert rig.resting(SELL) == [45_450, d("45904.5")]
    rig.fill(rig.cid_at("44113.3"))
    move(rig, "44113.3")
    (close,) = (placed for placed in rig.live() if placed.purpose is Purpose.CLOSE)
    assert close.price == d("44554.5")


def test_a_listed_grid_trades_its_prices_and_no_others() -> None:
    """The highest price opens no buy and the lowest no sell, wherever the market goes."""
    rig = rig_of(setup_of(ladder=LadderShape.CUSTOM, ladder_prices=LISTED, levels_below=9))
    rig.accept_all()
    assert rig.resting(BUY) == [44_000, 44_900]
    assert rig.resting(SELL) == [45_100, 45_500]
    move(rig, "44001")
    rig.fill(rig.cid_at("44000"))
    rig.accept_all()
    closes = [placed.price for placed in rig.live() if placed.purpose is Purpose.CLOSE]
    assert closes == [44_900]
    for price, side, ends in (("50000", BUY, 45_500), ("40000", SELL, 44_900)):
        far = rig_of(setup_of(ladder=LadderShape.CUSTOM, ladder_prices=LISTED, **ALL), price)
        far.accept_all()
        assert ends in far.resting(side)
        assert not {44_000, 47_000} & {*far.resting(side)} - {44_000 if side is BUY else 47_000}


@pytest.mark.row("B02")
def test_the_shape_is_kept_by_the_journal() -> None:
    """A later configuration moves no level: what was bought at a listed price is sold at the next listed one."""
    rig = rig_of(setup_of(ladder=LadderShape.CUSTOM, ladder_prices=LISTED))
    rig.accept_all()
    rig.fill(rig.cid_at("44900"))
    again = unstarted(setup_of())
    restarted(rig, again, "grid", 2, (rules_of(PERP),))
    again.tick(PERP, "45000")
    again.wait(6_000)
    again.tick(PERP, "45000")
    assert again.state.ladder == rig.state.ladder
    assert slot(again, 1).position.quantity == slot(rig, 1).position.quantity
    closes = {place.price for place in again.places() if place.purpose is Purpose.CLOSE}
    assert closes == {Decimal(45_100)}


@pytest.mark.row("B19")
def test_a_position_from_before_is_adopted_around_the_price() -> None:
    """On listed prices, too, its slots lie next to the market and not at the end of the list."""
    rig = unstarted(setup_of(ladder=LadderShape.CUSTOM, ladder_prices=LISTED, adopt=True))
    rig.feed(rules_of(PERP))
    rig.start("grid")
    rig.tick(PERP, "44950")
    rig.feed(snapshot_of((PERP, "0.010", "44000"), symbols=(PERP,)))
    rig.accept_all()
    closes = [placed.price for placed in rig.live() if placed.purpose is Purpose.CLOSE]
    assert closes == [45_500]


@pytest.mark.parametrize("second", ["45000.01", "45010"])
def test_listed_prices_that_do_not_pay_their_fees_are_found(second: str) -> None:
    """Two prices within a tick, or closer than the fees of a round trip."""
    prices = (Decimal(45_000), d(second), Decimal(47_000))
    settings = setup_of(ladder=LadderShape.CUSTOM, ladder_prices=prices).settings
    market = MarketView(rules={PERP: rules_of(PERP)}, mids={PERP: Decimal(44_000)})
    (found,) = settings.prospect(market).findings
    assert found.startswith("ladder_prices: two of them lie")
    assert "a round trip costs 4.01 bps" in found


@pytest.mark.parametrize(
    "shape, prices",
    [
        (LadderShape.CUSTOM, ()),
        (LadderShape.CUSTOM, LISTED[:2]),
        (LadderShape.CUSTOM, LISTED[::-1]),
        (LadderShape.ARITHMETIC, LISTED),
    ],
)
def test_lists_that_are_no_ladder_are_refused(
    shape: LadderShape, prices: tuple[Decimal, ...]
) -> None:
    """Too few prices, falling ones, or prices that nobody asked for."""
    settings = setup_of(ladder=shape, ladder_prices=prices).settings
    with pytest.raises(SettingError, match="ladder_prices"):
        settings.resolved(Decimal(2000))
