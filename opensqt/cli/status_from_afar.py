"""The state of a desk that is reached by its bus and its journal: what its processes say, else what is recorded."""

import asyncio
from collections.abc import Iterable
from typing import Any

import asyncpg
import msgspec

from opensqt.cli.desk_figures import Figures, figures, strategies
from opensqt.cli.orders import OPEN
from opensqt.desk.address import DeskAddress
from opensqt.domain.control import CONTROL_STREAM, KillLatched, KillReleased
from opensqt.domain.kills import Kills, folded
from opensqt.domain.scope import DESK
from opensqt.domain.standby import stands_by
from opensqt.runtime.access.credentials import without_user
from opensqt.runtime.codec import decode_event
from opensqt.runtime.journal.connection import CONNECT_S_MAX
from opensqt.runtime.questions import UNANSWERED, Answer, connected, statuses

_RECORDED = (
    "SELECT (SELECT position FROM journal_head) AS position,"
    " (SELECT count(*) FROM view.orders WHERE status = ANY($1)) AS orders_open,"
    " (SELECT count(*) FROM view.orders WHERE status = 'unresolved') AS orders_unresolved"
)
_KILLS = "SELECT data FROM journal WHERE stream = $1 AND type IN ('KillLatched', 'KillReleased') ORDER BY position"

Line = dict[str, Any]


class JournalFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal and its projections say."""

    position: int
    orders_open: int
    orders_unresolved: int
    killed: bool


async def lines(place: DeskAddress) -> list[Line]:
    """Return the lines of `status`: processes, strategies, and the desk last."""
    (answers, no_bus), (recorded, no_journal) = await asyncio.gather(_told(place), _recorded(place))
    told = {f"{answer.process}@{answer.instance}": answer.said for answer in answers}
    desk = _figures(
        {name.partition("@")[0]: said for name, said in told.items() if not stands_by(said)},
        recorded,
    )
    silent = "; ".join(filter(None, (no_bus, no_journal)))
    found: list[Line] = [_process(answer) for answer in sorted(answers, key=lambda a: a.process)]
    found += strategies({answer.process: answer.said for answer in answers})
    found.append(
        {
            "type": "status",
            "ready": bool(answers) and not silent and all(a.said.get("ready") for a in answers),
            **msgspec.to_builtins(desk),
            "why": "; ".join(filter(None, (silent, desk.why))),
            "gateway": None,
            "nats": without_user(place.nats_url) or None,
            "answers": bool(answers) or recorded is not None,
        }
    )
    return found


def _figures(told: dict[str, Any], recorded: JournalFigures | None) -> Figures:
    """Return where the desk stands; what no process tells is taken from what is recorded."""
    desk = figures(None, told)
    if recorded is None:
        return desk
    unheard = desk.orders_open is None
    return msgspec.structs.replace(
        desk,
        killed=desk.killed or recorded.killed,
        mode="HALTED" if recorded.killed else desk.mode,
        orders_open=recorded.orders_open if unheard else desk.orders_open,
        orders_unresolved=recorded.orders_unresolved if unheard else desk.orders_unresolved,
        journal_position=max(desk.journal_position or 0, recorded.position),
    )


def _process(answer: Answer) -> Line:
    said = answer.said
    ready = bool(said.get("ready"))
    return {
        "type": "process",
        "name": answer.process,
        "instance": answer.instance,
        "pid": said.get("pid"),
        "host": said.get("host"),
        "state": ("standby" if stands_by(said) else "ready") if ready else "unready",
        "ready": ready,
        "restarts": None,  # known to who starts the processes there
        "lag": said.get("lag"),
        "why": "" if ready else str(said.get("why") or ""),
    }


async def _told(place: DeskAddress) -> tuple[list[Answer], str]:
    if not place.nats_url:
        return [], ""
    try:
        async with connected(place.nats_url, "status") as client:
            answers = await statuses(client)
    except UNANSWERED as error:
        return [], f"the bus does not answer ({str(error) or type(error).__name__})"
    return answers, "" if answers else "no process answers on the bus"


async def _recorded(place: DeskAddress) -> tuple[JournalFigures | None, str]:
    if not place.dsn:
        return None, ""
    try:
        connection = await asyncpg.connect(place.dsn, timeout=CONNECT_S_MAX)
        try:
            row = await connection.fetchrow(_RECORDED, list(OPEN), timeout=CONNECT_S_MAX)
            said = await connection.fetch(_KILLS, CONTROL_STREAM, timeout=CONNECT_S_MAX)
        finally:
            connection.terminate()
    except (TimeoutError, OSError, asyncpg.PostgresError) as error:
        return None, f"the journal does not answer ({str(error) or type(error).__name__})"
    if row is None or row["position"] is None:
        return None, "the journal was never set up"
    return JournalFigures(**row, killed=DESK in _kills(said).scopes), ""


def _kills(rows: Iterable[asyncpg.Record]) -> Kills:
    """Return what is killed by the journal itself: nobody may have brought the projections up."""
    kills = Kills()
    for row in rows:
        event = decode_event(row["data"])
        if isinstance(event, KillLatched | KillReleased):
            kills = folded(kills, event)
    return kills
