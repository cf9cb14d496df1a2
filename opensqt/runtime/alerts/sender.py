"""One channel's messages, one after the other: everything that is due goes into one, and is tried until it is taken.

What waits is no queue: it is what is the case now and was not told, so it cannot grow, and what has ended meanwhile is
not told at all. A channel that hangs delays itself alone.
"""

import random
from collections import deque
from collections.abc import Awaitable, Callable

from opensqt.domain.control import AlertDelivery
from opensqt.runtime.alerts.alert import AlertMessage
from opensqt.runtime.alerts.book import DELIVERED, FAILED, Due
from opensqt.runtime.alerts.channel import HttpChannel, PostResult
from opensqt.runtime.alerts.terms import AlertTerms, pause_s
from opensqt.runtime.clock import Clock
from opensqt.runtime.telemetry.logs import Log

MINUTE_S = 60.0
Record = Callable[[AlertDelivery], Awaitable[None]]


class AlertSender:
    """The work of one channel; `due` says what it is to be told now, `record` keeps what came of it."""

    def __init__(
        self,
        channel: HttpChannel,
        *,
        desk: str,
        terms: AlertTerms,
        clock: Clock,
        due: Callable[[], Due],
        record: Record,
        randomness: random.Random,
    ) -> None:
        self.trouble = ""  # why the last attempt reached nobody
        self._channel = channel
        self._desk = desk
        self._terms = terms
        self._clock = clock
        self._due = due
        self._record = record
        self._random = randomness
        self._log = Log("alerts")
        self._posted_s: deque[float] = deque(maxlen=channel.config.messages_per_minute_max)

    async def run(self) -> None:
        """Tell what is due, for ever."""
        attempts = 0
        while True:
            due = self._due()
            if due.is_empty or self._spent:
                attempts = 0 if due.is_empty else attempts
                await self._clock.sleep(self._terms.look_every_s)
                continue
            attempts += 1
            result = await self._tell(due, attempts)
            if result.ok:
                attempts = 0
                continue
            wait_s = pause_s(self._terms, attempts, result.asked_s, self._random.random())
            await self._clock.sleep(self._terms.failed_s if result.is_final else wait_s)

    @property
    def _spent(self) -> bool:
        """True while no message more may be posted within this minute."""
        full = len(self._posted_s) == self._posted_s.maxlen
        return full and self._clock.monotonic_s() - self._posted_s[0] < MINUTE_S

    async def _tell(self, due: Due, attempts: int) -> PostResult:
        self._posted_s.append(self._clock.monotonic_s())
        message = AlertMessage(
            desk=self._desk, raised=due.raised, over=due.over, time_ms=self._clock.wall_ms()
        )
        result = await self._channel.post(message)
        self.trouble = result.detail
        if result.ok or result.is_final or attempts % self._terms.attempts_max == 0:
            delivery = AlertDelivery(
                channel=self._channel.name,
                outcome=DELIVERED if result.ok else FAILED,
                raised=tuple(one.key for one in due.raised if not one.once),
                over=due.over,
                happened=tuple(one.key for one in due.raised if one.once),
                text=message.text,
                attempts=attempts,
                detail=result.detail,
                time_ms=self._clock.market_ms(),
            )
            await self._record(delivery)
        if not result.ok:
            self._log.warning(
                "alert not delivered",
                channel=self._channel.name,
                attempts=attempts,
                detail=result.detail,
            )
        return result
