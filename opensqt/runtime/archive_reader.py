"""The archived FEED, read again in its own order. Changes nothing; whoever writes it meanwhile is not disturbed.

A FEED that lost its end and went on has several lives: the same sequences with other messages. Each is read alone.
"""

import heapq
from collections.abc import Iterator
from pathlib import Path

import msgspec

from opensqt.domain.control import FeedGeneration
from opensqt.domain.subjects import FEED_GENERATION
from opensqt.runtime.archive import CREATED, LIFE, SUFFIX, ArchiveRow
from opensqt.runtime.codec import Undecodable, decode


class FeedLife(msgspec.Struct, frozen=True, kw_only=True):
    """One FEED from its making, or from where it lost its end, to the next such moment."""

    created_ms: int  # wall
    life: int
    files: tuple[tuple[int, Path], ...]  # by the sequence of their first row
    last_sequence: int
    generations: frozenset[int]  # that were announced in it


class ArchiveReader:
    """The files of one archive as they are now. All methods block."""

    def __init__(self, folder: Path) -> None:
        found: dict[tuple[int, int], list[tuple[int, Path]]] = {}
        for path in folder.glob(f"*{SUFFIX}"):
            found.setdefault(_life_of(path), []).append((_first_of(path), path))
        self.lives = tuple(
            _opened(created_ms, life, sorted(files))
            for (created_ms, life), files in sorted(found.items())
        )

    def life_of(self, generation: int) -> FeedLife | None:
        """Return the FEED that a reader of this feed generation had; what was lost since stands in no later one."""
        return next((life for life in self.lives if generation in life.generations), None)

    def rows(self, life: FeedLife, first_sequence: int) -> Iterator[ArchiveRow]:
        """Yield every row of a life from a sequence on, in order, each once."""
        starts = [first for first, _ in life.files] + [life.last_sequence + 1]
        waiting: list[tuple[int, int, ArchiveRow]] = []
        last = first_sequence - 1
        for number, (_, path) in enumerate(life.files):
            for row in _rows(path):
                if row.sequence > last:
                    heapq.heappush(waiting, (row.sequence, number, row))
            # What follows begins here: everything before it is complete, whichever file of a flush holds it.
            while waiting and waiting[0][0] < starts[number + 1]:
                sequence, _, row = heapq.heappop(waiting)
                if sequence > last:
                    last = sequence
                    yield row
        while waiting:
            sequence, _, row = heapq.heappop(waiting)
            if sequence > last:
                last = sequence
                yield row


def _rows(path: Path) -> Iterator[ArchiveRow]:
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                yield ArchiveRow(**row)


def _opened(created_ms: int, life: int, files: list[tuple[int, Path]]) -> FeedLife:
    from pyarrow import parquet

    last, generations = 0, set()
    for _, path in files:
        table = parquet.read_table(path, columns=["sequence", "subject", "data"])
        for batch in table.to_batches():
            last = max(last, *batch.column("sequence").to_pylist())
            subjects = batch.column("subject").to_pylist()
            for index in (at for at, subject in enumerate(subjects) if subject == FEED_GENERATION):
                generations.add(_generation(batch.column("data")[index].as_py()))
    return FeedLife(
        created_ms=created_ms,
        life=life,
        files=tuple(files),
        last_sequence=last,
        generations=frozenset(generations),
    )


def _generation(data: bytes) -> int:
    try:
        message = decode(data)
    except Undecodable:
        return 0
    return message.generation if isinstance(message, FeedGeneration) else 0


def _life_of(path: Path) -> tuple[int, int]:
    from pyarrow import parquet

    said = parquet.read_schema(path).metadata or {}
    return int(said.get(CREATED, b"0")), int(said.get(LIFE, b"1"))


def _first_of(path: Path) -> int:
    return int(path.name.removesuffix(SUFFIX).split(".")[1])
