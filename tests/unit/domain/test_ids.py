"""Identities: functions of their cause, distinct for distinct causes, fit for every venue."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain import ids

TEXTS = st.text(max_size=8)
CAUSES = st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, st.integers(0, 10**9), st.integers(0, 99))


def order_id(cause: tuple[str, str, str, str, int, int]) -> str:
    """The client order id of a cause."""
    generation, account, strategy, slot, cycle, attempt = cause
    return ids.client_order_id(
        generation=generation,
        account=account,
        strategy=strategy,
        slot=slot,
        cycle=cycle,
        attempt=attempt,
    )


@pytest.mark.row("C05")
@given(CAUSES)
def test_a_client_order_id_fits_every_venue(cause: tuple[str, str, str, str, int, int]) -> None:
    """At most 28 of [0-9A-Za-z], starts with a letter, is ours, and the same again."""
    found = order_id(cause)
    assert re.fullmatch(r"[A-Za-z][0-9A-Za-z]{0,27}", found)
    assert ids.is_ours(found)
    assert order_id(cause) == found


@pytest.mark.row("C05")
@given(CAUSES, CAUSES)
def test_different_causes_give_different_ids(
    one: tuple[str, str, str, str, int, int], other: tuple[str, str, str, str, int, int]
) -> None:
    """A level that is used again (another cycle), another attempt, another generation: another id."""
    assert (order_id(one) == order_id(other)) == (one == other)


@given(st.lists(TEXTS, min_size=1, max_size=4), st.lists(TEXTS, min_size=1, max_size=4))
def test_event_ids_keep_their_parts_apart(one: list[str], other: list[str]) -> None:
    """("ab", "c") and ("a", "bc") are different causes."""
    assert (ids.event_id(*one) == ids.event_id(*other)) == (one == other)


def test_ids_are_the_same_on_every_machine_for_ever() -> None:
    """Fixed values: an id in an old journal is found again by every later version."""
    assert ids.event_id("fill", "binance", 1) == "2a1a61ef-6c4b-5265-a295-74aa94bf58e4"
    assert (
        ids.intent_id(strategy="grid", slot="b1", cycle=2, action="place")
        == "v0ted3wr2dk5hde2jsjhy2eax5"
    )
    assert order_id(("g", "main", "grid", "b1", 2, 0)) == "qfq7y9sn9n1e4qnfdwqs1hep067"


@pytest.mark.parametrize("foreign", ["", "x-abc", "q", "Q" + "0" * 26, "q" + "i" * 26, "t-q"])
def test_foreign_ids_are_not_ours(foreign: str) -> None:
    """Orders of people and other programs are told apart by their id."""
    assert not ids.is_ours(foreign)
