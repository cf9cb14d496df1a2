"""FEED in columnar files: by hour of market time, complete, and continued after a restart."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from opensqt.domain.market import Time
from opensqt.runtime.archive import ArchiveEnd, ArchiveRow, FeedArchive
from opensqt.runtime.archive_reader import ArchiveReader
from opensqt.runtime.archiver import Archiver
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.envelope import Envelope
from tests.conditions import until
from tests.relays import MemoryHouse, memory_house

HOUR_MS = 3_600_000
START_MS = 1_723_120_200_000  # 2024-08-08T12:30Z


@pytest.fixture
def house() -> MemoryHouse:
    """An empty house in memory."""
    return memory_house()


@pytest.fixture
def archive(tmp_path: Path) -> FeedArchive:
    """An empty archive."""
    return FeedArchive(tmp_path / "feed")


def archived(folder: Path) -> list[ArchiveRow]:
    """Return everything that is archived, life after life."""
    reader = ArchiveReader(folder)
    return [row for life in reader.lives for row in reader.rows(life, 1)]


async def tell(house: MemoryHouse, *times_ms: int) -> None:
    """Publish one fact for each time."""
    for time_ms in times_ms:
        envelope = Envelope(event_id=f"t{time_ms}", type="Time", source="test", time_ms=time_ms)
        await house.bus.publish("evt.time", Time(time_ms=time_ms), envelope)


@asynccontextmanager
async def archiving(house: MemoryHouse, archive: FeedArchive) -> AsyncIterator[Archiver]:
    """Archive until everything that FEED holds at the end of the block was read."""
    archiver = Archiver(house.bus, house.clock, archive)
    task = asyncio.create_task(archiver.run())
    yield archiver
    end = (await house.bus.state(Stream.FEED)).last_sequence
    await until(lambda: archiver.read_sequence >= end)
    task.cancel()
    await asyncio.wait((task,))


async def test_feed_is_archived_by_the_hour_of_market_time(
    house: MemoryHouse, archive: FeedArchive, tmp_path: Path
) -> None:
    """Each message is in the file of its hour with everything that was said about it."""
    async with archiving(house, archive):
        await tell(house, START_MS, START_MS + 100, START_MS + HOUR_MS)
    names = sorted(path.name for path in (tmp_path / "feed").iterdir())
    assert names == ["2024-08-08T12.1.parquet", "2024-08-08T13.3.parquet"]
    rows = archived(tmp_path / "feed")
    assert [row.sequence for row in rows] == [1, 2, 3]
    assert [row.time_ms for row in rows] == [START_MS, START_MS + 100, START_MS + HOUR_MS]
    assert {row.subject for row in rows} == {"evt.time"}
    assert {row.type for row in rows} == {"Time"}
    assert '"ce-source": "test"' in rows[0].headers


async def test_a_restarted_archiver_neither_skips_nor_repeats(
    house: MemoryHouse, archive: FeedArchive, tmp_path: Path
) -> None:
    """It reads on behind the last archived sequence."""
    async with archiving(house, archive):
        await tell(house, START_MS)
    await tell(house, START_MS + 100)
    async with archiving(house, archive):
        await tell(house, START_MS + 200)
    assert [row.sequence for row in archived(tmp_path / "feed")] == [1, 2, 3]


async def test_a_crash_while_writing_leaves_nothing_out(
    house: MemoryHouse, archive: FeedArchive, tmp_path: Path
) -> None:
    """Until the last file of a flush has its name, the archive does not count what the others hold."""
    async with archiving(house, archive):
        await tell(house, START_MS)
    async with archiving(house, archive):
        await tell(house, START_MS + HOUR_MS, START_MS + 100, START_MS + HOUR_MS + 100)
    files = sorted(path.name for path in (tmp_path / "feed").iterdir())
    assert files == [
        "2024-08-08T12.1.parquet",
        "2024-08-08T12.3.parquet",
        "2024-08-08T13.2.parquet",
    ]
    created_ms = (await house.bus.state(Stream.FEED)).created_ms
    assert (await asyncio.to_thread(archive.end, created_ms)) == ArchiveEnd(
        life=1, sequence=4, event_id=f"t{START_MS + HOUR_MS + 100}"
    )
    last = tmp_path / "feed" / files[2]
    last.rename(last.with_suffix(".part"))
    end = archive.end(created_ms)
    assert end is not None
    assert end.sequence == 1
    assert not list((tmp_path / "feed").glob("*.part"))


async def test_another_feed_is_archived_beside_the_old_one(
    house: MemoryHouse, archive: FeedArchive, tmp_path: Path
) -> None:
    """The same sequences of a FEED made anew overwrite nothing."""
    async with archiving(house, archive):
        await tell(house, START_MS)
        await tell(house, START_MS + 100)
    house.broker.make_anew(Stream.FEED)
    async with archiving(house, archive):
        await tell(house, START_MS + 200)
    assert [row.time_ms - START_MS for row in archived(tmp_path / "feed")] == [0, 100, 200]


async def test_a_message_without_an_envelope_is_kept(
    house: MemoryHouse, archive: FeedArchive, tmp_path: Path
) -> None:
    """Poison is archived as it came, under the hour in which it was read."""
    async with archiving(house, archive):
        await house.bus.send("evt.test", b"\xff", {})
    (row,) = archived(tmp_path / "feed")
    assert (row.event_id, row.data) == ("", b"\xff")


async def test_a_feed_that_lost_its_end_and_went_on_is_archived_once_more(
    house: MemoryHouse, archive: FeedArchive, tmp_path: Path
) -> None:
    """Other messages under sequences that were archived before: both are kept apart, and nothing is left out."""
    async with archiving(house, archive):
        await tell(house, START_MS, START_MS + 100, START_MS + 200)
    house.broker.lose_tail(Stream.FEED, 2)
    await tell(house, START_MS + 300, START_MS + 400, START_MS + 500, START_MS + 600)
    async with archiving(house, archive):
        await tell(house, START_MS + 700)
    reader = ArchiveReader(tmp_path / "feed")
    told = [[row.time_ms - START_MS for row in reader.rows(life, 1)] for life in reader.lives]
    assert told == [[0, 100, 200], [0, 300, 400, 500, 600, 700]]


class FullDisk(FeedArchive):
    """An archive on a disk that is full until somebody frees it."""

    is_full = True

    def write(self, rows: Sequence[ArchiveRow], created_ms: int, life: int = 1) -> list[Path]:
        """Refuse, or write as ever."""
        if self.is_full:
            raise OSError(28, "No space left on device")
        return super().write(rows, created_ms, life)


async def test_what_a_full_disk_did_not_take_is_written_when_it_is_freed(
    house: MemoryHouse, tmp_path: Path
) -> None:
    """A row counts as archived once it is on disk, not when somebody tried to write it."""
    disk = FullDisk(tmp_path / "feed")
    async with archiving(house, disk) as archiver:
        await tell(house, START_MS, START_MS + 100)
        await until(lambda: archiver.read_sequence >= 2)
        with pytest.raises(OSError, match="No space"):
            await archiver.flush()
        disk.is_full = False
        await tell(house, START_MS + 200)
    assert [row.sequence for row in archived(tmp_path / "feed")] == [1, 2, 3]
