"""A grid that wants orders and gets none does not say that it trades: since when, why, and until when."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.intent import CancelIntent, PlaceIntent, Purpose
from opensqt.domain.market import Time
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.tracked_intent import RetryPolicy
from tests.simulation.grid_rig import long_of, move, rig_of, setup_of
from tests.simulation.strategy_facts import PERP, SPOT, d, rules_of
from tests.simulation.strategy_rig import Rig

IDLE_MS = RetryPolicy().idle_after_ms
BROKE = "Account has insufficient balance for requested action."
Answer = Callable[[Rig[GridState], PlaceIntent], None]


def refuse(rig: Rig[GridState], intent: PlaceIntent) -> None:
    """The venue refuses for want of money."""
    rig.feed(rig.rejected(rig.submit(intent), BROKE))


def judge(rig: Rig[GridState], intent: PlaceIntent) -> None:
    """Risk refuses: too far away."""
    rig.refuse(intent, "price_collar", f"{intent.price:f} is beyond 1 bps of 45000")


def accept(rig: Rig[GridState], intent: PlaceIntent) -> None:
    """All is well."""
    rig.accept(intent)


def ignore(rig: Rig[GridState], intent: PlaceIntent) -> None:
    """Nobody says anything."""
    rig.waiting.pop(intent.intent_id)


def trade(rig: Rig[GridState], intent: PlaceIntent) -> None:
    """It is filled before anybody saw it rest."""
    rig.fill(rig.submit(intent))


def run(rig: Rig[GridState], span_ms: int, opening: Answer, closing: Answer = accept) -> str:
    """Let time pass, answering openings and closings so; return the reason at the end."""
    for _ in range(0, span_ms, 100):
        for intent in list(rig.waiting.values()):
            if isinstance(intent, CancelIntent):
                rig.cancel(intent)
            else:
                (opening if intent.purpose is Purpose.OPEN else closing)(rig, intent)
        rig.wait(100)
    return rig.last.reason


@pytest.mark.row("K03", "B16")
def test_orders_below_the_minimum_are_named_with_both_figures() -> None:
    """After the time, and not before it, the grid says what it asked for and what the venue's least is."""
    rig = rig_of(setup_of(order_notional_quote=Decimal(60)), notional_min="100")
    assert run(rig, IDLE_MS - 100, accept) == ""
    assert run(rig, 100, accept) == (
        "no order can be placed: order notional 44.99 USDT is below the venue's minimum of 100"
    )
    rig.feed(rules_of(PERP, notional_min="5"))
    assert run(rig, 100, accept) == ""


@pytest.mark.row("K03")
def test_a_notional_below_one_step_is_named_by_its_quantity() -> None:
    """Three of the quote are no step of the base: the quantity is what is wrong."""
    rig = rig_of(setup_of(order_notional_quote=Decimal(3)))
    assert run(rig, IDLE_MS, accept) == (
        "no order can be placed: order quantity 0 BTC is below the venue's minimum of 0.001"
    )


@pytest.mark.row("K03")
def test_levels_outside_the_band_of_the_venue_are_named() -> None:
    """A band narrower than the step leaves no level."""
    rig = rig_of(setup_of(), price_band_buy_down="0.9999", price_band_sell_up="1.0001")
    assert run(rig, IDLE_MS, accept) == "no order can be placed: outside the price band"


@pytest.mark.row("K03")
@pytest.mark.parametrize(
    "answer, why",
    [
        (refuse, f"the venue refuses: {BROKE}"),
        (judge, "risk refuses: price_collar: 44990.0 is beyond 1 bps of 45000"),
        (ignore, "risk has not answered"),
    ],
)
def test_who_refuses_is_named_in_his_words(answer: Answer, why: str) -> None:
    """Whoever stands in the way for so long, and it ends with the first order that rests."""
    rig = rig_of(setup_of())
    assert run(rig, IDLE_MS - 100, answer) == ""
    assert run(rig, 100, answer) == f"no order can be placed: {why}"
    assert run(rig, 60_000, answer) == f"no order can be placed: {why}"
    assert run(rig, 70_000, accept) == ""


@pytest.mark.row("K03")
def test_a_grid_that_only_closes_says_why_nothing_can_be_opened() -> None:
    """One close rests, and the money for all openings is gone."""
    rig = rig_of(long_of())
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    run(rig, 1_000, refuse)
    move(rig, "45005")
    for order in rig.live():
        if order.purpose is Purpose.OPEN:
            rig.feed(rig.canceled(order.ref.client_order_id))
    reason = run(rig, IDLE_MS + 1_000, refuse)
    assert reason == f"nothing can be opened: the venue refuses: {BROKE}"
    assert [order.purpose for order in rig.live()] == [Purpose.CLOSE]


@pytest.mark.row("K03")
def test_a_grid_that_only_opens_says_why_nothing_can_be_closed() -> None:
    """What it bought cannot be sold, for two days; that openings rest hides nothing."""
    rig = rig_of(long_of())
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    reason = run(rig, IDLE_MS + 1_000, accept, refuse)
    assert reason == f"nothing can be closed: the venue refuses: {BROKE}"
    assert {order.purpose for order in rig.live()} == {Purpose.OPEN}
    assert run(rig, 70_000, accept) == ""


@pytest.mark.row("K03")
def test_orders_that_fill_at_once_are_trade_though_none_ever_rests() -> None:
    """What trades is no standstill; and openings that trade do not hide that nothing can be closed."""
    rig = rig_of(long_of(levels_below=1))
    assert run(rig, 3 * IDLE_MS, trade, trade) == ""
    assert not rig.live()
    for number in range(10):
        rig.tick(SPOT, str(45_000 - 10 * number))
        run(rig, 1_000, trade, refuse)
    assert rig.last.reason == f"nothing can be closed: the venue refuses: {BROKE}"


@pytest.mark.row("K03")
def test_a_full_inventory_with_a_close_at_work_is_trading() -> None:
    """A bound that the owner set keeps openings away: nobody is to be woken for it."""
    rig = rig_of(long_of(inventory_notional_quote_max=Decimal(460), levels_below=1))
    rig.accept_all()
    rig.fill(rig.cid_at("44990"))
    move(rig, "44985")
    assert run(rig, 10 * IDLE_MS, accept) == ""
    assert {order.purpose for order in rig.live()} == {Purpose.CLOSE}
    assert {gap.why for gap in rig.last.gaps} == {"inventory at its limit"}


@pytest.mark.row("K03")
def test_a_kill_has_the_word_and_the_time_begins_again_after_it() -> None:
    """While it is killed nothing is missed; after the release the orders have their time to come."""
    rig = rig_of(setup_of())
    run(rig, 1_000, accept)
    rig.feed(KillLatched(scope="desk", reason="test", actor="me", time_ms=rig.now_ms))
    assert run(rig, 3 * IDLE_MS, accept) == "kill latched"
    rig.feed(KillReleased(scope="desk", reason="", actor="me", time_ms=rig.now_ms))
    assert run(rig, IDLE_MS - 100, ignore) == ""
    assert run(rig, 100, ignore) == "no order can be placed: risk has not answered"


@pytest.mark.row("K03")
def test_prices_that_come_and_go_hide_nothing() -> None:
    """A tick every five seconds is stale after three: between them the grid does not say that it trades."""
    setup = long_of(tick_age_ms_max=3_000, order_notional_quote=Decimal(3))
    rig = rig_of(setup)
    for _ in range(4):
        rig.wait(4_900)
        rig.tick(SPOT, "45000")
    assert rig.last.reason.startswith("no order can be placed: order quantity 0 BTC")


def test_a_pause_of_the_process_itself_is_no_reason() -> None:
    """Orders that rested all the time rest after it, too."""
    rig = rig_of(setup_of())
    rig.accept_all()
    rig.now_ms += 600_000
    rig.feed(Time(time_ms=rig.now_ms))
    assert rig.last.reason == ""


@pytest.mark.row("K03")
@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(-40, 40), st.sampled_from((accept, refuse, judge, ignore))),
        max_size=8,
    ),
    neutral=st.booleans(),
)
def test_who_has_nothing_at_the_venue_for_long_is_not_trading(
    steps: list[tuple[int, Answer]], neutral: bool
) -> None:
    """Whatever came before: refused for so long is idle with a reason, and as soon as all is accepted it trades."""
    setup = (setup_of if neutral else long_of)()
    rig = rig_of(setup)
    for price, answer in steps:
        rig.tick(setup.settings.symbol, str(45_000 + price))
        run(rig, 1_500, answer, answer)
        if orders := rig.live():
            rig.fill(orders[0].ref.client_order_id)
    for order in rig.live():
        rig.feed(rig.canceled(order.ref.client_order_id))
    assert run(rig, IDLE_MS + 200, refuse, refuse).startswith("no order can be placed: ")
    assert not rig.live()
    assert run(rig, 70_000, accept) == ""
    assert rig.live()
    assert d("0") not in {order.quantity for order in rig.live()}
