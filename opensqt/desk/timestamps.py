"""Instants as people and scripts read them: RFC 3339 UTC. Reads no clock."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(time_ms: int) -> str:
    """Write ms UTC as RFC 3339 with milliseconds."""
    instant = EPOCH + timedelta(milliseconds=time_ms)
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time_ms % 1000:03d}Z"
