"""Funding terms and boundaries in market time. Pure arithmetic; it never pays anything."""

from decimal import Decimal

import msgspec

HOUR_MS = 3_600_000


class FundingTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Funding of one perp: a fraction of notional per interval, positive when longs pay."""

    rate: Decimal = Decimal("0.0001")
    interval_hours: int = 8

    def next_ms(self, now_ms: int) -> int:
        """The first boundary after a market time in ms."""
        interval_ms = self.interval_hours * HOUR_MS
        return now_ms - now_ms % interval_ms + interval_ms

    def boundaries(self, since_ms: int, now_ms: int) -> list[int]:
        """Boundaries later than `since_ms` and not later than `now_ms` (market ms)."""
        interval_ms = self.interval_hours * HOUR_MS
        return list(range(self.next_ms(since_ms), now_ms + 1, interval_ms))


class FundingPoint(msgspec.Struct, frozen=True, kw_only=True):
    """A settled funding: rate and mark at a boundary (market ms)."""

    symbol: str
    time_ms: int
    rate: Decimal
    mark: Decimal
