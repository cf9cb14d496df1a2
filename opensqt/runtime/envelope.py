"""The envelope of a message: who said it, why, and where it stands. It travels in headers, never in the payload."""

import operator

import msgspec

from opensqt.domain.messages import IGNORABLE

SCHEMA_VERSION = 1
_SCHEMA = str(SCHEMA_VERSION)

# CloudEvents names (binary mode, CNCF CloudEvents 1.0.2); lower case, as NATS keeps the case of header names.
_OPTIONAL = {
    "stream": "ce-subject",
    "version": "ce-sequence",
    "schema_version": "ce-schemaversion",
    "position": "ce-position",
    "prev": "ce-prev",
    "correlation_id": "ce-correlationid",
    "causation_id": "ce-causationid",
    "traceparent": "traceparent",
}
_optional = operator.attrgetter(*_OPTIONAL)
MESSAGE_ID = "Nats-Msg-Id"
IGNORABLE_HEADER = "ce-ignorable"  # a reader that does not know the type may skip the message
DIGITS_MAX = 18  # what every database and language takes for a whole number
TYPE_PREFIX = "opensqt.v1."


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Metadata of one message.

    `position` is the journal position (0 = not journalled), `prev` the last position published on the same
    subject; `version` counts within `stream`; `time_ms` is when the fact happened, market time.
    """

    event_id: str
    type: str
    source: str
    time_ms: int
    stream: str = ""
    version: int = 0
    schema_version: int = SCHEMA_VERSION
    position: int = 0
    prev: int = 0
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""

    def headers(self) -> dict[str, str]:
        """Return the headers of this envelope; a fresh dict, empty values left out."""
        headers = {
            MESSAGE_ID: self.event_id,
            "ce-id": self.event_id,
            "ce-type": TYPE_PREFIX + self.type,
            "ce-source": self.source,
            "ce-time": str(self.time_ms),
        }
        for name, value in zip(_OPTIONAL.values(), _optional(self), strict=True):
            if value:
                headers[name] = str(value)
        if self.type in IGNORABLE:
            headers[IGNORABLE_HEADER] = "1"
        return headers


def begun_by(envelope: Envelope) -> str:
    """Return the id of that with which the story of a message began: its own, where nothing caused it."""
    return envelope.correlation_id or envelope.event_id


class BadEnvelope(ValueError):
    """Headers that are not an envelope of the platform."""


def from_headers(headers: dict[str, str] | None) -> Envelope:
    """Read an envelope; raise `BadEnvelope` naming the header that is missing or wrong."""
    found = headers or {}
    get = found.get
    try:
        return Envelope(
            event_id=found["ce-id"],
            type=found["ce-type"].removeprefix(TYPE_PREFIX),
            source=found["ce-source"],
            time_ms=_number("ce-time", found["ce-time"]),
            stream=get("ce-subject", ""),
            version=_number("ce-sequence", get("ce-sequence", "0")),
            schema_version=_number("ce-schemaversion", get("ce-schemaversion", _SCHEMA)),
            position=_number("ce-position", get("ce-position", "0")),
            prev=_number("ce-prev", get("ce-prev", "0")),
            correlation_id=get("ce-correlationid", ""),
            causation_id=get("ce-causationid", ""),
            traceparent=get("traceparent", ""),
        )
    except KeyError as error:
        raise BadEnvelope(f"headers lack the required field {error.args[0]}") from error


def claimed_position(headers: dict[str, str]) -> int:
    """Return the place in the journal that headers claim; 0 where they claim none, or none that can be one."""
    text = headers.get(_OPTIONAL["position"], "")
    return int(text) if _is_number(text) else 0


def unrecorded(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers of a message without its place in the journal."""
    places = (_OPTIONAL["position"], _OPTIONAL["prev"])
    return {name: value for name, value in headers.items() if name not in places}


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX


def _number(name: str, text: str) -> int:
    if not _is_number(text):
        raise BadEnvelope(f"header {name} is {text[:40]!r}, expected a whole number")
    return int(text)
