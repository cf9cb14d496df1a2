"""What strategies, risk, reconciler and gateway read: the journal once, then FEED, without a silent hole.

Never guesses: a hole that is not filled, another feed generation or another stream means beginning again.
"""

from collections.abc import AsyncIterator, Sequence

from opensqt.domain.intent import Basis
from opensqt.domain.subjects import FEED_GENERATION, HEARTBEAT
from opensqt.runtime.bus.catch_up import CatchUpPass, ResetRequired
from opensqt.runtime.bus.feed_items import CaughtUp, FeedItem, FeedReset, Item
from opensqt.runtime.bus.port import BusDown, FeedSource, Follower, Start, Stream, StreamChanged
from opensqt.runtime.bus.recorded import as_believed
from opensqt.runtime.bus.sequence_tracker import SequenceBroken
from opensqt.runtime.clock import Clock
from opensqt.runtime.journal.port import JournalDown, JournalRows
from opensqt.runtime.progress import Progress
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import Metrics

__all__ = ["CaughtUp", "FeedItem", "FeedReader", "FeedReset", "Item"]

RETRY_S = 0.2

_log = Log("feed")


class FeedReader:
    """Reads what matches `filters`: journal rows first, then FEED from `lookback_ms` (wall) ago, or from now (0).

    After `FeedReset` the consumer forgets everything; `CaughtUp` follows when the past is folded.
    """

    def __init__(
        self,
        *,
        bus: FeedSource,
        journal: JournalRows,
        clock: Clock,
        filters: Sequence[str],
        service: str,
        lookback_ms: int = 0,
        metrics: Metrics | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._bus = bus
        self._journal = journal
        self._clock = clock
        self.filters = tuple(filters)
        self._service = service
        self._lookback_ms = lookback_ms
        self._metrics = metrics or Metrics()
        self._lag = self._metrics.consumer_lag.labels(Stream.FEED)
        self._loop = (progress or Progress()).loop("reading FEED")
        self._follower: Follower | None = None
        self._closed = False
        self._pass = self._new_pass(0)

    @property
    def basis(self) -> Basis:
        """What has been yielded so far: put it into intents and verdicts."""
        return Basis(generation=self._pass.generation, sequence=self._pass.sequence)

    @property
    def position(self) -> int:
        """The highest journal position yielded so far."""
        return self._pass.position

    async def __aiter__(self) -> AsyncIterator[Item]:
        try:
            async for item in self._items():
                yield item
        finally:
            self._loop.rest()

    async def _items(self) -> AsyncIterator[Item]:
        while not self._closed:
            self._loop.step()
            try:
                async for item in self._read():
                    yield item
            except ResetRequired as again:
                kind, detail = again.kind, str(again)
            except StreamChanged as changed:
                kind, detail = "stream changed", str(changed)
            except SequenceBroken as broken:
                kind, detail = "chain broken", str(broken)
            except (BusDown, JournalDown) as down:
                kind, detail = "server down", str(down)
                await self._clock.sleep(RETRY_S)
            else:
                return
            _log.warning("reading FEED from the beginning", reason=kind, detail=detail)
            self._metrics.feed_restarts.labels(kind).inc()
            yield FeedReset(reason=f"{kind}: {detail}")

    async def close(self) -> None:
        """Stop reading; the iteration ends."""
        self._closed = True
        if self._follower is not None:
            await self._follower.close()

    async def _read(self) -> AsyncIterator[Item]:
        before = await self._bus.state(Stream.FEED)
        end = before.last_sequence
        self._pass = one = self._new_pass(end)
        # FEED is heard before the journal's head is read, so that nothing falls in between.
        wanted = (*self.filters, FEED_GENERATION, HEARTBEAT)
        follower = await self._bus.follow(Stream.FEED, wanted, self._start(end))
        self._follower = follower
        try:
            if (await self._bus.state(Stream.FEED)).created_ms != before.created_ms:
                raise StreamChanged("FEED was made anew between its end and its reader")
            async for row in one.past():
                yield row
            if mark := one.caught_up(0 if self._lookback_ms else end):
                yield mark
            self._loop.rest()
            async for delivery in follower:
                self._loop.step()
                if mark := one.caught_up(delivery.sequence - 1):
                    yield mark
                believed = await as_believed(self._journal, delivery)
                if believed is not None:
                    now_s, now_ms = self._clock.monotonic_s(), self._clock.market_ms()
                    async for item in one.offer(believed, now_s, now_ms):
                        yield item
                if mark := one.caught_up(delivery.sequence):
                    yield mark
                self._lag.set(one.held + follower.waiting)
                self._loop.rest()
        finally:
            self._loop.step()
            await follower.close()

    def _start(self, end: int) -> Start:
        if self._lookback_ms:
            return Start(wall_ms=self._clock.wall_ms() - self._lookback_ms)
        return Start(sequence=end + 1)

    def _new_pass(self, end: int) -> CatchUpPass:
        return CatchUpPass(
            bus=self._bus,
            journal=self._journal,
            filters=self.filters,
            service=self._service,
            metrics=self._metrics,
            end=end,
            progress=self._loop,
            speed=self._clock.speed,
        )
