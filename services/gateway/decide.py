"""What the desk's mode is, what is wrong, what of a picture is new, what came of a command.

Pure: no I/O, no clock, no randomness.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.bus_trouble import bus_trouble
from opensqt.domain.decimals import ONE
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.scope import DESK
from opensqt.domain.trading_controls import HALTED, NORMAL, REDUCING
from opensqt.domain.venue_trouble import venue_trouble
from services.gateway.activity import BAD, WARN
from services.gateway.state import GatewayState, Place

KILLED = "KILLED"
CANDLES = "candles"
TIME = "time"
EXECUTOR = "executor-"
KILL = "kill"
SERVERS = frozenset({"nats", "postgres", "venue"})  # the supervisor says how they are
STANDING_BY = " (standby)"

Plain = dict[str, Any]


class ProcessStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One process as the supervisor and the process itself tell; `state` as the supervisor names it."""

    name: str
    state: str = "unknown"
    ready: bool = False
    restarts: int = 0
    pid: int | None = None
    why: str = ""
    lag_events: int | None = msgspec.field(default=None, name="lag")


class CommandResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one executor said to a command; `detail` when it is not `ok`."""

    process: str
    ok: bool
    detail: str = ""
    said: Plain = {}


class DeskStatus(msgspec.Struct, frozen=True, kw_only=True):
    """All that the journal and FEED do not say: configuration, clock, processes, how far was read."""

    desk: str = ""
    profile: str = ""
    market: str = ""
    version: str = ""
    speed: Decimal = ONE
    tick_age_ms_max: int = 3000
    places: tuple[Place, ...] = ()
    kinds: Mapping[str, str] = {}  # by strategy, as the configuration names it
    services: Mapping[str, str] = {}  # strategy -> the process that runs it
    described: Mapping[str, str] = {}  # by strategy: what it was told, in words
    accounts: Mapping[str, str] = {}  # strategy -> the account that it trades
    keys: Mapping[str, str] = {}  # strategy -> the symbol of its chart
    legs: Mapping[str, tuple[Place, ...]] = {}
    market_ms: int = 0
    wall_ms: int = 0
    live: bool = False
    why: str = ""
    position: int = 0
    sequence: int = 0
    generation: int = 0
    latched: str = ""  # who latched the file of the folder, and why
    mute: tuple[str, ...] = ()  # which channels of alerts reach nobody, and why
    processes: tuple[ProcessStatus, ...] = ()
    statuses: Mapping[str, Mapping[str, Any]] = {}  # by process, those that answered

    def age_ms(self, time_ms: int) -> int:
        """Return how long ago a market time was, in wall ms."""
        return max(0, int((self.market_ms - time_ms) / self.speed))

    def trading(self, strategy: str) -> dict[str, Any]:
        """Return whether a strategy trades, and why not; what it says of itself."""
        service = self.services.get(strategy, "")
        line: Mapping[str, Any] = {"reason": f"{service} does not answer"}
        if service in self.statuses:
            line = {"reason": f"{service} does not know it yet"}
            lines = self.statuses[service].get("strategies") or ()
            line = next((one for one in lines if one.get("name") == strategy), line)
        return {
            "trading": bool(line.get("trading")),
            "reason": str(line.get("reason") or ""),
            "note": str(line.get("note") or ""),
            "skipped": line.get("skipped") or {},
            "dust": line.get("dust") or {},
        }


def mode_of(state: GatewayState, told: DeskStatus) -> dict[str, Any]:
    """Return the mode of the desk, the worst that anybody says, and who said it."""
    kills = [
        {"scope": kill.scope, "reason": kill.reason, "actor": kill.actor, "time_ms": kill.time_ms}
        for _, kill in sorted(state.books.controls.kills.scopes.items())
    ]
    halts = [
        {"scope": halt.scope, "mode": halt.mode, "reason": halt.reason, "time_ms": halt.time_ms}
        for _, halt in sorted(state.books.controls.halts.items())
    ]
    said = [s for name, s in told.statuses.items() if name.startswith(EXECUTOR)]
    killed = DESK in state.books.controls.kills.scopes or told.latched != ""
    killed = killed or any(status.get("killed") is True for status in said)
    risk = told.statuses.get("risk")
    mode, why = NORMAL, ""
    if killed:
        mode = KILLED
        why = next(
            (f"{k['actor']}: {k['reason']}" for k in kills if k["scope"] == DESK), told.latched
        )
    elif any(halt["mode"] == HALTED and halt["scope"] == DESK for halt in halts):
        mode, why = HALTED, _stops(halts)
    elif risk is None:
        mode, why = REDUCING, "risk does not answer: no opening is approved"
    elif risk.get("mode") in (REDUCING, HALTED):
        mode, why = str(risk["mode"]), _stops(halts)
    elif halts:
        mode, why = REDUCING, _stops(halts)
    elif broken := bus_trouble(told.statuses) or venue_trouble(told.statuses):
        mode, why = REDUCING, broken
    return {"mode": mode, "why": why, "kills": kills, "halts": halts}


def _stops(halts: Sequence[Mapping[str, Any]]) -> str:
    """Say what stops openings, of the whole desk first; what stops a part of it is named with that part."""
    whole = [str(halt["reason"]) for halt in halts if halt["scope"] == DESK]
    parts = [f"only {halt['scope']}: {halt['reason']}" for halt in halts if halt["scope"] != DESK]
    return "; ".join(whole or parts)


def health_of(told: DeskStatus) -> dict[str, bool]:
    """Return whether each process is well: by its own word, which servers do not have; silence is not well."""
    return {
        one.name: one.ready and (one.name in told.statuses or one.name in SERVERS)
        for one in told.processes
        if not one.name.endswith(STANDING_BY)
    }


def troubles(state: GatewayState, told: DeskStatus) -> list[dict[str, str]]:
    """Return what is wrong now, the worst first; empty means that nothing is."""
    found: list[tuple[str, str]] = []
    if not told.live:
        found.append((BAD, f"the page is behind: {told.why}"))
    found += [
        (BAD, f"{process.name} is {process.state} {process.why}".rstrip())
        for process in told.processes
        if not process.ready and process.state not in ("done", "stopped")
    ]
    if broken := bus_trouble(told.statuses):
        found.append((BAD, broken))
    found += [(WARN, text) for text in told.mute]
    for place in told.places:
        found += _feed(state, told, place)
    for halt in state.books.controls.halts.values():
        found.append((BAD, f"{halt.scope} {halt.mode}: {halt.reason}"))
    doubtful = sum(order.phase is OrderStatus.UNRESOLVED for order in state.living)
    if doubtful:
        found.append((WARN, f"{doubtful} order(s) without an answer of the venue"))
    if state.books.parked:
        found.append((WARN, f"{len(state.books.parked)} fill(s) of unknown owner"))
    for name in told.kinds:
        line = told.trading(name)
        if not line["trading"]:
            found.append((WARN, f"{name} is not trading: {line['reason']}"))
    found.sort(key=lambda one: one[0] != BAD)
    return [{"tone": tone, "text": text} for tone, text in found]


def _feed(state: GatewayState, told: DeskStatus, place: Place) -> list[tuple[str, str]]:
    tick = state.quotes.ticks.get(place)
    if tick is None:
        return [(WARN, f"no price of {place[1]} yet")]
    age_ms = told.age_ms(tick.time_ms)
    if age_ms > told.tick_age_ms_max:
        return [(BAD, f"the price of {place[1]} is {age_ms / 1000:.1f} s old")]
    return []


def delta(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sections that changed; of candles only the rows that did. Empty when only time has passed."""
    changed = {name: part for name, part in after.items() if part != before.get(name)}
    if CANDLES in changed:
        changed[CANDLES] = _candles(before.get(CANDLES, {}), after[CANDLES])
    return changed


def _candles(
    before: Mapping[str, list[Any]], after: Mapping[str, list[Any]]
) -> dict[str, list[Any]]:
    fresh = {}
    for name, rows in after.items():
        known = {row[0]: row for row in before.get(name, ())}
        changed = [row for row in rows if known.get(row[0]) != row]
        if changed:
            fresh[name] = changed
    return fresh


def told(
    verb: str, answers: Sequence[CommandResult], *, latched: bool, heard: bool, recorded: bool
) -> str:
    """Say who did what, executor by executor, and what else is sure."""
    words = [_answered(verb, answer) for answer in answers] or [
        _elsewhere(heard=heard, recorded=recorded)
    ]
    if verb == KILL and latched and not all(answer.ok for answer in answers):
        words.append("latched on disk, which an executor obeys when it sees it")
    return "; ".join(words)


def _elsewhere(*, heard: bool, recorded: bool) -> str:
    if recorded:
        return "no executor is known here; one has recorded the kill that was said on the bus"
    if heard:
        return "no executor is known here; the kill is on the bus, nobody has confirmed it"
    return "no executor is known here"


def _answered(verb: str, answer: CommandResult) -> str:
    if not answer.ok:
        spoke = "said" if answer.said else "did not answer"
        return f"{answer.process} {spoke}: {answer.detail}"
    if verb == KILL:
        return f"{answer.process}: {KILLED}, {_cancelled(answer)}"
    still = answer.said.get("still") or ()
    rest = f", but {', '.join(map(str, still))} stays killed" if still else ""
    return f"{answer.process}: resumed{rest}"


def _cancelled(answer: CommandResult) -> str:
    asked, confirmed = answer.said.get("cancels", 0), answer.said.get("confirmed", 0)
    if asked == confirmed:
        return f"{asked} orders cancelled"
    return f"{asked} cancels asked for, {confirmed} confirmed by the venue so far"
