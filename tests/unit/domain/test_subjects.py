"""Subjects: every message of FEED has one, symbols become tokens in one place, filters match as NATS does."""

import re
import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.messages import Event
from opensqt.domain.subjects import (
    command_subject,
    intent_subject,
    market_events,
    matches,
    order_events,
    overlaps,
    subject_of,
    token,
    widest,
)
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.bus.streams import SPECS, STREAMS
from tests.golden.messages import sample

SUBJECTS = st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map(".".join)
FILTERS = st.tuples(
    st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=3), st.sampled_from(["", ".>"])
).map(lambda parts: ".".join(parts[0]) + parts[1])
PLAIN = "BTC/USDT:USDT"


def named(value: object) -> object:
    """The same value with names that can stand in a subject."""
    if not isinstance(value, msgspec.Struct):
        return value
    names = {"venue": "binance", "account": "main", "symbol": PLAIN, "strategy": "grid"}
    changes: dict[str, object] = {}
    for field in value.__struct_fields__:
        held = getattr(value, field)
        if field in names and isinstance(held, str):
            changes[field] = names[field]
        elif isinstance(held, msgspec.Struct):
            changes[field] = named(held)
    return msgspec.structs.replace(value, **changes)


@pytest.mark.parametrize("kind", typing.get_args(Event), ids=lambda kind: kind.__name__)
def test_every_fact_has_a_subject_of_feed(kind: type[Event]) -> None:
    """What travels on FEED has a subject that FEED takes, of bounded cardinality: no id of an order or intent."""
    message = named(sample(kind))
    assert isinstance(message, Event)
    subject = subject_of(message)
    assert any(matches(one, subject) for one in SPECS[Stream.FEED].subjects)
    assert re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", subject)
    assert "order_id" not in subject
    assert "intent_id" not in subject


@pytest.mark.parametrize("kind", [PlaceIntent, CancelIntent])
def test_intents_and_commands_have_streams_of_their_own(kind: type[Event]) -> None:
    """Intents, openings and exits: each subject is taken by exactly one stream."""
    intent = named(sample(kind))
    assert isinstance(intent, PlaceIntent | CancelIntent)
    subjects = {
        Stream.INTENTS: intent_subject(intent),
        Stream.COMMANDS: command_subject(intent, is_exit=False),
        Stream.EXITS: command_subject(intent, is_exit=True),
    }
    for stream, subject in subjects.items():
        takers = [
            spec.name for spec in STREAMS if any(matches(one, subject) for one in spec.subjects)
        ]
        assert takers == [stream]
    assert subjects[Stream.INTENTS] == "intent.grid.binance.main.BTC-USDT-USDT"


def test_streams_never_share_a_subject() -> None:
    """The server refuses overlapping streams; the data say so first."""
    for spec in STREAMS:
        for other in STREAMS:
            if spec.name != other.name:
                assert not any(overlaps(a, b) for a in spec.subjects for b in other.subjects)


def test_filters_select_what_their_names_say() -> None:
    """One symbol or all of them."""
    assert matches(order_events("binance", "main"), order_events("binance", "main", PLAIN))
    assert matches(market_events("binance", PLAIN), "md.binance.BTC-USDT-USDT.tick")
    assert not matches(market_events("binance", PLAIN), "md.binance.BTC-USDT.tick")


@pytest.mark.parametrize("name", ["", "a b", "a.b", "a*", "a>", "é"])
def test_a_name_that_is_no_token_is_refused(name: str) -> None:
    """A name cannot smuggle in wildcards or dots."""
    with pytest.raises(ValueError, match="cannot be a subject token"):
        token(name)


def symbol_of(text: str) -> str:
    """Read a token back: the inverse that shows that nothing was lost."""
    base, quote, *settle = text.split("-", 2)
    parts = [re.sub("_([0-9a-f]+)_", lambda m: chr(int(m[1], 16)), part) for part in (base, quote)]
    ends = [re.sub("_([0-9a-f]+)_", lambda m: chr(int(m[1], 16)), part) for part in settle]
    return "/".join(parts) + "".join(f":{end}" for end in ends)


@pytest.mark.row("D04")
@pytest.mark.parametrize(
    "symbol,expected",
    [
        ("BTC/USDT", "BTC-USDT"),
        ("BTC/USDT:USDT", "BTC-USDT-USDT"),
        ("BTC/USDT:USDT-261225", "BTC-USDT-USDT-261225"),
        ("币安人生/USDT:USDT", "_5e01__5b89__4eba__751f_-USDT-USDT"),
        ("A-B/USDT", "A_2d_B-USDT"),
        ("A/B-C", "A-B_2d_C"),
        ("A_B/USDT", "A_5f_B-USDT"),
        ("a.b*>/ USDT", "a_2e_b_2a__3e_-_20_USDT"),
    ],
)
def test_a_symbol_is_one_token_whatever_is_in_it(symbol: str, expected: str) -> None:
    """The contract's form for all that is plain, numbers for the rest."""
    assert token(symbol) == expected
    assert symbol_of(expected) == symbol


PARTS = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("-_/:.*>1aA币"), max_size=8
)
ODD_SYMBOLS = st.builds(
    lambda base, quote, settle: f"{base}/{quote}" + ("" if settle is None else f":{settle}"),
    PARTS.filter(lambda part: "/" not in part),
    PARTS,
    st.none() | PARTS,
)


@pytest.mark.row("D04")
@given(ODD_SYMBOLS, ODD_SYMBOLS)
def test_tokens_of_symbols_can_be_read_back_and_never_meet(one: str, other: str) -> None:
    """Any symbol is one token of NATS, each has its own, and it says which symbol it is."""
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token(one))
    assert symbol_of(token(one)) == one
    assert (token(one) == token(other)) is (one == other)


@pytest.mark.parametrize(
    "pattern,subject,accepted",
    [
        ("evt.>", "evt.a.b", True),
        ("evt.>", "evt", False),
        ("evt.*", "evt.a", True),
        ("evt.*", "evt.a.b", False),
        ("evt.*.b", "evt.a.b", True),
        ("evt.a", "evt.a", True),
        ("evt.a", "evt.b", False),
        (">", "a", True),
    ],
)
def test_filters_match_as_the_server_does(pattern: str, subject: str, accepted: bool) -> None:
    """`*` is one token, `>` one or more at the end."""
    assert matches(pattern, subject) is accepted


@given(FILTERS, FILTERS, SUBJECTS)
def test_filters_that_accept_one_subject_overlap(one: str, other: str, subject: str) -> None:
    """Overlap is symmetric and never misses a common subject."""
    assert overlaps(one, other) == overlaps(other, one)
    if matches(one, subject) and matches(other, subject):
        assert overlaps(one, other)


@given(st.lists(FILTERS, max_size=5), SUBJECTS)
def test_the_widest_filters_accept_the_same(filters: list[str], subject: str) -> None:
    """Leaving out what another filter covers changes nothing."""
    kept = widest(filters)
    assert set(kept) <= set(filters)
    assert any(matches(one, subject) for one in filters) == any(
        matches(one, subject) for one in kept
    )
