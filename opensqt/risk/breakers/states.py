"""Where each breaker stands, as the journal tells it: for whoever shows it. Pure."""

from collections.abc import Collection
from enum import StrEnum

import msgspec

from opensqt.domain.recon_events import Halted, Resumed
from opensqt.domain.trading_controls import TradingControls


class Phase(StrEnum):
    """What a breaker lets through: nothing that opens, all of it on trial, or all."""

    OPEN = "open"
    HALF_OPEN = "half_open"
    CLOSED = "closed"


class BreakerState(msgspec.Struct, frozen=True, kw_only=True):
    """One breaker in one scope, since when, why and by whom; a closed one has no scope. Times in market ms."""

    breaker: str
    state: Phase
    scope: str = ""
    reason: str = ""
    actor: str = ""
    since_ms: int = 0
    until_ms: int = 0  # when its cooldown is over; 0: it has none


def states_of(controls: TradingControls, names: Collection[str]) -> list[BreakerState]:
    """Return the breakers that are not closed, and those of `names` (they are switched on) that are."""
    found = [_state(halt, Phase.OPEN) for halt in controls.halts.values() if halt.breaker]
    found += [_state(trial, Phase.HALF_OPEN) for trial in controls.trials.values()]
    told = {one.breaker for one in found}
    found += [BreakerState(breaker=one, state=Phase.CLOSED) for one in names if one not in told]
    return sorted(found, key=lambda one: (one.breaker, one.scope))


def _state(said: Halted | Resumed, phase: Phase) -> BreakerState:
    return BreakerState(
        breaker=said.breaker,
        state=phase,
        scope=said.scope,
        reason=said.reason,
        actor=said.actor,
        since_ms=said.time_ms,
        until_ms=said.until_ms if isinstance(said, Halted) else 0,
    )
