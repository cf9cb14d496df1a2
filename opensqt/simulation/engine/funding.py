"""Funding terms and boundaries in market time. Pure arithmetic; it never pays anything."""

from decimal import Decimal

import msgspec

HOUR_MS = 3_600_000


class FundingTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Funding of one perp: a fraction of notional per interval, positive when longs pay.

    Before the venue began it was the same for `past_intervals`; nobody held anything then.
    """

    rate: Decimal = Decimal("0.0001")
    interval_hours: int = 8
    past_intervals: int = 0

    def next_ms(self, now_ms: int) -> int:
        """The first boundary after a market time in ms."""
        interval_ms = self.interval_hours * HOUR_MS
        return now_ms - now_ms % interval_ms + interval_ms

    def past_ms(self, now_ms: int) -> list[int]:
        """The boundaries of a past that ends at a market time in ms, oldest first."""
        interval_ms = self.interval_hours * HOUR_MS
        last_ms = now_ms - now_ms % interval_ms
        return [last_ms - number * interval_ms for number in reversed(range(self.past_intervals))]

    def boundaries(self, since_ms: int, now_ms: int) -> list[int]:
        """Boundaries later than `since_ms` and not later than `now_ms` (market ms)."""
        interval_ms = self.interval_hours * HOUR_MS
        return list(range(self.next_ms(since_ms), now_ms + 1, interval_ms))


class FundingPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A settled funding: rate and mark at a boundary (market ms); mark 0 before the venue began."""

    symbol: str
    time_ms: int
    rate: Decimal
    mark: Decimal
