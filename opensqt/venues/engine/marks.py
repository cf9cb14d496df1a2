"""Marks and funding of the watched symbols, put together from what frames tell; pure.

Venues tell all at once, in several channels, or only what has changed. Nothing is shown before all of it is known.
"""

import msgspec

from opensqt.domain.market import Funding, Mark
from opensqt.venues.engine.feed_format import MarkChange

HOUR_MS = 3_600_000


class MarkKeeper:
    """What was told last, by our symbol."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._told: dict[str, MarkChange] = {}
        self._mark_ms: dict[str, int] = {}

    def change(self, symbol: str, change: MarkChange) -> Mark | None:
        """Take one frame and return the mark it makes, at the time of its price; None where a part was never told."""
        before = self._told.get(symbol, change)
        told = {
            name: getattr(before, name) if getattr(change, name) is None else getattr(change, name)
            for name in change.__struct_fields__
        }
        now = self._told[symbol] = msgspec.structs.replace(change, **told)
        if change.mark_price is not None:
            self._mark_ms[symbol] = change.time_ms
        elif change.index_price is None:
            return None  # funding only
        if now.mark_price is None or now.index_price is None:
            return None
        return Mark(
            venue=self._venue,
            symbol=symbol,
            mark_price=now.mark_price,
            index_price=now.index_price,
            time_ms=self._mark_ms[symbol],
        )

    def funding(self, symbol: str, interval_hours: int) -> Funding | None:
        """Return what is due next, or None where nothing is, as far as was told."""
        now = self._told[symbol]
        due_ms = now.next_funding_ms
        if now.on_the_grid:
            interval_ms = interval_hours * HOUR_MS
            due_ms = now.time_ms - now.time_ms % interval_ms + interval_ms
        if now.rate is None or due_ms is None:
            return None
        return Funding(
            venue=self._venue,
            symbol=symbol,
            rate=now.rate,
            interval_hours=interval_hours,
            next_funding_ms=due_ms,
            time_ms=now.time_ms,
        )

    def forget(self, symbol: str) -> None:
        """Drop what was told: the connection is lost, and what it would have told with it."""
        self._told.pop(symbol, None)
