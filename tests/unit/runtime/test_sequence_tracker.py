"""The chain of positions: no order, doubling or loss of messages lets a hole pass silently."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.runtime.bus.sequence_tracker import (
    SequenceBroken,
    SequenceLink,
    SequenceTracker,
    SequenceVerdict,
)


def journal(subjects: list[str]) -> list[SequenceLink]:
    """The links of journal rows on these subjects, in order of position."""
    last: dict[str, int] = {}
    links = []
    for position, subject in enumerate(subjects, start=1):
        links.append(SequenceLink(subject=subject, position=position, prev=last.get(subject, 0)))
        last[subject] = position
    return links


@pytest.mark.row("A11")
@settings(max_examples=300)
@given(
    subjects=st.lists(st.sampled_from("abc"), max_size=25),
    lost=st.sets(st.integers(min_value=1, max_value=25)),
    doubled=st.integers(min_value=1, max_value=3),
    seed=st.integers(min_value=0, max_value=2**32),
)
def test_no_permutation_duplication_or_loss_makes_a_silent_hole(
    subjects: list[str], lost: set[int], doubled: int, seed: int
) -> None:
    """Delivered are, per subject and in order, exactly the rows before the first lost one; the rest waits."""
    links = journal(subjects)
    sent = [link for link in links if link.position not in lost] * doubled
    random.Random(seed).shuffle(sent)
    chain: SequenceTracker[SequenceLink] = SequenceTracker()
    delivered = [one for link in sent for one in chain.offer(link, link)]
    for subject in set(subjects):
        whole = list(
            itertools.takewhile(
                lambda row: row.position not in lost,
                (link for link in links if link.subject == subject),
            )
        )
        found = [one for one in delivered if one.subject == subject]
        assert found == whole[: len(found)]
    if len(sent) == len(links) * doubled:
        assert len(delivered) == len(links)
        assert chain.held == 0


@given(st.lists(st.sampled_from("abc"), max_size=25))
def test_messages_without_a_position_wait_behind_a_hole(subjects: list[str]) -> None:
    """The total order of FEED is kept: a tick behind a hole comes after what fills it."""
    links = journal(["a", *subjects])
    chain: SequenceTracker[str] = SequenceTracker()
    for link in links[1:]:
        chain.offer(link, f"row {link.position}")
    tick = SequenceLink(subject="md.x.y.tick", position=0, prev=0)
    behind_hole = chain.hole is not None
    assert chain.offer(tick, "tick") == ([] if behind_hole else ["tick"])
    released = chain.offer(links[0], "row 1")
    assert released[0] == "row 1"
    assert ("tick" in released) == behind_hole
    assert chain.held == 0


def test_what_was_folded_from_the_journal_is_dropped() -> None:
    """A position at or before the seeded one is old; its successor fits."""
    chain: SequenceTracker[int] = SequenceTracker()
    chain.seed("a", 7)
    assert chain.judge(SequenceLink(subject="a", position=7, prev=3)) is SequenceVerdict.DROP
    assert chain.judge(SequenceLink(subject="a", position=9, prev=7)) is SequenceVerdict.DELIVER
    assert chain.judge(SequenceLink(subject="a", position=12, prev=9)) is SequenceVerdict.HOLD


def test_contradicting_positions_are_an_error() -> None:
    """A later position whose predecessor is older than what was folded comes from another journal."""
    chain: SequenceTracker[int] = SequenceTracker()
    chain.seed("a", 7)
    with pytest.raises(SequenceBroken, match="7 was folded"):
        chain.offer(SequenceLink(subject="a", position=9, prev=3), 1)


def test_what_waits_is_bounded() -> None:
    """Waiting for ever is not an answer: too much behind a hole is an error."""
    chain: SequenceTracker[int] = SequenceTracker(held_max=2)
    for position in (2, 3):
        assert chain.offer(SequenceLink(subject="a", position=position, prev=position - 1), 0) == []
    with pytest.raises(SequenceBroken, match="wait behind"):
        chain.offer(SequenceLink(subject="a", position=4, prev=3), 0)
