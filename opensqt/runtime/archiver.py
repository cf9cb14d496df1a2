"""Copies a stream into its archive, a file an hour and part. Never holds the relay up: it reads like anyone else."""

import asyncio

from opensqt.runtime.archive import ArchiveEnd, ArchiveRow, FeedArchive, row_of
from opensqt.runtime.bus.port import Bus, BusDown, Start, Stream, StreamChanged, StreamState
from opensqt.runtime.clock import Clock
from opensqt.runtime.envelope import MESSAGE_ID
from opensqt.runtime.telemetry.logs import Log

FLUSH_EVERY_S = 60.0
FLUSH_ROWS = 20_000
RETRY_S = 0.2

_log = Log("archiver")


class Archiver:
    """Reads a stream from where its archive ends, and flushes by time, by size and at the end."""

    def __init__(
        self, bus: Bus, clock: Clock, archive: FeedArchive, stream: Stream = Stream.FEED
    ) -> None:
        self._stream = stream
        self._bus = bus
        self._clock = clock
        self._archive = archive
        self._rows: list[ArchiveRow] = []
        self._created_ms = 0
        self._life = 1
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
                    _log.warning("archive interrupted", stream=self._stream, detail=str(error))
                    await self._try_flush()
                    await self._clock.sleep(RETRY_S)
                except OSError as error:
                    # What could not be written is read again: the stream holds it for longer than a disk is full.
                    _log.error("archive not written", stream=self._stream, detail=str(error))
                    async with self._writing:
                        self._rows = []
                    await self._clock.sleep(FLUSH_EVERY_S)
        finally:
            ticking.cancel()
            await self._try_flush()

    async def flush(self) -> None:
        """Write what was read so far; raise `OSError`, and keep it, when that fails."""
        async with self._writing:
            rows = list(self._rows)
            if rows:
                await asyncio.to_thread(self._archive.write, rows, self._created_ms, self._life)
                del self._rows[: len(rows)]

    async def _try_flush(self) -> None:
        try:
            await self.flush()
        except OSError as error:
            _log.error("archive not written", stream=self._stream, detail=str(error))

    async def _follow(self) -> None:
        state = await self._bus.state(self._stream)
        end = await asyncio.to_thread(self._archive.end, state.created_ms)
        holds = end is None or await self._holds(end, state)
        life = 1 if end is None else end.life
        # What FEED holds now is archived anew where it is no longer what was archived: a decision was made on either.
        self._created_ms, self._life = state.created_ms, life if holds else life + 1
        reached = end.sequence if end is not None and holds else 0
        follower = await self._bus.follow(self._stream, (), Start(sequence=reached + 1))
        try:
            async for delivery in follower:
                if delivery.sequence <= reached:
                    # A stream that lives in memory begins anew with its server, and the follower with it.
                    raise StreamChanged(f"{self._stream} began anew")
                self._rows.append(row_of(delivery, otherwise_ms=self._clock.market_ms()))
                self.read_sequence = reached = delivery.sequence
                if len(self._rows) >= FLUSH_ROWS:
                    await self.flush()
        finally:
            await follower.close()
        raise BusDown(f"{self._stream} is no longer followed")

    async def _holds(self, end: ArchiveEnd, state: StreamState) -> bool:
        """Tell whether the message that was archived last is still where it was; length alone proves nothing."""
        if state.last_sequence < end.sequence:
            return False
        if end.sequence < max(state.first_sequence, 1) or not end.event_id:
            return True
        follower = await self._bus.follow(self._stream, (), Start(sequence=end.sequence))
        try:
            async for delivery in follower:
                return delivery.headers.get(MESSAGE_ID) == end.event_id
        finally:
            await follower.close()
        raise BusDown(f"{self._stream} is no longer followed")

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_EVERY_S)
            await self._try_flush()
