"""OKX's rate limits, in wall time: places of an account in two seconds. No answer tells them. It never blocks.

The real ones count by endpoint and instrument; here the places of a market are counted together.
"""

from opensqt.simulation.server.call import VenueError

SPAN_MS = 2000
ORDERS_MAX = 60
TOO_MANY = (50011, "Too Many Requests")


class OkxMeter:
    """Counts of one market."""

    def __init__(self) -> None:
        self._barred_until_ms = 0
        self._counts: dict[str, tuple[int, int]] = {}

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
        window = wall_ms // SPAN_MS
        known, count = self._counts.get(account, (window, 0))
        count = orders + (count if known == window else 0)
        self._counts[account] = window, count
        if count > ORDERS_MAX:
            raise self.refusal(429, (window + 1) * SPAN_MS, wall_ms)

    def bar(self, status: int, until_ms: int, wall_ms: int) -> VenueError:
        """Refuse everything until a wall time; return the refusal of this request."""
        self._barred_until_ms = until_ms
        return self.refusal(status, until_ms, wall_ms)

    def refusal(self, status: int, until_ms: int, wall_ms: int) -> VenueError:
        """State that there were too many requests; until when, OKX does not say."""
        del status, until_ms, wall_ms
        return VenueError(*TOO_MANY, 429)

    def headers(self, account: str, *, orders: bool) -> dict[str, str]:
        """OKX tells nothing about use."""
        del account, orders
        return {}
