"""The envelope: everything that is known about a message travels in its headers, and bad headers are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.messages import IGNORABLE, TRAVELLING
from opensqt.runtime.envelope import (
    IGNORABLE_HEADER,
    MESSAGE_ID,
    BadEnvelope,
    Envelope,
    from_headers,
)

WORDS = st.text("abcdef0123456789/-.", min_size=1, max_size=20)
NUMBERS = st.integers(min_value=0, max_value=2**53)
ENVELOPES = st.builds(
    Envelope,
    event_id=WORDS,
    type=st.sampled_from(sorted(TRAVELLING)),
    source=WORDS,
    time_ms=NUMBERS,
    stream=WORDS | st.just(""),
    version=NUMBERS,
    position=NUMBERS,
    prev=NUMBERS,
    correlation_id=WORDS | st.just(""),
    causation_id=WORDS | st.just(""),
    traceparent=WORDS | st.just(""),
)


@pytest.mark.row("A03")
@given(ENVELOPES)
def test_an_envelope_survives_its_headers(envelope: Envelope) -> None:
    """All fields come back, the event id is the message id, and each call gives a fresh dict."""
    headers = envelope.headers()
    assert from_headers(headers) == envelope
    assert headers[MESSAGE_ID] == envelope.event_id
    assert (IGNORABLE_HEADER in headers) == (envelope.type in IGNORABLE)
    headers.clear()
    assert envelope.headers()


@pytest.mark.parametrize("missing", ["ce-id", "ce-type", "ce-source", "ce-time"])
def test_a_missing_header_is_named(missing: str) -> None:
    """Identity, type, source and time are needed."""
    headers = Envelope(event_id="a", type="Time", source="test", time_ms=0).headers()
    del headers[missing]
    with pytest.raises(BadEnvelope, match="required field"):
        from_headers(headers)


@pytest.mark.parametrize("text", ["-1", "1.5", "soon", ""])
def test_a_number_that_is_none_is_named(text: str) -> None:
    """Positions and times are whole numbers."""
    headers = Envelope(event_id="a", type="Time", source="test", time_ms=0).headers()
    with pytest.raises(BadEnvelope, match="ce-position is"):
        from_headers(headers | {"ce-position": text})


def test_no_headers_are_no_envelope() -> None:
    """A foreign message has no envelope."""
    with pytest.raises(BadEnvelope):
        from_headers(None)
