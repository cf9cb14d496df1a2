"""Gate's rate limits: places of an account in a second, as headers tell them.

The real ones count spot by pair, and every other endpoint for itself; here the places of a market are counted together.
"""

from opensqt.domain.instruments import Market
from opensqt.simulation.server.order_meter import OrderMeter

ORDERS_MAX = {Market.SPOT: 10, Market.PERP: 100}
OTHERS_MAX, OTHERS_USED = 200, 1
TOO_MANY = ("TOO_MANY_REQUESTS", "Request Rate Limit Exceeded")


class GateMeter(OrderMeter):
    """Counts of one market, told by each answer."""

    def __init__(self, market: Market) -> None:
        super().__init__(1000, ORDERS_MAX[market], TOO_MANY)
        self._limit, self._wall_ms = ORDERS_MAX[market], 0

    def weigh(self, weight: int, wall_ms: int) -> None:
        """Remember when it was; raise `VenueError` while everything is refused."""
        self._wall_ms = wall_ms
        super().weigh(weight, wall_ms)

    def headers(self, account: str, *, orders: bool) -> dict[str, str]:
        """What is left of the limit of this endpoint."""
        limit, used = OTHERS_MAX, OTHERS_USED
        if orders:
            limit, used = self._limit, self._counts.add(account, 0, self._wall_ms)
        return {
            "X-Gate-RateLimit-Limit": str(limit),
            "X-Gate-RateLimit-Requests-Remain": str(max(0, limit - used)),
            "X-Gate-RateLimit-Reset-Timestamp": str(self._wall_ms // 1000),
        }
