"""What the gate counts against an order, and what it does not: sides, owners, equal prices and the position itself."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.grounds import StrategyLimits
from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, Purpose
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.risk.state import RiskState
from opensqt.risk.verdict import judge
from tests.unit.risk.risk_books import LIMITS, NOW_MS, SEAT, fill, intent, live, of, state

ROOMY = msgspec.structs.replace(LIMITS, open_orders_max=50)


def _said(books: RiskState, **changes: Any) -> tuple[str, bool, bool]:
    """Return reason, reduce-only flag and whether it is an exit of the verdict on an intent."""
    judgement = judge(books, intent(**changes), ROOMY, SEAT, NOW_MS)
    verdict = judgement.verdict
    reason = verdict.reason if isinstance(verdict, RiskRefused) else ""
    flag = isinstance(verdict, RiskApproved) and verdict.reduce_only
    return reason, flag, judgement.is_exit


@pytest.mark.row("E09", "K14")
@pytest.mark.parametrize(
    "held, closing, resting, others",
    [
        (Side.BUY, Side.SELL, "50100.0", "49800.0"),
        (Side.SELL, Side.BUY, "49900.0", "50200.0"),
    ],
)
def test_the_flag_counts_the_orders_of_its_own_side_only(
    held: Side, closing: Side, resting: str, others: str
) -> None:
    """Whatever rests on the other side makes the position larger: it takes nothing of what may be closed."""
    close = {"side": closing, "price": Decimal(resting), "purpose": Purpose.CLOSE}
    opposite = state(fill("a", held, "0.010"), live("b", held, others, "0.008"))
    assert _said(opposite, **close) == ("", True, True)
    same = state(
        fill("a", held, "0.010"),
        of(live("b", closing, resting, "0.008"), "carry"),
    )
    assert _said(same, **close) == ("", False, True), "together they would take more than is there"


@pytest.mark.row("E09", "K14")
def test_closes_of_other_strategies_take_nothing_of_ours() -> None:
    """Each strategy closes what its own fills made; what another takes off its own part is not ours to count."""
    books = state(
        fill("a", Side.BUY, "0.010"),
        fill("c", Side.BUY, "0.010", "carry"),
        of(live("d", Side.SELL, "50100.0", "0.010"), "carry"),
    )
    close = {"side": Side.SELL, "price": Decimal("50100.0"), "purpose": Purpose.CLOSE}
    assert _said(books, **close) == ("", True, True)
    books.fold(live("e", Side.SELL, "50100.0", "0.001", Purpose.CLOSE))
    assert _said(books, **close) == ("", False, False), "ours takes 0.001 off already"


@pytest.mark.row("E09", "K14")
@pytest.mark.parametrize("held", list(Side))
def test_a_position_can_be_left_while_an_opening_rests_on_the_same_side(held: Side) -> None:
    """The opening was judged as one and takes nothing off: the close is an exit, whatever is stale or reducing only."""
    side, price = held.opposite, str(Decimal(50_000) + held.sign * 300)
    books = state(fill("a", held, "0.010"), live("b", side, price))
    close = {"side": side, "price": Decimal(price), "purpose": Purpose.CLOSE}
    assert _said(books, **close) == ("", False, True)
    late_ms = NOW_MS + ROOMY.tick_age_ms_max + 1
    wish = intent(**close, valid_until_ms=late_ms)
    assert judge(books, wish, ROOMY, SEAT, late_ms).is_exit
    books.fold(live("c", side, price, purpose=Purpose.CLOSE))
    assert not _said(books, **close)[2], "it is left once"


@pytest.mark.row("E09", "K14")
def test_an_opening_is_no_exit_though_it_takes_from_a_position() -> None:
    """Else openings beside each other would each count as the one that leaves the position, without a limit."""
    books = state(fill("a", Side.BUY, "0.010"))
    assert _said(books, side=Side.SELL, price=Decimal("50100.0")) == ("", False, False)


@pytest.mark.row("E09", "K14")
def test_what_a_strategy_may_hold_counts_its_closes_and_openings_of_a_side() -> None:
    """Both may fill: 0.010 short, 0.010 to buy back and 0.010 to buy leave room for 0.020 more, not for 0.021."""
    limits = msgspec.structs.replace(ROOMY, inventory_notional_quote_max=Decimal(1500))
    books = state(
        fill("a", Side.SELL, "0.010"),
        live("b", Side.BUY, "49900.0", purpose=Purpose.CLOSE),
        live("c", Side.BUY, "49900.0"),
    )
    for quantity, refused in (("0.020", False), ("0.021", True)):
        wish = intent(price=Decimal("49950.0"), quantity=Decimal(quantity))
        verdict = judge(books, wish, limits, SEAT, NOW_MS).verdict
        assert isinstance(verdict, RiskRefused) is refused


@pytest.mark.row("E09", "K14")
@pytest.mark.parametrize(
    "side, ours, price, meets",
    [
        (Side.BUY, "49950.0", "49950.0", True),
        (Side.BUY, "49950.1", "49950.0", False),
        (Side.BUY, "49949.9", "49950.0", True),
        (Side.SELL, "50050.0", "50050.0", True),
        (Side.SELL, "50049.9", "50050.0", False),
        (Side.SELL, "50050.1", "50050.0", True),
    ],
)
def test_an_order_at_the_price_of_our_own_would_trade_with_it(
    side: Side, ours: str, price: str, *, meets: bool
) -> None:
    """Equal prices meet; one tick beside each other they do not."""
    books = state(live("a", side.opposite, ours))
    said = _said(books, side=side, price=Decimal(price))
    assert said[0] == ("self_trade" if meets else "")


@pytest.mark.row("E09", "K14")
def test_a_market_order_meets_whatever_rests_against_it() -> None:
    """It has no price at which it would stop before ours."""
    books = state(live("a", Side.SELL, "50400.0"))
    market = {"type": OrderType.MARKET, "price": Decimal(0)}
    assert _said(books, **market)[0] == "self_trade"
    assert _said(books, side=Side.SELL, **market)[0] == ""


@pytest.mark.row("E09", "K14")
@pytest.mark.parametrize("side", list(Side))
def test_the_worst_case_of_a_side_begins_at_the_position(side: Side) -> None:
    """Short and selling, or long and buying, adds up; against a position an order has that much more room."""
    price = Decimal(50_000) - side.sign * 50
    wish = {"side": side, "price": price, "quantity": Decimal("0.020"), "strategy": "carry"}
    assert _said(state(fill("a", side, "0.081")), **wish)[0] == "position_notional"
    assert _said(state(fill("a", side, "0.079")), **wish)[0] == ""
    full = live("b", side, str(price), "0.090")
    assert _said(state(full), **wish)[0] == "position_notional"
    assert _said(state(full, fill("a", side.opposite, "0.020")), **wish)[0] == ""


@pytest.mark.row("E09", "K14")
@pytest.mark.parametrize("held", list(Side))
@pytest.mark.parametrize(
    "limits",
    [
        msgspec.structs.replace(ROOMY, position_notional_quote_max=Decimal(1000)),
        msgspec.structs.replace(ROOMY, inventory_notional_quote_max=Decimal(1000)),
    ],
)
def test_what_is_held_makes_no_room_for_openings_against_it(
    held: Side, limits: StrategyLimits
) -> None:
    """A close is never refused for a limit, so the position may be gone before the openings fill.

    0.020 is the limit at 50,000: with 0.020 held, openings of 0.010 and 0.010 against it pass, one of 0.021 does not.
    """
    side, price = held.opposite, Decimal(50_000)
    books = state(fill("a", held, "0.020"))
    for quantity, resting, refused in (
        ("0.020", None, False),
        ("0.021", None, True),
        ("0.010", "0.010", False),
        ("0.011", "0.010", True),
    ):
        if resting is not None:
            books.fold(live("b", side, str(price), resting))
        wish = intent(side=side, price=price, quantity=Decimal(quantity))
        verdict = judge(books, wish, limits, SEAT, NOW_MS).verdict
        assert isinstance(verdict, RiskRefused) is refused, quantity
