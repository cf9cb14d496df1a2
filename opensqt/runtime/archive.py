"""FEED in columnar files by the hour of market time, for replay and backtest. Never rewrites a file it finished."""

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
SUFFIX = ".parquet"
UNFINISHED = ".part"
_CREATED = b"feed_created_ms"
_LAST = b"last_sequence"


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

    def write(self, rows: Sequence[ArchiveRow], created_ms: int) -> list[Path]:
        """Write rows of the FEED made at `created_ms`, one file an hour, and return the files.

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
        complete = min(row.sequence for row in rows) - 1
        written = [
            self._write_part(hour, part, {_CREATED: str(created_ms), _LAST: str(complete)})
            for hour, part in parts[:-1]
        ]
        hour, part = parts[-1]
        last = {_CREATED: str(created_ms), _LAST: str(part[-1].sequence)}
        return [*written, self._write_part(hour, part, last)]

    def last_sequence(self, created_ms: int) -> int:
        """Return up to which sequence the FEED made at `created_ms` is archived; clears what a crash left behind."""
        from pyarrow import parquet

        for unfinished in self._folder.glob(f"*{UNFINISHED}"):
            unfinished.unlink()
        last = 0
        files = sorted(
            self._folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns, reverse=True
        )
        newest_ns = files[0].stat().st_mtime_ns if files else 0
        for path in files:
            # A flush writes a file for each hour it touches, within moments of each other.
            if newest_ns - path.stat().st_mtime_ns > 10_000_000_000:
                break
            said = parquet.read_schema(path).metadata or {}
            if said.get(_CREATED) == str(created_ms).encode():
                last = max(last, int(said[_LAST]))
        return last

    def read(self) -> list[dict[str, Any]]:
        """Return every archived row in order of file and sequence; for tools and tests."""
        from pyarrow import parquet

        return [
            row
            for path in sorted(self._folder.glob(f"*{SUFFIX}"), key=_order)
            for row in parquet.read_table(path).to_pylist()
        ]

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


def _order(path: Path) -> tuple[str, int, str]:
    hour, first, *rest = path.name.removesuffix(SUFFIX).split(".")
    return hour, int(first), "".join(rest)


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
