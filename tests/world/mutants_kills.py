"""Lines of the kill switch turned off: identity instead of anybody's clock, and the latch beside a running executor."""

from collections.abc import Callable
from typing import Any

import msgspec

from opensqt.domain import kills, trading_controls
from opensqt.domain.control import KillLatched
from opensqt.domain.kills import Kills
from services.executor.kill_records import KillRecorder, LatchWatch
from tests.world.faults import Kind
from tests.world.mutants import Mutant, Patch


def _by_the_clock() -> list[Patch]:
    """Kills and releases are ordered by what the clocks of their senders said."""
    real = kills.folded

    def folded(known: Kills, event: Any, account: str = "") -> Kills:
        if isinstance(event, KillLatched):
            over_ms = known.released_ms.get(event.scope, event.time_ms - 1)
            return known if over_ms >= event.time_ms else real(known, event, account)
        named = tuple(
            name
            for name, kill in known.latched.items()
            if kill.scope == event.scope and kill.time_ms <= event.time_ms
        )
        after = real(known, msgspec.structs.replace(event, kill_ids=named or ("nobody",)), account)
        released_ms = {**after.released_ms, event.scope: event.time_ms}
        return msgspec.structs.replace(after, released_ms=released_ms)

    return [(trading_controls, "folded", folded)]


def _never_over() -> list[Patch]:
    """A kill that was released and is heard again is a new one."""
    real = kills.folded

    def folded(known: Kills, event: Any, account: str = "") -> Kills:
        after = real(known, event, account)
        return msgspec.structs.replace(after, released=frozenset())

    return [
        (trading_controls, "folded", folded),
        (Kills, "is_over", lambda *_: False),
    ]


def _unchanged(_: LatchWatch) -> bool:
    return False


def _one(owner: Any, name: str, value: Any) -> Callable[[], list[Patch]]:
    return lambda: [(owner, name, value)]


RELEASED = (Kind.RELEASE,) * 2
M = Mutant
OF_KILLS = (
    M(name="kills ordered by their sender's clock", patches=_by_the_clock, focus=RELEASED),
    M(name="a released kill is news again", patches=_never_over, focus=RELEASED),
    M(
        name="latch beside an executor ignored",
        patches=_one(LatchWatch, "has_changed", _unchanged),
        focus=(Kind.LATCH,),
    ),
    M(
        name="kill not recorded",
        patches=_one(KillRecorder, "begin", lambda *_: None),
        focus=(Kind.KILL, Kind.LATCH),
    ),
)
