"""Rate limits: requests of an address in five seconds, orders of an account in one; it counts in wall time."""

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.bybit.errors import TOO_FREQUENT, TOO_MANY, fault
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.window_counts import WindowCounts

REQUESTS_MAX, REQUESTS_MS = 600, 5000
ORDERS_MAX = {Market.SPOT: 20, Market.PERP: 10}
READS_MAX = 50
SECOND_MS = 1000


class AddressMeter:
    """What both markets count together."""

    def __init__(self) -> None:
        self.window, self.requests, self.barred_until_ms = 0, 0, 0


class BybitMeter:
    """Counts of one market; windows are aligned to wall time where the venue's roll."""

    def __init__(self, market: Market, address: AddressMeter) -> None:
        self._max = ORDERS_MAX[market]
        self._address = address
        self._orders = WindowCounts(SECOND_MS)
        self._wall_ms = 0

    def weigh(self, weight: int, wall_ms: int) -> None:
        """Count a request of the address; raise `VenueError` 403."""
        self._wall_ms = wall_ms
        address, window = self._address, wall_ms // REQUESTS_MS
        if wall_ms < address.barred_until_ms:
            raise fault(*TOO_FREQUENT)
        if window != address.window:
            address.window, address.requests = window, 0
        address.requests += weight
        if address.requests > REQUESTS_MAX:
            raise fault(*TOO_FREQUENT)

    def count_orders(
        self, account: str, orders: int, wall_ms: int, *, slow: int | None = None
    ) -> None:
        """Count orders of an account; raise `VenueError` 10006."""
        del slow
        if self._orders.add(account, orders, wall_ms) > self._max:
            raise fault(*TOO_MANY)

    def bar(self, status: int, until_ms: int, wall_ms: int) -> VenueError:
        """Refuse everything until a wall time; return the refusal of this request."""
        self._address.barred_until_ms = until_ms
        return self.refusal(status, until_ms, wall_ms)

    def refusal(self, status: int, until_ms: int, wall_ms: int) -> VenueError:
        """State that there were too many requests: of the address, or of an account."""
        del until_ms, wall_ms
        return fault(*TOO_MANY) if status == 429 else fault(*TOO_FREQUENT)

    def headers(self, account: str, *, orders: bool) -> dict[str, str]:
        """What is left of the limit of this endpoint."""
        limit = self._max if orders else READS_MAX
        used = self._orders.add(account, 0, self._wall_ms) if orders else 1
        return {
            "X-Bapi-Limit": str(limit),
            "X-Bapi-Limit-Status": str(max(0, limit - used)),
            "X-Bapi-Limit-Reset-Timestamp": str(self._wall_ms),
        }
