"""A moment of a desk as people name it: a journal position, or an instant of market time. Reads no clock."""

from datetime import UTC, datetime

import msgspec

from opensqt.desk.error import CliError


class Instant(msgspec.Struct, frozen=True, kw_only=True):
    """At most one of both: a journal position, or market time in ms UTC."""

    position: int | None = None
    time_ms: int | None = None


def instant_of(text: str) -> Instant:
    """Return the moment that a text names, an open one for none; raise `CliError`."""
    if not text:
        return Instant()
    if text.isascii() and text.isdecimal():
        return Instant(position=int(text))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise CliError(
            f"{text}: expected a journal position like 1234, or a time like 2026-11-30T14:05:00Z"
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return Instant(time_ms=round(found.timestamp() * 1000))
