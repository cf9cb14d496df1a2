"""Copies FEED into the archive, a file an hour and part. Never holds the relay up: it reads FEED like anyone else."""

import asyncio

from opensqt.runtime.archive import ArchiveRow, FeedArchive, row_of
from opensqt.runtime.bus.port import Bus, BusDown, Start, Stream, StreamChanged
from opensqt.runtime.clock import Clock
from opensqt.runtime.telemetry.logs import Log

FLUSH_EVERY_S = 60.0
FLUSH_ROWS = 20_000
RETRY_S = 0.2

_log = Log("archiver")


class Archiver:
    """Reads FEED from where the archive ends, and flushes by time, by size and at the end."""

    def __init__(self, bus: Bus, clock: Clock, archive: FeedArchive) -> None:
        self._bus = bus
        self._clock = clock
        self._archive = archive
        self._rows: list[ArchiveRow] = []
        self._created_ms = 0
        self.read_sequence = 0  # the last message that was read; on disk after the next flush
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Archive until cancelled; what was read is on disk when this ends."""
        ticking = asyncio.create_task(self._tick())
        try:
            while True:
                try:
                    await self._follow()
                except (BusDown, StreamChanged) as error:
                    _log.warning("archive interrupted", detail=str(error))
                    await self.flush()
                    await self._clock.sleep(RETRY_S)
        finally:
            ticking.cancel()
            await self.flush()

    async def flush(self) -> None:
        """Write what was read so far."""
        async with self._writing:
            rows, self._rows = self._rows, []
            if rows:
                await asyncio.to_thread(self._archive.write, rows, self._created_ms)

    async def _follow(self) -> None:
        state = await self._bus.state(Stream.FEED)
        self._created_ms = state.created_ms
        last = await asyncio.to_thread(self._archive.last_sequence, state.created_ms)
        start = Start(sequence=min(last, state.last_sequence) + 1)
        follower = await self._bus.follow(Stream.FEED, (), start)
        try:
            async for delivery in follower:
                self._rows.append(row_of(delivery, otherwise_ms=self._clock.market_ms()))
                self.read_sequence = delivery.sequence
                if len(self._rows) >= FLUSH_ROWS:
                    await self.flush()
        finally:
            await follower.close()
        raise BusDown("FEED is no longer followed")

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_EVERY_S)
            await self.flush()
