"""Rate limits: request weight per address and orders per account, in wall time. It never blocks; it answers and counts.

Over the weight: 429 with Retry-After until the minute ends; going on regardless: 418 for the time of a ban.
"""

import msgspec

from opensqt.simulation.server.call import VenueError

MINUTE_MS = 60_000
SHORT_MS = 10_000
IGNORED_MAX = 20
BAN_MS = 120_000


class OrderWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window of order counts and the header that tells it."""

    interval: str
    number: int
    span_ms: int
    orders_max: int
    header: str


class RateLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one market."""

    weight_max: int
    orders: tuple[OrderWindow, ...]


SPOT_LIMITS = RateLimits(
    weight_max=6000,
    orders=(
        OrderWindow(interval="SECOND", number=10, span_ms=10_000, orders_max=100, header="10S"),
        OrderWindow(interval="DAY", number=1, span_ms=86_400_000, orders_max=200_000, header="1D"),
    ),
)
USDM_LIMITS = RateLimits(
    weight_max=2400,
    orders=(
        OrderWindow(interval="SECOND", number=10, span_ms=10_000, orders_max=300, header="10S"),
        OrderWindow(interval="MINUTE", number=1, span_ms=60_000, orders_max=1200, header="1M"),
    ),
)


class RateMeter:
    """Counts of one market; windows are aligned to wall time as the venue's are."""

    def __init__(self, limits: RateLimits) -> None:
        self._limits = limits
        self._weight = 0
        self._minute = 0
        self._ignored = 0
        self._barred_until_ms = 0
        self._barred_status = 418
        self._orders: dict[tuple[str, str], tuple[int, int]] = {}

    def weigh(self, weight: int, wall_ms: int) -> None:
        """Count a request; raise `VenueError` 429 or 418."""
        if wall_ms < self._barred_until_ms:
            raise self.refusal(self._barred_status, self._barred_until_ms, wall_ms)
        minute = wall_ms // MINUTE_MS
        if minute != self._minute:
            self._minute, self._weight, self._ignored = minute, 0, 0
        self._weight += weight
        if self._weight <= self._limits.weight_max:
            return
        self._ignored += 1
        if self._ignored > IGNORED_MAX:
            raise self.bar(418, wall_ms + BAN_MS, wall_ms)
        raise self.refusal(429, (minute + 1) * MINUTE_MS, wall_ms)

    def bar(self, status: int, until_ms: int, wall_ms: int) -> VenueError:
        """Refuse everything until a wall time with 429 or 418; return the refusal of this request."""
        self._barred_status, self._barred_until_ms = status, until_ms
        return self.refusal(status, until_ms, wall_ms)

    def count_orders(
        self, account: str, orders: int, wall_ms: int, *, slow: int | None = None
    ) -> None:
        """Count new orders of an account, `slow` in windows beyond ten seconds; raise `VenueError` -1015."""
        for window in self._limits.orders:
            bucket = wall_ms // window.span_ms
            known, count = self._orders.get((account, window.header), (bucket, 0))
            added = orders if slow is None or window.span_ms <= SHORT_MS else slow
            count = added if known != bucket else count + added
            self._orders[account, window.header] = (bucket, count)
            if count > window.orders_max:
                interval = f"{window.number} {window.interval}"
                text = f"Too many new orders; current limit is {window.orders_max} orders per {interval}."
                wait_s = ((bucket + 1) * window.span_ms - wall_ms) // 1000 + 1
                raise VenueError(-1015, text, 429, {"Retry-After": str(wait_s)})

    def headers(self, account: str, *, orders: bool) -> dict[str, str]:
        """What the answer says about use."""
        stated = {"X-MBX-USED-WEIGHT": str(self._weight), "X-MBX-USED-WEIGHT-1M": str(self._weight)}
        if orders:
            for window in self._limits.orders:
                count = self._orders.get((account, window.header), (0, 0))[1]
                stated[f"X-MBX-ORDER-COUNT-{window.header}"] = str(count)
        return stated

    def refusal(self, status: int, until_ms: int, wall_ms: int) -> VenueError:
        """State that there were too many requests and until when to wait (wall ms)."""
        text = f"Too many requests; current limit is {self._limits.weight_max} request weight per 1 MINUTE."
        return VenueError(
            -1003, text, status, {"Retry-After": str(-((wall_ms - until_ms) // 1000))}
        )
