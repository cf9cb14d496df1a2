"""Entries that are sold back: beside a position or without one they pause alike, and nothing else is taken for one."""

from decimal import Decimal
from itertools import pairwise

import pytest

from opensqt.domain.instruments import Side
from tests.simulation.carry_rig import CarryRig, carry_setup
from tests.simulation.strategy_facts import PERP, SPOT, d

MINUTE_MS = 60_000
ONE_CLIP = Decimal(460)  # the most a carry of one clip may hold


def unhedged(rig: CarryRig, span_ms: int) -> list[int]:
    """Let spot trade and risk refuse the perpetual for some time; return when spot was bought."""
    bought: list[int] = []
    for _ in range(0, span_ms, 100):
        for intent in rig.places():
            if intent.symbol != SPOT:
                rig.refuse(intent)
                continue
            if intent.side is Side.BUY:
                bought.append(rig.now_ms)
            rig.take()
        rig.wait(100)
    return bought


def beside_one_clip() -> CarryRig:
    """Return a carry that holds one hedged clip and may enter another."""
    rig = CarryRig()
    rig.take()
    rig.take()
    assert (rig.state.books.spot.quantity, rig.state.books.perp.quantity) == (
        d("0.01002"),
        d("-0.010"),
    )
    return rig


def sold_back_twice() -> CarryRig:
    """Return a carry beside one clip whose next two entries were bought and sold back."""
    rig = beside_one_clip()
    assert len(unhedged(rig, 80_000)) == 2
    assert (rig.steps()[-1], rig.state.books.attempts.unwound) == ("neutral", 2)
    return rig


@pytest.mark.row("F04")
def test_entries_unwound_beside_a_position_become_rare_too() -> None:
    """One clip is held, no further hedge ever trades: 1, 2, 4 ... minutes between, and the clip stays covered."""
    rig = beside_one_clip()
    bought = unhedged(rig, 15 * MINUTE_MS)
    waits = [late - early for early, late in pairwise(bought)]
    assert len(bought) == 4
    assert all(
        MINUTE_MS << number <= wait <= (MINUTE_MS << number) + 10_000
        for number, wait in enumerate(waits)
    )
    assert rig.steps()[-1] == "neutral"
    assert rig.last.reason == "resting: entries unwound in a row: 4"
    assert rig.state.books.perp.quantity == d("-0.010")
    assert 0 <= rig.state.books.imbalance < d("0.001")


@pytest.mark.row("F04")
def test_an_entry_unwound_in_part_pauses_as_well() -> None:
    """Half of the hedge trades, the other half of the spot is sold back: that lost fees too."""
    rig = CarryRig()
    rig.take()
    rig.take("0.005")
    unhedged(rig, 5_000)
    assert rig.steps()[-1] == "neutral"
    assert rig.state.books.perp.quantity == d("-0.005")
    assert not rig.places()
    assert rig.last.reason == "resting: entries unwound in a row: 1"


@pytest.mark.row("F02", "F04")
def test_no_exit_waits_for_the_pause_of_entries() -> None:
    """Funding turns while two unwound entries pause the next: the spot is sold at once."""
    rig = sold_back_twice()
    rig.fund("0.000004")
    assert rig.steps()[-1] == "exiting"
    assert [(one.symbol, one.side) for one in rig.places()] == [(SPOT, Side.SELL)]


@pytest.mark.row("F04")
def test_what_comes_between_does_not_end_the_pause_of_entries() -> None:
    """An exit clears the pauses of orders; the next entry still waits for its own."""
    rig = sold_back_twice()
    until_ms = rig.state.books.attempts.rest_until_ms
    rig.fund("0.000004")
    rig.take()
    rig.take()
    assert rig.steps()[-1] == "flat"
    rig.fund("0.0003")
    assert unhedged(rig, until_ms - rig.now_ms - 200) == []
    assert rig.last.reason == "resting: entries unwound in a row: 2"
    (bought,) = unhedged(rig, 1_000)
    assert bought >= until_ms


@pytest.mark.row("F04", "F05")
def test_a_restart_keeps_the_pause_of_entries() -> None:
    """The next process reads the same count and the same end of the pause from the journal."""
    rig = sold_back_twice()
    other = rig.restart(run=2)
    other.wait(6_000)
    assert other.state.books.attempts == rig.state.books.attempts
    assert not other.places()
    assert other.last.reason == "resting: entries unwound in a row: 2"


@pytest.mark.row("F04")
def test_an_entry_that_is_hedged_ends_the_count() -> None:
    """After two that were unwound the third is covered; one more that is unwound pauses as the first did."""
    rig = sold_back_twice()
    rig.wait(rig.state.books.attempts.rest_until_ms - rig.now_ms)
    rig.take()
    rig.take()
    assert rig.steps()[-1] == "neutral"
    assert rig.state.books.attempts.unwound == 0


@pytest.mark.row("F04")
def test_an_entry_that_buys_nothing_does_not_end_the_count() -> None:
    """The third finds no spot, eight times: whether a hedge would trade is as unknown as before."""
    rig = sold_back_twice()
    written = len(rig.steps())
    for _ in range(0, 10 * MINUTE_MS, 100):
        if rig.steps()[written:] == ["entering", "neutral"]:
            break
        for intent in rig.places():
            assert intent.symbol == SPOT
            rig.take("0")
        rig.wait(100)
    assert rig.steps()[written:] == ["entering", "neutral"]
    assert rig.state.books.attempts.unwound == 2


@pytest.mark.row("F02", "F04")
@pytest.mark.parametrize("failing", [PERP, SPOT])
def test_an_exit_that_was_escalated_is_no_unwound_entry(failing: str) -> None:
    """One leg is not closed eight times, a person is called, then all is closed: the next entry is free."""
    rig = CarryRig(carry_setup(notional_quote_max=ONE_CLIP))
    rig.take()
    rig.take()
    rig.fund("0")
    for _ in range(0, MINUTE_MS, 100):
        if rig.steps()[-1] == "escalated":
            break
        for intent in rig.places():
            if intent.symbol == failing:
                rig.refuse(intent)
            else:
                rig.take()
        rig.wait(100)
    assert rig.steps()[-1] == "escalated"
    for _ in range(0, MINUTE_MS, 100):
        if rig.steps()[-1] == "flat":
            break
        if rig.places():
            rig.take()
        rig.wait(100)
    assert rig.steps()[-1] == "flat"
    assert rig.state.books.attempts.unwound == 0
    rig.fund("0.0003")
    assert not rig.places()
    rig.resume()
    assert [(one.symbol, one.side) for one in rig.places()] == [(SPOT, Side.BUY)]
