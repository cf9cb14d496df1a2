"""The chart's own way through FEED: candles from further back than all else, and how each hour began. I/O only."""

import asyncio
from collections.abc import Sequence
from functools import partial

from opensqt.domain.market import Candle, Mark
from opensqt.runtime.bus.entrance import let_in
from opensqt.runtime.bus.port import BusDown, Start, Stream, StreamChanged
from opensqt.runtime.process_context import Context
from opensqt.runtime.retrying import until_answered
from services.gateway.config import NAME, GatewaySettings
from services.gateway.earnings import HOUR_MS, HOURS
from services.gateway.state import Chart

CANDLES = "md.*.*.candle"
BEGINNINGS = (CANDLES, "md.*.*.mark")
BEGINNING_MS = 5_000  # of an hour, market: by then each symbol has told a candle and a mark
BEGINNING_S_MAX = 2.0


class Candles:
    """Fills a chart from FEED."""

    def __init__(self, context: Context, settings: GatewaySettings, chart: Chart) -> None:
        self._context = context
        self._clock = context.clock
        self._settings = settings
        self._chart = chart

    async def follow(self) -> None:
        """Follow candles on their own, from further back than anything else is needed."""
        log = self._context.log
        while True:
            wall_ms = self._clock.wall_ms() - self._settings.chart_lookback_ms
            await until_answered(
                self._clock,
                partial(self._read, [CANDLES], wall_ms),
                down=(BusDown, StreamChanged),
                pause_s=self._settings.retry_s,
                told=lambda error: log.warning("candles are read again", detail=str(error)),
            )
            await self._clock.sleep(self._settings.retry_s)

    async def recall(self) -> None:
        """Look up once how each of the last hours began: a day's change needs a price that is a day old."""
        log = self._context.log
        newest_ms = self._clock.market_ms() // HOUR_MS * HOUR_MS
        ahead = [newest_ms - back * HOUR_MS for back in range(HOURS)]
        while ahead:
            await until_answered(
                self._clock,
                partial(self._begin, ahead.pop()),
                down=(BusDown, StreamChanged),
                pause_s=self._settings.retry_s,
                told=lambda error: log.warning("an hour is looked up again", detail=str(error)),
            )

    async def _begin(self, hour_ms: int) -> None:
        since_ms = int((self._clock.market_ms() - hour_ms) / self._clock.speed)
        try:
            async with asyncio.timeout(BEGINNING_S_MAX):
                wall_ms = self._clock.wall_ms() - since_ms
                await self._read(BEGINNINGS, wall_ms, until_ms=hour_ms + BEGINNING_MS)
        except TimeoutError:
            self._context.log.info("nobody has said how an hour began", hour_ms=hour_ms)

    async def _read(
        self, filters: Sequence[str], wall_ms: int, until_ms: int | None = None
    ) -> None:
        """Fold what was said since a wall time, up to a market time if one is given."""
        bus, metrics = self._context.bus, self._context.metrics
        follower = await bus.follow(Stream.FEED, filters, Start(wall_ms=wall_ms))
        try:
            async for delivery in follower:
                now_ms, speed = self._clock.market_ms(), self._clock.speed
                found = await let_in(bus, NAME, delivery, now_ms, metrics, speed=speed)
                message = found[0] if found is not None else None
                if isinstance(message, Candle | Mark):
                    if until_ms is not None and message.time_ms >= until_ms:
                        return
                    self._chart.fold(message)
        finally:
            await follower.close()
