"""One golden log: the rows of a journal in a file, read as a journal, and the rows that its projections come to.

`python -m tests.golden.logs.log FOLDER` writes a new one, at a release. Nothing that was written is ever written anew.
"""

import asyncio
import gzip
import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

import opensqt
from opensqt.domain.journal import Head, Recorded
from opensqt.replay.moment import moment_at
from opensqt.replay.record import rows_of
from tests.recorded_desk import live

HERE = Path(__file__).parent
SUFFIX = ".jsonl.gz"
PARTS = 4  # moments that are compared, evenly apart


class GoldenLog(msgspec.Struct, frozen=True, kw_only=True):
    """What a version wrote, and the SHA-256 of each projection at some positions, as that version made them."""

    version: str
    rows: tuple[Recorded, ...]
    sha256: dict[str, dict[str, str]]  # by position and table


class LogJournal:
    """A golden log as a journal to read."""

    def __init__(self, rows: Sequence[Recorded]) -> None:
        self._rows = rows

    async def read(self, after: int, count_max: int, *, stream_prefix: str = "") -> list[Recorded]:
        """Return rows beyond a position."""
        found = [
            row
            for row in self._rows
            if row.position > after and row.stream.startswith(stream_prefix)
        ]
        return found[:count_max]

    async def head(self) -> Head:
        """Return the end."""
        return Head(position=self._rows[-1].position, generation="golden")


def read_log(path: Path) -> GoldenLog:
    """Read one log."""
    head, *rows = gzip.decompress(path.read_bytes()).splitlines()
    told = json.loads(head)
    return GoldenLog(
        version=told["version"],
        rows=tuple(msgspec.json.decode(row, type=Recorded) for row in rows),
        sha256=told["sha256"],
    )


async def tables_sha256(rows: Sequence[Recorded], position: int) -> dict[str, str]:
    """Return the hash of each projection at a position, by the code of now."""
    moment = await moment_at(LogJournal(rows), position, None)
    return {
        table: hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
        for table, found in moment.tables.items()
    }


async def write(folder: Path) -> Path:
    """Write what this version makes of a short life."""
    with tempfile.TemporaryDirectory() as scratch:
        lived = await live(Path(scratch))
        rows = [row async for row in rows_of(lived.journal)]
    head = rows[-1].position
    places = [head * part // PARTS for part in range(1, PARTS + 1)]
    sha256 = {str(place): await tables_sha256(rows, place) for place in places}
    first = json.dumps({"version": opensqt.__version__, "sha256": sha256}).encode()
    lines = [first, *(msgspec.json.encode(row) for row in rows)]
    path = folder / f"{opensqt.__version__}{SUFFIX}"
    path.write_bytes(gzip.compress(b"\n".join(lines), mtime=0))
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(write(Path(sys.argv[1])))}\n")
