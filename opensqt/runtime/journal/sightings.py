"""How long the leases of others have stood still, by the clock of whoever watches them.

Whoever holds a lease stops to count on it `ttl_ms` after its last renewal began, by its own clock. A watcher that has
seen the lease at one renewal for longer than that knows so, whatever any clock says of the time of day.
"""

import msgspec

DRIFT_PER_MILLE = 10  # two clocks drift apart by far less; so much longer is waited


class _Sighting(msgspec.Struct, frozen=True):
    """The renewal that a lease stands at, and when it was first seen there."""

    renewals: int
    since_s: float
    ttl_ms: int


class LeaseSightings:
    """The leases that one process has asked for and not got."""

    def __init__(self) -> None:
        self._seen: dict[str, _Sighting] = {}

    def silent(self, name: str, now_s: float) -> int | None:
        """Return the renewal at which a lease has stood for too long to be held by anybody, None while that is open."""
        seen = self._seen.get(name)
        if seen is None:
            return None
        waited_ms = (now_s - seen.since_s) * 1000
        return seen.renewals if waited_ms > seen.ttl_ms * (1 + DRIFT_PER_MILLE / 1000) else None

    def saw(self, name: str, renewals: int, ttl_ms: int, now_s: float) -> None:
        """Note what the answer to a question said, at the time at which it came."""
        seen = self._seen.get(name)
        if seen is None or (seen.renewals, seen.ttl_ms) != (renewals, ttl_ms):
            self._seen[name] = _Sighting(renewals, now_s, ttl_ms)
