"""The rate budget of one venue: token buckets with shares for exits and for a first look, and the pace of retries.

The bucket is pure; the shell only waits on the clock. It never sends anything and never retries a place.
"""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

import msgspec

from opensqt.runtime.clock import Clock
from opensqt.runtime.config.schema import VenueConfig
from opensqt.runtime.telemetry.logs import Log

ORDERS = "orders"  # the bucket of an account's orders; the others are named for their market
# Of a burst: the first look of a process, which none before it has used.
FIRST_PART = Decimal(1) / 3
FIRST_SHARE = Decimal("0.5")  # of what we leave to others in a minute: a first look may go so far
WAITED_S_MIN = 0.01  # what is shorter is the loop's own
WAITED_S_MAX = 1.0  # said in the log when requests have waited for longer together
WAITED_EVERY_S = 10.0
KEPT_FOR_CANCELS = 1.0  # a cancel never waits behind reducing orders, however many there are
RETRY_FIRST_S = 0.5
RETRY_LAST_S = 10.0
RETRY_JITTER = 0.1
RETRY_ATTEMPTS = 5
# Of our share of a venue's weights; the executors of its accounts share the rest.
FEED_PART = Decimal("0.25")

Answer = TypeVar("Answer")


class Priority(StrEnum):
    """Who may use the reserved share: exits and looks, never openings and reads; its last tokens are for cancels."""

    OPEN = "open"
    READ = "read"  # waits in turn with openings, but has the share of the first look
    LOOK = "look"  # reads that settle an order in doubt: it may be an exit, and blocks others
    EXIT = "exit"  # reduce-only orders
    CANCEL = "cancel"


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A token bucket: refill per wall second, size, and how many tokens openings leave for exits.

    `per_window` is what all our processes may use of a weight in a window of the venue's. `first` is what a process
    may read in the beginning though that is used up, as long as the venue has counted less than `first_until`: who
    takes over must not wait because the one that he replaces has spent it.
    """

    rate_per_s: float = 25.0
    burst: float = 30.0
    reserved: float = 6.0
    per_window: float = math.inf
    first: float = 0.0
    first_until: float = math.inf


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A published limit: so much in so many wall seconds, for all processes of an address or for an account.

    A request may name a bucket of it, like `place/BTC-USDT`: each has the whole rate of `place`.
    """

    amount: int
    per_s: float = 60.0
    of_address: bool = True


class Bucket:
    """Tokens of one limit; time is passed in, in wall seconds."""

    def __init__(self, limit: Limit, now_s: float) -> None:
        self.limit = limit
        self._tokens = limit.burst - limit.first
        self._first = limit.first
        self._at_s = now_s
        self._paused_until_s = now_s

    def wait_s(self, now_s: float, weight: float, lane: Priority) -> float:
        """Return the seconds until this weight can be taken; 0 means now."""
        self._refill(now_s)
        pause_s = max(0.0, self._paused_until_s - now_s)
        if weight == 0:
            return pause_s
        if self._is_first(weight, lane):
            return pause_s
        openings = self.limit.reserved
        kept = {Priority.OPEN: openings, Priority.READ: openings, Priority.CANCEL: 0.0}
        floor = min(kept.get(lane, KEPT_FOR_CANCELS), self.limit.reserved)
        need = min(weight + floor, self.limit.burst)
        missing = need - self._tokens
        return max(pause_s, missing / self.limit.rate_per_s, 0.0)

    def take(self, weight: float, lane: Priority) -> None:
        """Use tokens, the first reads those of their share; a weight above the burst leaves a debt."""
        if self._is_first(weight, lane):
            self._first -= weight
        else:
            self._tokens -= weight

    def learn(self, used: float) -> None:
        """Keep no more tokens than the venue's window has left, `used` being what it counted; exits keep theirs."""
        left = max(self.limit.reserved, self.limit.per_window - used)
        self._tokens = min(self._tokens, left)
        self._first = min(self._first, max(0.0, self.limit.first_until - used))

    def pause(self, now_s: float, seconds: float) -> None:
        """Grant nothing for a while: the venue said that we are too fast."""
        self._paused_until_s = max(self._paused_until_s, now_s + seconds)

    def _is_first(self, weight: float, lane: Priority) -> bool:
        return lane is Priority.READ and weight <= self._first

    def _refill(self, now_s: float) -> None:
        gained = (now_s - self._at_s) * self.limit.rate_per_s
        self._tokens = min(self.limit.burst, self._tokens + gained)
        self._at_s = now_s


class Budget:
    """Buckets by name; each lane is first come first served and never waits behind another."""

    def __init__(self, clock: Clock, limits: Mapping[str, Limit]) -> None:
        self._clock = clock
        self._limits = limits
        self._buckets: dict[str, Bucket] = {}
        self._turns: dict[tuple[str, Priority], asyncio.Lock] = {}
        self._waits = Waits(clock)

    async def acquire(self, costs: Mapping[str, float], lane: Priority) -> None:
        """Wait until every named bucket has granted its weight."""
        began_s = self._clock.monotonic_s()
        queue = Priority.OPEN if lane is Priority.READ else lane
        for name, weight in costs.items():
            async with self._turns.setdefault((name, queue), asyncio.Lock()):
                bucket = self._bucket(name)
                while (wait_s := bucket.wait_s(self._clock.monotonic_s(), weight, lane)) > 0:
                    await self._clock.sleep(wait_s)
                bucket.take(weight, lane)
        self._waits.note(self._clock.monotonic_s() - began_s, costs, lane)

    def learn(self, name: str, used: float) -> None:
        """Take in what the venue has counted in this minute: whoever died before us used some of it."""
        self._bucket(name).learn(used)

    def pause(self, names: Mapping[str, float], seconds: float) -> None:
        """Stop granting from these buckets for a while (wall seconds)."""
        for name in names:
            self._bucket(name).pause(self._clock.monotonic_s(), seconds)

    def _bucket(self, name: str) -> Bucket:
        if name not in self._buckets:
            limit = self._limits[name.partition("/")[0]]
            self._buckets[name] = Bucket(limit, self._clock.monotonic_s())
        return self._buckets[name]


class Waits:
    """Says in the log, now and then, how long requests have waited for their turn: many short waits make a long one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._log = Log("venue.budget")
        self._since_s = clock.monotonic_s()
        self._waited_s: dict[str, float] = {}

    def note(self, waited_s: float, costs: Mapping[str, float], lane: Priority) -> None:
        """Take in a request's wait; say the sums when they are long and the last line is old enough."""
        if waited_s < WAITED_S_MIN:
            return
        name = f"{'+'.join(costs)} {lane}"
        self._waited_s[name] = self._waited_s.get(name, 0.0) + waited_s
        now_s = self._clock.monotonic_s()
        if sum(self._waited_s.values()) >= WAITED_S_MAX and now_s >= self._since_s:
            sums = {key: round(value, 2) for key, value in self._waited_s.items()}
            self._log.warning("rate_budget_waited_for", waited_s=sums)
            self._waited_s, self._since_s = {}, now_s + WAITED_EVERY_S


def executor_part(accounts: int) -> Decimal:
    """Return the part of our share that the executor of one of so many accounts may use."""
    return (1 - FEED_PART) / accounts


def limits_of(config: VenueConfig, rates: Mapping[str, Rate], part: Decimal) -> dict[str, Limit]:
    """Return one process's buckets at a venue: orders of its account, and its `part` of our share of each rate.

    A quarter of a rate may be used in a burst, the rest flows, so that no window exceeds it.
    """
    kept = float(config.exit_share_min)
    burst = float(config.orders_burst_max)
    limits = {
        ORDERS: Limit(rate_per_s=float(config.orders_per_s_max), burst=burst, reserved=burst * kept)
    }
    for name, rate in rates.items():
        amount = config.rate_limits.get(name, rate.amount)
        ours = amount * config.rate_budget_share_max
        allowed = float(ours * part if rate.of_address else ours)
        burst = allowed / 4
        limits[name] = Limit(
            rate_per_s=(allowed - burst) / rate.per_s,
            burst=burst,
            reserved=burst * kept,
            per_window=float(ours),
            first=burst * float(FIRST_PART),
            first_until=float(ours + (amount - ours) * FIRST_SHARE),
        )
    return limits


def retry_delay_s(attempt: int, jitter: random.Random) -> float:
    """Return the wall seconds to wait after failed attempt 1, 2, ...: 0.5 s doubling to 10 s, ±10 %."""
    plain_s = min(RETRY_LAST_S, RETRY_FIRST_S * 2.0 ** (attempt - 1))
    return plain_s * jitter.uniform(1 - RETRY_JITTER, 1 + RETRY_JITTER)


async def retried(
    call: Callable[[], Awaitable[Answer]],
    *,
    again: Callable[[Answer], bool],
    clock: Clock,
    jitter: random.Random,
) -> Answer:
    """Call until `again` is false of the answer, at most five times; return the last answer.

    The only retry layer of the venue port, for reads; a cancel is repeated by whoever keeps the wish.
    """
    attempt = 1
    answer = await call()
    while again(answer) and attempt < RETRY_ATTEMPTS:
        await clock.sleep(retry_delay_s(attempt, jitter))
        attempt += 1
        answer = await call()
    return answer
