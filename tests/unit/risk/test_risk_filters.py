"""The gate and the venue's own filters: what the venue takes is not refused here, what it caps never leaves."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import Purpose, TimeInForce
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.risk.state import RiskState
from opensqt.risk.verdict import Judgement, judge
from tests.unit.risk.risk_books import LIMITS, NOW_MS, SEAT, fill, intent, live, rules, state

WIDE = msgspec.structs.replace(
    LIMITS, open_orders_max=1000, position_notional_quote_max=Decimal(10**6)
)
SMALL = Decimal("0.001")  # 50 USDT, the least notional is 100


def books(changed: InstrumentRules, *messages: Any) -> RiskState:
    """Return books under changed rules."""
    found = state(*messages)
    found.fold(changed)
    return found


def verdict(judgement: Judgement) -> RiskApproved | RiskRefused:
    """Return the verdict."""
    assert isinstance(judgement.verdict, RiskApproved | RiskRefused)
    return judgement.verdict


@pytest.mark.row("B16")
def test_a_close_below_the_least_notional_is_approved_with_the_flag() -> None:
    """What the venue lets only reduce has no least notional there, so it has none here."""
    held = state(fill("a", Side.BUY, "0.001"))
    close = intent(side=Side.SELL, quantity=SMALL, price=Decimal(50050), purpose=Purpose.CLOSE)
    found = verdict(judge(held, close, LIMITS, SEAT, NOW_MS))
    assert isinstance(found, RiskApproved)
    assert found.reduce_only


@pytest.mark.row("B16")
@pytest.mark.parametrize("market", [Market.SPOT, Market.PERP])
def test_what_cannot_carry_the_flag_keeps_the_least_notional(market: Market) -> None:
    """Spot has no flag, and a close that another strategy's short nets cannot carry it: both are refused by name."""
    net = (fill("a", Side.BUY, "0.001"), fill("b", Side.SELL, "0.001", "other"))
    held = books(
        msgspec.structs.replace(rules(), market=market),
        *(net if market is Market.PERP else net[:1]),
    )
    close = intent(side=Side.SELL, quantity=SMALL, price=Decimal(50050), purpose=Purpose.CLOSE)
    found = verdict(judge(held, close, LIMITS, SEAT, NOW_MS))
    assert isinstance(found, RiskRefused)
    assert found.reason == "below_notional_min"


def crowded(count: int, orders_max: int = 20) -> RiskState:
    """Return books with a long position, so many resting orders, and the venue's cap on them."""
    resting = [live(f"o{number}", Side.BUY, "49900", "0.002") for number in range(count)]
    held = fill("a", Side.BUY, "0.010")
    return books(msgspec.structs.replace(rules(), orders_max=orders_max), held, *resting)


@pytest.mark.row("E09")
def test_openings_leave_places_for_exits_under_the_venues_own_cap() -> None:
    """Of 20 orders that the venue allows in a symbol openings may have 18; an exit may have the last."""
    opening = intent(quantity=Decimal("0.003"))
    close = intent(side=Side.SELL, price=Decimal(50050), purpose=Purpose.CLOSE)
    assert isinstance(verdict(judge(crowded(17), opening, WIDE, SEAT, NOW_MS)), RiskApproved)
    refused = verdict(judge(crowded(18), opening, WIDE, SEAT, NOW_MS))
    assert isinstance(refused, RiskRefused)
    assert refused.reason == "venue_open_orders"
    assert "the venue allows 20" in refused.detail
    assert isinstance(verdict(judge(crowded(19), close, WIDE, SEAT, NOW_MS)), RiskApproved)
    full = verdict(judge(crowded(20), close, WIDE, SEAT, NOW_MS))
    assert isinstance(full, RiskRefused)
    assert full.reason == "venue_open_orders"


@pytest.mark.row("E09")
def test_an_exit_that_does_not_rest_takes_no_place() -> None:
    """The cap counts open orders: what trades at once or ends is never kept from leaving by it."""
    close = intent(
        side=Side.SELL,
        price=Decimal(49990),
        purpose=Purpose.CLOSE,
        time_in_force=TimeInForce.IOC,
    )
    assert isinstance(verdict(judge(crowded(25), close, WIDE, SEAT, NOW_MS)), RiskApproved)


@pytest.mark.row("E09")
@pytest.mark.parametrize("market,code", [(Market.SPOT, "venue_position"), (Market.PERP, "")])
def test_a_cap_on_what_spot_may_hold_counts_open_buys(market: Market, code: str) -> None:
    """MAX_POSITION is a spot filter: what is held, what rests and the new buy together, sells never."""
    capped = msgspec.structs.replace(rules(), market=market, position_max=Decimal("0.03"))
    held = books(capped, fill("a", Side.BUY, "0.011"), live("b", Side.BUY, "49900", "0.010"))
    found = verdict(judge(held, intent(), WIDE, SEAT, NOW_MS))
    assert (found.reason if isinstance(found, RiskRefused) else "") == code
    selling = intent(side=Side.SELL, price=Decimal(50050), purpose=Purpose.CLOSE)
    assert isinstance(verdict(judge(held, selling, WIDE, SEAT, NOW_MS)), RiskApproved)
