"""What is said is cleaned at every entrance: it can stop neither a kill nor a process."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.clean_text import WORDS_MAX, cleaned, encodable
from opensqt.domain.control import KillLatched
from opensqt.domain.kills import named
from opensqt.runtime import latch
from opensqt.runtime.codec import decode, encode
from opensqt.runtime.command_body import BadCommand, unclear, words_for, words_of
from opensqt.runtime.projection.tables import rows
from tests.ledgers import folded

CUT_EMOJI = "panic \ud83d now"
BYTES = "arr\udceat d'urgence"  # what a command line makes of Latin-1
SAID = ["a\x00b", CUT_EMOJI, BYTES, "x" * 10_000_000, "\x1b[2J\r\nKILLED", "\u202eevil\u2028"]
ANY = st.one_of(
    st.text(st.characters(), max_size=300), st.binary(), st.none(), st.integers(), st.floats()
)


@given(ANY)
def test_whatever_is_said_becomes_text_that_everybody_takes(said: object) -> None:
    """Valid UTF-8, one line, no control character, bounded; what is clean stays as it is."""
    text = cleaned(said)
    assert text.encode("utf-8").decode("utf-8") == text
    assert len(text) <= WORDS_MAX
    assert all(one.isprintable() or one > "\x9f" for one in text)
    assert cleaned(text) == text


@pytest.mark.parametrize(
    "said, text",
    [
        ("drill", "drill"),
        ("a\x00b", "a b"),
        ("Größe 币安 🚨", "Größe 币安 🚨"),
        (CUT_EMOJI, "panic � now"),
        (BYTES, "arr�t d'urgence"),
        ("one\r\ntwo\u2028three", "one two three"),
        (None, ""),
    ],
)
def test_what_can_be_read_is_kept(said: object, text: str) -> None:
    """Only what no table, file or terminal takes is replaced."""
    assert cleaned(said) == text


def test_a_number_of_any_size_is_said_without_an_error() -> None:
    """JSON may hold one of 5,000 digits where a reason was expected."""
    assert cleaned(10**5000) == "(int that cannot be shown)"


@pytest.mark.row("E10")
@pytest.mark.parametrize("said", SAID, ids=len)
def test_a_kill_goes_through_file_bus_and_tables_whatever_its_reason(
    tmp_path: Path, said: str
) -> None:
    """No reason is a reason not to latch, not to publish or not to keep the tables."""
    kill = KillLatched(scope="desk", reason=said, actor=said, time_ms=1, kill_id="k")
    latch.latch(
        tmp_path, latch.Latch(scope="desk", reason=said, actor=said, time_ms=1, kill_id="k")
    )
    found = latch.read(tmp_path)
    assert found is not None
    assert (found.kill_id, found.reason) == ("k", cleaned(said))
    heard = decode(encode(kill))
    assert isinstance(heard, KillLatched)
    assert named(heard).scope == "desk"
    for books in (folded([kill]), folded([heard])):
        for table in rows(books).values():
            for cell in (cell for row in table for cell in row if isinstance(cell, str)):
                assert "\x00" not in cell
                cell.encode("utf-8")


def test_text_that_everybody_takes_is_not_changed() -> None:
    """The slow way is for what has no UTF-8 alone."""
    assert encodable("Größe") == "Größe"
    assert encodable("a\x00\ud800b") == "a��b"


@pytest.mark.parametrize(
    "body", [b"[1]", b"{", b'"x"', b"[" * 100_000, b"1" * 5000, b"\xff"], ids=len
)
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    """Nested without end, cut, a list, a number of 5,000 digits: one clear refusal."""
    with pytest.raises(BadCommand, match="JSON object"):
        words_of(body)


@pytest.mark.parametrize("charset", ["klingon", "rot13", "base64", "a\x00b", "utf-8\udcff"])
def test_a_charset_that_nobody_knows_is_refused(charset: str) -> None:
    """Unknown, or no encoding of text at all."""
    with pytest.raises(BadCommand, match="charset"):
        words_of(b"{}", charset)


def test_bytes_that_are_no_text_stop_no_command() -> None:
    """A script in Latin-1 that says it sends JSON is understood as far as it can be."""
    assert words_of(b'{"reason":"arr\xeat"}') == {"reason": "arr�t"}
    assert words_of(b'{"reason":"arr\xeat"}', "latin-1") == {"reason": "arrêt"}
    assert words_of(json.dumps({"reason": CUT_EMOJI}).encode()) == {"reason": CUT_EMOJI}
    assert words_of(b"") == {}


@pytest.mark.row("E10")
@pytest.mark.parametrize("body", [b"fire!", b"[1]", b"{", b"[" * 100_000, b"\xff\x00"], ids=len)
def test_only_a_kill_is_not_refused_whatever_its_body(body: bytes) -> None:
    """It is one of the whole desk, with what was said as its reason; a release in such words is none."""
    words = words_for("/kill", body)
    assert cleaned(words["reason"]) == words["reason"]
    assert "JSON object: taken as a kill of the whole desk" in unclear(words)["unclear"]
    with pytest.raises(BadCommand):
        words_for("/resume", body)
    assert unclear({"scope": "desk"}) == {}
