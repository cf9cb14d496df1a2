"""What a carry writes, asks and waits when nothing works: bounds on events, tries and time, by refusal."""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import CancelIntent, PlaceIntent, Purpose
from opensqt.domain.strategy_events import SagaStep
from tests.simulation.carry_rig import CarryRig, carry_setup, entered
from tests.simulation.strategy_facts import PERP, SPOT, d, rules_of

MINUTE_MS = 60_000
SELL = Side.SELL


def risk_refuses(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let risk say no."""
    rig.refuse(intent)


def venue_rejects(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let the venue say -2010."""
    rig.feed(rig.rejected(rig.submit(intent), "Account has insufficient balance"))


def nothing_trades(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let the order end without a trade."""
    cid = rig.accept(intent)
    rig.feed(rig.expired(cid))


ANSWERS = [risk_refuses, venue_rejects, nothing_trades]
Answer = Callable[[CarryRig, PlaceIntent], None]


def answered(rig: CarryRig, answer: Answer, span_ms: int) -> list[int]:
    """Let every place be answered in this way for some time; return when each was asked."""
    asked: list[int] = []
    for _ in range(0, span_ms, 100):
        for intent in rig.places():
            asked.append(rig.now_ms)
            answer(rig, intent)
        rig.wait(100)
    return asked


@pytest.mark.row("F04")
def test_a_clip_below_the_minimum_writes_nothing_and_names_the_sizes() -> None:
    """50 quote units of BTC at 45 000 are 0.00111: below what the perpetual trades; no saga begins."""
    rig = CarryRig(carry_setup(order_notional_quote=Decimal(50)), notional_min="100")
    rig.wait(MINUTE_MS)
    assert not rig.sent
    assert rig.steps() == []
    assert rig.last.reason == (
        "a clip of 50 quote is too small: BTC/USDT:USDT order notional 44.955 USDT is below the venue's minimum of 100"
    )


@pytest.mark.row("F04")
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_entry_that_fails_for_ever_writes_less_than_it_asks(answer: Answer) -> None:
    """In an hour: tries back off to one a minute, and there are at most two steps of the saga for each."""
    rig = CarryRig()
    asked = answered(rig, answer, 60 * MINUTE_MS)
    assert 10 <= len(asked) <= 80
    assert len(rig.steps()) <= 2 * len(asked)
    waits = [late - early for early, late in pairwise(asked)]
    assert waits[-1] >= rig.state.setup.timing.retry_wait_ms_max
    assert "in a row traded nothing" in rig.last.reason


@pytest.mark.row("F04")
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_entry_that_trades_nothing_eight_times_ends_its_saga(answer: Answer) -> None:
    """Eight orders, then the trade of two legs is over, and its end stands in the journal; the next is another one."""
    rig = CarryRig()
    asked = 0
    while "flat" not in rig.steps():
        asked += len(answered(rig, answer, 100))
        assert asked <= 8
    assert (asked, rig.steps()) == (8, ["entering", "flat"])
    while len(rig.steps()) < 3:
        rig.wait(100)
    begun = [one.saga_id for one in rig.history if isinstance(one, SagaStep)]
    assert begun[0] == begun[1] != begun[2]


@pytest.mark.row("F04")
@pytest.mark.parametrize("answer", ANSWERS)
def test_an_exit_that_fails_for_ever_is_escalated_once_and_still_tried(answer: Answer) -> None:
    """The spot cannot be sold: a person is called once, after eight tries; they go on ever less often."""
    rig = CarryRig()
    entered(rig)
    written = len(rig.steps())
    rig.fund("0.000004")
    asked = answered(rig, answer, 10 * MINUTE_MS)
    assert rig.steps()[written:] == ["exiting", "escalated"]
    assert 20 <= len(asked) <= 60
    assert asked[8] - asked[0] <= MINUTE_MS / 2
    assert rig.last.reason.startswith("escalated: ")
    while not rig.places():
        rig.wait(100)
    while rig.places():
        rig.take()
    assert rig.state.books.spot.quantity == rig.state.books.perp.quantity == 0
    assert rig.steps()[-1] == "flat"


@pytest.mark.row("F04")
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_naked_leg_has_its_times_and_is_tried_for_ever(answer: Answer) -> None:
    """Hedging lasts one leg timeout, unwinding four more; then a person is called, once, and tries back off."""
    rig = CarryRig()
    rig.take()
    began_ms, timeout_ms = rig.now_ms, rig.state.leg_timeout_ms
    seen: dict[str, int] = {}
    asked: list[int] = []
    for _ in range(0, 10 * MINUTE_MS, 100):
        for intent in rig.places():
            asked.append(rig.now_ms)
            answer(rig, intent)
        seen.setdefault(rig.state.books.step, rig.now_ms - began_ms)
        rig.wait(100)
    assert rig.steps() == ["entering", "hedging", "compensating", "escalated"]
    assert timeout_ms < seen["compensating"] <= timeout_ms + 200
    assert 5 * timeout_ms < seen["escalated"] <= 5 * timeout_ms + 300
    assert 20 <= len(asked) <= 70
    assert rig.last.reason.startswith("escalated: ")


@pytest.mark.row("F04")
@pytest.mark.parametrize("works", [PERP, SPOT])
def test_what_can_neither_be_hedged_nor_unwound_calls_for_a_person(works: str) -> None:
    """Escalated once, with the residue in every reason; released, hedge and unwinding take turns until either works."""
    rig = CarryRig()
    rig.take()
    asked: list[tuple[int, str]] = []
    while len(asked) < 60:
        if len(asked) == 40:
            assert {symbol for _, symbol in asked[-10:]} == {SPOT}
            rig.resume()
        for intent in rig.places():
            asked.append((rig.now_ms, intent.symbol))
            rig.refuse(intent)
        rig.wait(100)
        if rig.state.books.step == "escalated":
            assert rig.last.reason == "escalated: 0.01002 uncovered, about 450.9 quote"
    assert rig.steps() == ["entering", "hedging", "compensating", "escalated"]
    last = asked[-10:]
    assert [symbol for _, symbol in last] == [last[0][1], last[1][1]] * 5
    assert {symbol for _, symbol in last} == {PERP, SPOT}
    longest_ms = rig.state.setup.timing.retry_wait_ms_max // 4
    assert all(0 < after - at <= longest_ms + 100 for (at, _), (after, _) in pairwise(last))
    while not [one for one in rig.places() if one.symbol == works]:
        for intent in rig.places():
            rig.refuse(intent)
        rig.wait(100)
    mended = rig.take()
    books = rig.state.books
    if works == PERP:
        assert (mended.side, mended.quantity, mended.purpose) == (SELL, d("0.010"), Purpose.OPEN)
        assert (books.spot.quantity, books.perp.quantity) == (d("0.01002"), d("-0.010"))
        # Hedged, it goes on as if nothing had been: funding still pays.
        assert rig.steps()[4:] == ["neutral", "entering"]
    else:
        assert (mended.side, mended.quantity, mended.purpose) == (SELL, d("0.01002"), Purpose.CLOSE)
        assert books.spot.quantity == books.perp.quantity == 0
        assert rig.steps()[4:] == ["flat"]
        assert rig.last.reason.startswith("one entry in each funding interval: the next in ")


@pytest.mark.row("F04")
def test_entries_that_are_unwound_again_and_again_become_rare() -> None:
    """No hedge ever trades: each round loses its fees. Funding is paid every minute; pauses of 1, 2, 4 ... minutes."""
    rig = CarryRig()
    bought: list[int] = []
    for at_ms in range(0, 29 * MINUTE_MS, 100):
        if at_ms % MINUTE_MS == 0:
            rig.fund("0.0003")
        for intent in rig.places():
            if intent.symbol == SPOT and intent.side is Side.BUY:
                bought.append(rig.now_ms)
            if intent.symbol == SPOT:
                rig.take()
            else:
                rig.refuse(intent)
        rig.wait(100)
    waits = [late - early for early, late in pairwise(bought)]
    assert len(bought) == 5
    assert all(
        MINUTE_MS << number <= wait <= (MINUTE_MS << number) + 70_000
        for number, wait in enumerate(waits)
    )
    assert rig.last.reason == "resting: entries unwound in a row: 5"
    assert rig.state.books.spot.quantity == rig.state.books.perp.quantity == 0


@pytest.mark.row("F04")
def test_an_order_that_should_have_ended_is_cancelled_after_the_leg_timeout() -> None:
    """An IOC that rests at the venue is called back once its time and one leg timeout are over, not before."""
    rig = CarryRig()
    intent = rig.next()
    rig.accept(intent)
    due_ms = intent.valid_until_ms + rig.state.leg_timeout_ms
    rig.wait(due_ms - rig.now_ms)
    assert not [one for one in rig.sent if isinstance(one, CancelIntent)]
    rig.wait(100)
    (cancel,) = [one for one in rig.sent if isinstance(one, CancelIntent)]
    assert (cancel.target_intent_id, cancel.reason) == (intent.intent_id, "leg timeout")
    rig.cancel(cancel)
    assert not rig.live()


def test_a_price_on_the_edge_of_the_minimum_writes_no_step_for_every_tick() -> None:
    """What can be sold at one price and not at the next changes the step a few times, then at most once a minute."""
    rig = CarryRig()
    entered(rig)
    rig.fund("0.00002")
    rig.feed(rules_of(SPOT, taker_fee="0.001", quantity_step="0.00001", notional_min="900"))
    written, asked, began_ms = len(rig.steps()), len(rig.sent), rig.now_ms
    for number in range(3_000):
        rig.prices("45000" if number % 2 else "44900")
    minutes = (rig.now_ms - began_ms) // MINUTE_MS
    assert len(rig.sent) == asked
    assert 4 <= len(rig.steps()) - written <= 10 + minutes


@pytest.mark.row("F01")
def test_a_new_interval_of_the_same_rate_changes_the_decision() -> None:
    """0.00002 pays 2.2 % a year every eight hours, 4.4 % every four, 17.5 % every hour; 0.9 % is left."""
    rig = CarryRig(rate="0.00002")
    assert rig.last.reason == "carry 2.2 % a year below 10.0 %"
    rig.fund("0.00002", 4)
    assert rig.last.reason == "carry 4.4 % a year below 10.0 %"
    rig.fund("0.00002", 1)
    assert [one.symbol for one in rig.places()] == [SPOT]
    entered(rig)
    rig.fund("0.000008", 1)
    assert rig.steps()[-1] == "neutral"
    rig.fund("0.000008", 8)
    assert rig.steps()[-1] == "exiting"
    assert rig.next().side is SELL
