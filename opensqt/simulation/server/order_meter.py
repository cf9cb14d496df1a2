"""Rate limits of a venue that counts requests to place and tells nothing of it, in wall time. It never blocks.

The real ones count by endpoint, some by instrument; here the places of a market are counted together.
"""

from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.window_counts import WindowCounts


class OrderMeter:
    """Counts of one market: so many places of an account in a span; beyond it, and while barred, `too_many`."""

    def __init__(self, span_ms: int, orders_max: int, too_many: tuple[int | str, str]) -> None:
        self._orders_max, self._too_many = orders_max, too_many
        self._barred_until_ms = 0
        self._counts = WindowCounts(span_ms)

    def weigh(self, weight: int, wall_ms: int) -> None:
        """Requests have no weight; raise `VenueError` while everything is refused."""
        del weight
        if wall_ms < self._barred_until_ms:
            raise self.refusal(429, self._barred_until_ms, wall_ms)

    def count_orders(
        self, account: str, orders: int, wall_ms: int, *, slow: int | None = None
    ) -> None:
        """Count new orders of an account, a batch as one; raise `VenueError`."""
        del slow
        if self._counts.add(account, orders, wall_ms) > self._orders_max:
            raise self.refusal(429, wall_ms, wall_ms)

    def bar(self, status: int, until_ms: int, wall_ms: int) -> VenueError:
        """Refuse everything until a wall time; return the refusal of this request."""
        self._barred_until_ms = until_ms
        return self.refusal(status, until_ms, wall_ms)

    def refusal(self, status: int, until_ms: int, wall_ms: int) -> VenueError:
        """State that there were too many requests; until when, the venue does not say."""
        del status, until_ms, wall_ms
        return VenueError(*self._too_many, 429)

    def headers(self, account: str, *, orders: bool) -> dict[str, str]:
        """Nothing is told about use."""
        del account, orders
        return {}
