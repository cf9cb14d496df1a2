"""FEED, and what strategies said, in columnar files by the hour of market time. Never rewrites a file it finished."""

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from opensqt.runtime.bus.port import Delivery
from opensqt.runtime.envelope import BadEnvelope, Envelope, from_headers

FOLDER = Path("archive") / "feed"
INTENTS_FOLDER = Path("archive") / "intents"
SUFFIX = ".parquet"
UNFINISHED = ".part"
CREATED = b"feed_created_ms"
LIFE = b"feed_life"
LAST = b"last_sequence"
LAST_ID = b"last_event_id"


class ArchiveRow(msgspec.Struct, frozen=True, kw_only=True):
    """One message of FEED as the archive keeps it; a message without an envelope has empty fields."""

    sequence: int
    subject: str
    event_id: str
    type: str
    time_ms: int
    position: int
    headers: str
    data: bytes


class ArchiveEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How far one FEED is archived. `life` counts how often it lost its end and went on with other messages."""

    life: int
    sequence: int
    event_id: str  # of the message there, empty where it had none


def row_of(delivery: Delivery, *, otherwise_ms: int) -> ArchiveRow:
    """Return a delivery as a row; without a readable envelope its time is `otherwise_ms`."""
    try:
        envelope = from_headers(delivery.headers)
    except BadEnvelope:
        envelope = Envelope(event_id="", type="", source="", time_ms=otherwise_ms)
    return ArchiveRow(
        sequence=delivery.sequence,
        subject=delivery.subject,
        event_id=envelope.event_id,
        type=envelope.type,
        time_ms=envelope.time_ms,
        position=envelope.position,
        headers=json.dumps(delivery.headers, sort_keys=True),
        data=delivery.data,
    )


def hour_of(time_ms: int) -> str:
    """Return the hour of a market time as it stands in file names: `2024-08-08T13`."""
    return datetime.fromtimestamp(time_ms / 1000, tz=UTC).strftime("%Y-%m-%dT%H")


class FeedArchive:
    """The files under `DATA/archive/feed`; each is complete and on disk before it gets its name.

    All methods block: call them in a thread.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, rows: Sequence[ArchiveRow], created_ms: int, life: int = 1) -> list[Path]:
        """Write rows of a life of the FEED made at `created_ms`, one file an hour, and return the files.

        The file with the last sequence gets its name last and alone says how far the archive is complete: a crash in
        between repeats rows, and never leaves any out.
        """
        if not rows:
            return []
        self._folder.mkdir(parents=True, exist_ok=True)
        hours: dict[str, list[ArchiveRow]] = {}
        for row in sorted(rows, key=lambda row: row.sequence):
            hours.setdefault(hour_of(row.time_ms), []).append(row)
        parts = sorted(hours.items(), key=lambda part: part[1][-1].sequence)
        of_feed = {CREATED: str(created_ms), LIFE: str(life)}
        incomplete = {LAST: str(min(row.sequence for row in rows) - 1), LAST_ID: ""}
        last = parts[-1][1][-1]
        complete = {LAST: str(last.sequence), LAST_ID: last.event_id}
        return [
            self._write_part(hour, part, of_feed | (complete if part[-1] is last else incomplete))
            for hour, part in parts
        ]

    def end(self, created_ms: int) -> ArchiveEnd | None:
        """Return how far the FEED made at `created_ms` is archived, if at all; clears what a crash left behind."""
        from pyarrow import parquet

        for unfinished in self._folder.glob(f"*{UNFINISHED}"):
            unfinished.unlink()
        ends: list[ArchiveEnd] = []
        files = sorted(
            self._folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns, reverse=True
        )
        newest_ns = files[0].stat().st_mtime_ns if files else 0
        for path in files:
            # A flush writes a file for each hour it touches, within moments of each other.
            if newest_ns - path.stat().st_mtime_ns > 10_000_000_000:
                break
            said = parquet.read_schema(path).metadata or {}
            if said.get(CREATED) == str(created_ms).encode():
                event_id = said.get(LAST_ID, b"").decode()
                life = int(said.get(LIFE, b"1"))
                ends.append(ArchiveEnd(life=life, sequence=int(said[LAST]), event_id=event_id))
        return max(ends, key=lambda end: (end.life, end.sequence), default=None)

    def _write_part(self, hour: str, rows: list[ArchiveRow], metadata: dict[bytes, str]) -> Path:
        import pyarrow as pa
        from pyarrow import parquet

        table = pa.Table.from_pylist(
            [msgspec.structs.asdict(row) for row in rows], schema=_schema(pa)
        ).replace_schema_metadata(metadata)
        path = self._free_path(hour, rows[0].sequence)
        unfinished = path.with_suffix(UNFINISHED)
        with unfinished.open("wb") as file:
            parquet.write_table(table, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        return path

    def _free_path(self, hour: str, first_sequence: int) -> Path:
        # Another FEED under the same name may have had this sequence in the same hour.
        path = self._folder / f"{hour}.{first_sequence}{SUFFIX}"
        again = 1
        while path.exists():
            again += 1
            path = self._folder / f"{hour}.{first_sequence}.{again}{SUFFIX}"
        return path


def _schema(pa: Any) -> Any:
    return pa.schema(
        [
            ("sequence", pa.int64()),
            ("subject", pa.string()),
            ("event_id", pa.string()),
            ("type", pa.string()),
            ("time_ms", pa.int64()),
            ("position", pa.int64()),
            ("headers", pa.string()),
            ("data", pa.binary()),
        ]
    )
