"""A grid leans against what it holds: the side that would add to it opens farther from the last trade."""

from decimal import Decimal

import pytest

from opensqt.domain.intent import Purpose
from opensqt.strategies.grid.state import GridState
from tests.simulation.grid_rig import BUY, SELL, move, rig_of, setup_of, unstarted
from tests.simulation.strategy_facts import PERP, rules_of, snapshot_of
from tests.simulation.strategy_rig import Rig


def holding(quantity: str, *, contract: str = "0.001", **changes: object) -> Rig[GridState]:
    """Return a grid that took over a position at 50 000, with orders of one bitcoin and steps of 10."""
    told = {
        "anchor": "50000",
        "step_bps": Decimal(2),
        "order_notional_quote": Decimal(50_000),
        "adopt": True,
        "skew_bps_per_order": Decimal(10),
    }
    rig = unstarted(setup_of(**{**told, **changes}))
    rig.feed(rules_of(PERP, quantity_step=contract, quantity_min=contract))
    rig.start("grid")
    rig.tick(PERP, "50000")
    rig.feed(snapshot_of((PERP, quantity, "50000"), symbols=(PERP,)))
    rig.accept_all()
    return rig


def openings(rig: Rig[GridState], side: object) -> list[Decimal]:
    """Return the prices of the openings of a side, rising."""
    live = (p for p in rig.live() if p.purpose is Purpose.OPEN and p.side is side)
    return sorted(placed.price for placed in live)


@pytest.mark.row("B15")
@pytest.mark.parametrize("contract", ["0.001", "1"])
def test_the_buys_of_a_long_lie_lower(contract: str) -> None:
    """Ten orders held and 0.001 each: from 50 000 the buys begin below 49 500, however large a contract is."""
    rig = holding("10", contract=contract, skew_bps_max=Decimal(1_000))
    assert openings(rig, BUY) == [49_480, 49_490]
    assert min(openings(rig, SELL), default=Decimal(50_010)) >= 50_010


@pytest.mark.row("B15")
def test_the_sells_of_a_short_lie_higher() -> None:
    """The same above, for what is sold."""
    rig = holding("-10", skew_bps_max=Decimal(1_000))
    assert openings(rig, SELL) == [50_510, 50_520]


@pytest.mark.row("B15")
@pytest.mark.parametrize("held", ["10", "400"])
def test_the_skew_is_clamped(held: str) -> None:
    """However much is held, a price never moves by more than skew_bps_max, and never below zero."""
    rig = holding(held, skew_bps_max=Decimal(20), inventory_notional_quote_max=Decimal(10**12))
    assert openings(rig, BUY) == [49_880, 49_890]


@pytest.mark.row("B15")
def test_each_buy_moves_the_next_farther_away_and_the_price_alone_moves_none() -> None:
    """After a buy at 49 990 the next lies a skew below it; an order that the price comes near stays and is filled."""
    rig = rig_of(setup_of(skew_bps_per_order=Decimal(10), order_notional_quote=Decimal(45_000)))
    rig.accept_all()
    assert openings(rig, BUY) == [44_980, 44_990]
    rig.fill(rig.cid_at("44990"))
    rig.accept_all()
    assert openings(rig, BUY) == [44_930, 44_940]
    for price in ("44980", "44960", "44941"):
        move(rig, price)
        assert openings(rig, BUY)[-1] == 44_940
    rig.fill(rig.cid_at("44940"))
    rig.accept_all()
    assert openings(rig, BUY)[-1] <= 44_940 * (1 - Decimal("0.00199"))


def test_without_a_skew_the_inventory_moves_nothing() -> None:
    """The default."""
    rig = holding("10", skew_bps_per_order=Decimal(0))
    assert openings(rig, BUY) == [49_980, 49_990]
