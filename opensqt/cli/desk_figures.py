"""Where a desk stands: mode, kill, open orders, journal and feed, as its processes tell. Changes nothing."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import msgspec

from opensqt.desk import loopback
from opensqt.desk.health import EXECUTOR, HEALTH
from opensqt.desk.runfile import RunFile
from opensqt.domain.bus_trouble import bus_trouble
from opensqt.domain.venue_trouble import venue_trouble
from opensqt.risk.breakers.states import Phase
from opensqt.runtime.latch import read as read_latch

HALTED, REDUCING, NORMAL = "HALTED", "REDUCING", "NORMAL"


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The last line of `status`; None where nobody could tell. `why` says what keeps the mode from NORMAL, if known."""

    mode: str = HALTED
    why: str = ""
    killed: bool = False
    orders_open: int | None = None
    orders_unresolved: int | None = None
    journal_position: int | None = None
    feed_sequence: int | None = None
    limits_changed: dict[str, str] | None = None  # those that are not as configured, by name
    breakers: list[dict[str, object]] | None = None  # those that are open or half open


async def ask_all(run: RunFile) -> dict[str, loopback.Plain]:
    """Ask every process for its status at once; who does not answer is not in the result."""
    ports = {n.removeprefix(HEALTH): p for n, p in run.ports.items() if n.startswith(HEALTH)}
    replies = await asyncio.gather(*(loopback.get(port, "/status") for port in ports.values()))
    return {
        name: reply.said
        for name, reply in zip(ports, replies, strict=True)
        if reply.code == loopback.OK
    }


def figures(data: Path | None, told: dict[str, loopback.Plain]) -> Figures:
    """Return where the desk stands; a latch file kills whatever the processes say.

    Nothing runs: nothing is sent, HALTED. Only risk is silent: it approves no opening, REDUCING. So it is while the bus
    lacks a stream or the relay carries nothing: what is approved reaches nobody, or nobody learns of it. And while a
    venue says nothing: nothing is opened there.
    """
    executors = [said for name, said in told.items() if name.startswith(EXECUTOR)]
    risk = told.get("risk", {})
    latched = data is not None and read_latch(data) is not None
    killed = latched or any(said.get("killed") is True for said in executors)
    silent = REDUCING if told else HALTED
    said = risk.get("mode")
    mode = HALTED if killed else (said if isinstance(said, str) else silent)
    why = bus_trouble(told) or venue_trouble(told)
    return Figures(
        mode=REDUCING if why and mode == NORMAL else mode,
        why=why,
        killed=killed,
        orders_open=_sum(said.get("orders_open") for said in executors),
        orders_unresolved=_sum(said.get("orders_unresolved") for said in executors),
        journal_position=_most(said.get("journal_position") for said in told.values()),
        limits_changed=_texts(risk.get("limits_changed")),
        breakers=_not_closed(risk.get("breakers")),
        feed_sequence=_most(said.get("feed_sequence") for said in told.values()),
    )


def strategies(told: dict[str, loopback.Plain]) -> list[dict[str, object]]:
    """Return a line for each strategy: whether it trades, and why not."""
    lines: list[dict[str, object]] = []
    for service, said in told.items():
        named = said.get("strategies")
        lines += [
            {"type": "strategy", "service": service, **line}
            for line in (named if isinstance(named, list) else [])
            if isinstance(line, dict)
        ]
    return lines


def _texts(said: object) -> dict[str, str] | None:
    return {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else None


def _not_closed(said: object) -> list[dict[str, object]] | None:
    return [one for one in said if one["state"] != Phase.CLOSED] if isinstance(said, list) else None


def _sum(values: Iterable[object]) -> int | None:
    numbers = [value for value in values if isinstance(value, int)]
    return sum(numbers) if numbers else None


def _most(values: Iterable[object]) -> int | None:
    return max((value for value in values if isinstance(value, int)), default=None)
