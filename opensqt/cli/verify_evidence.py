"""What `verify` judges by: the venue's audit and the journal's rows, as they are. Judges nothing, folds nothing."""

from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from opensqt.desk.timestamps import EPOCH
from opensqt.domain.messages import Event
from opensqt.oracle.tables import COLUMNS, Row
from opensqt.runtime.codec import decode_event
from opensqt.simulation.engine.audit import AuditRow

FILE = "venue-audit.jsonl"
CHUNK = 5000
MS = 1000
SWITCHES = {"halts": ("kind", "scope", "mode", "reason", "time")}
_ROWS = "SELECT position, actor, occurred_at_ms, data FROM journal WHERE position > $1 ORDER BY position LIMIT $2"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was judged; `figure` is what was counted."""

    check: str
    holds: bool
    figure: str
    detail: str = ""


class JudgedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One journal row, decoded."""

    position: int
    actor: str
    occurred_ms: int
    message: Event


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit and its time in ms UTC of market time."""

    row: AuditRow
    time_ms: int


class JudgedEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides. `audit` is None where the venue is not simulated.

    What happened after `until_ms` (market time) may not have reached the other side yet: it is pending, not wrong.
    """

    audit: tuple[Audited, ...] | None
    events: tuple[JudgedEvent, ...]
    until_ms: int | None = None

    def is_pending(self, time_ms: int) -> bool:
        """Tell whether an instant is too late to be judged."""
        return self.until_ms is not None and time_ms > self.until_ms


def read_audit(path: Path | None) -> tuple[Audited, ...] | None:
    """Return the whole lines of an audit; None where there is none."""
    try:
        text = path.read_bytes() if path is not None else None
    except FileNotFoundError:
        text = None
    if text is None:
        return None
    whole = text[: text.rfind(b"\n") + 1]
    decoder = msgspec.json.Decoder(AuditRow)
    rows = (decoder.decode(line) for line in whole.splitlines())
    return tuple(Audited(row=row, time_ms=_ms(row.time)) for row in rows)


async def read_events(connection: "asyncpg.Connection[Any]", after: int) -> list[JudgedEvent]:
    """Return the journal's rows beyond a position."""
    found: list[JudgedEvent] = []
    while True:
        rows = await connection.fetch(_ROWS, after, CHUNK)
        for row in rows:
            message = decode_event(row["data"])
            found.append(
                JudgedEvent(
                    position=row["position"],
                    actor=row["actor"],
                    occurred_ms=row["occurred_at_ms"],
                    message=message,
                )
            )
        if len(rows) < CHUNK:
            return found
        after = rows[-1]["position"]


async def read_projections(
    connection: "asyncpg.Connection[Any]",
) -> tuple[int, dict[str, set[Row]]]:
    """Return how far the projections are and all their rows, of one instant, in the columns that the judge names."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        position = int(await connection.fetchval("SELECT position FROM view.projection_head"))
        found = {}
        for table, columns in (COLUMNS | SWITCHES).items():
            query = f"SELECT {', '.join(columns)} FROM view.{table}"  # noqa: S608  # our own names
            found[table] = {tuple(row) for row in await connection.fetch(query)}
    return position, found


def _ms(time: str) -> int:
    span = datetime.fromisoformat(time) - EPOCH
    return round(span.total_seconds() * MS)
