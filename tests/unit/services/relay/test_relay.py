"""The relay's decisions: what acknowledgements prove, and what FEED's end says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.relay.decide import (
    FeedComparison,
    FeedSeen,
    contradicts,
    due_time_ms,
    middle,
    resend_after,
    standing,
)
from services.relay.state import FeedCursor, PublishedRow, advance

PLACE = FeedCursor(generation=1, position=10, sequence=100, event_id="e10", created_ms=5)
FEED = FeedSeen(first_sequence=1, last_sequence=200, created_ms=5)


def sent(position: int, sequence: int, *, is_duplicate: bool = False) -> PublishedRow:
    """Return a row that was sent."""
    return PublishedRow(
        position=position, event_id=f"e{position}", sequence=sequence, is_duplicate=is_duplicate
    )


@pytest.mark.row("A11")
def test_nothing_counts_behind_the_first_missing_acknowledgement() -> None:
    """Rows after a failed one are sent again, although they were confirmed."""
    place = advance(PLACE, (sent(11, 101), sent(12, 0), sent(13, 103)))
    assert (place.position, place.sequence, place.event_id) == (11, 101, "e11")


@given(st.lists(st.booleans(), max_size=30))
def test_the_place_is_the_longest_confirmed_beginning(confirmed: list[bool]) -> None:
    """Whatever fails, position moves over an unbroken run of acknowledgements only."""
    rows = tuple(sent(11 + n, 101 + n if ok else 0) for n, ok in enumerate(confirmed))
    unbroken = confirmed.index(False) if False in confirmed else len(confirmed)
    assert advance(PLACE, rows).position == 10 + unbroken


def test_a_duplicate_does_not_move_the_sequence_back() -> None:
    """A row that FEED already had keeps its old sequence; the place keeps the highest."""
    place = advance(PLACE, (sent(11, 90, is_duplicate=True), sent(12, 95, is_duplicate=True)))
    assert (place.position, place.sequence, place.event_id) == (12, 100, "e10")


def test_a_hole_in_the_journal_is_an_error() -> None:
    """Positions are contiguous; anything else must not be relayed over."""
    with pytest.raises(ValueError, match="hole"):
        advance(PLACE, (sent(12, 101),))


@pytest.mark.row("A11")
def test_a_fresh_acknowledgement_at_an_old_sequence_contradicts() -> None:
    """FEED gave a sequence anew that it had confirmed before: it lost what was there."""
    assert contradicts(PLACE, (sent(11, 99),))
    assert not contradicts(PLACE, (sent(11, 99, is_duplicate=True), sent(12, 101), sent(13, 0)))


@pytest.mark.row("A11")
def test_sequences_that_go_back_within_one_window_contradict() -> None:
    """FEED lost the first rows of a window while the others were on their way: all are new, and not all are there."""
    assert contradicts(PLACE, (sent(11, 102), sent(12, 103), sent(13, 101), sent(14, 102)))
    assert contradicts(PLACE, (sent(11, 102), sent(12, 0), sent(13, 102)))
    assert not contradicts(PLACE, (sent(11, 102), sent(12, 0), sent(13, 104)))


@pytest.mark.row("A11", "J20")
@pytest.mark.parametrize(
    "place,desk,feed,expected",
    [
        (None, "d", FEED, FeedComparison.FIRST),
        (PLACE, "other", FEED, FeedComparison.RESTORED),
        (
            PLACE,
            "d",
            FeedSeen(first_sequence=1, last_sequence=200, created_ms=6),
            FeedComparison.OTHER,
        ),
        (
            PLACE,
            "d",
            FeedSeen(first_sequence=1, last_sequence=99, created_ms=5),
            FeedComparison.SHORTER,
        ),
        (PLACE, "d", FEED, FeedComparison.UNPROVEN),
        (
            PLACE,
            "d",
            FeedSeen(first_sequence=150, last_sequence=200, created_ms=5),
            FeedComparison.SAME,
        ),
    ],
)
def test_feed_is_judged_by_its_end_and_its_birth(
    place: FeedCursor | None, desk: str, feed: FeedSeen, expected: FeedComparison
) -> None:
    """Each way in which FEED can stand to the newest checkpoint has its own name."""
    assert standing(place, "d", desk, feed) is expected


def test_a_place_before_the_first_message_needs_no_proof() -> None:
    """A generation that has published nothing yet is what it was."""
    place = FeedCursor(generation=1, position=0, sequence=0, event_id="", created_ms=5)
    feed = FeedSeen(first_sequence=1, last_sequence=7, created_ms=5)
    assert standing(place, "d", "d", feed) is FeedComparison.SAME


@given(st.integers(0, 300), st.integers(0, 300))
def test_halving_finds_the_last_held(count: int, held: int) -> None:
    """However much of the end was lost, the search ends at the newest one that is left."""
    held = min(held, count)
    low, high = 0, count
    while low < high:
        at = middle(low, high)
        low, high = (at + 1, high) if at < held else (low, at)
    assert low == held


def test_a_long_loss_is_not_resent_for_ever() -> None:
    """Consumers read old rows in the journal; only the newest ones are sent again."""
    assert resend_after(50, 100, 1000) == 50
    assert resend_after(0, 5000, 1000) == 4000


@given(st.integers(0, 10**14))
def test_time_is_told_in_whole_steps(market_ms: int) -> None:
    """The told instant has come, is a multiple of the step and is the last such."""
    due = due_time_ms(market_ms, 100)
    assert due % 100 == 0
    assert due <= market_ms < due + 100
