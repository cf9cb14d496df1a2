"""The one fold of kills and halts by scope, for everybody who obeys, shows or stores them. Pure."""

from collections.abc import Container, Iterable
from typing import TypeVar

import msgspec

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.decimals import canonical
from opensqt.domain.kills import Kills, folded
from opensqt.domain.recon_events import (
    FORCED_WORDS,
    AutoDeleveraged,
    ForcedTrade,
    Halted,
    Liquidated,
    OrderContradicted,
    Resumed,
    Settled,
)
from opensqt.domain.scope import DESK, Scope, parsed

# What stops trading in a scope or lets it go on; who holds the controls folds all of it.
Switch = KillLatched | KillReleased | Halted | Resumed | OrderContradicted | ForcedTrade

HALTED = "HALTED"  # nothing is placed; any other mode lets positions shrink
REDUCING = "REDUCING"
NORMAL = "NORMAL"
RESTORE = "restore"  # who halts a desk that was made from a backup


class TradingControls(msgspec.Struct, frozen=True, kw_only=True):
    """What is latched and what is halted now."""

    kills: Kills = Kills()
    halts: dict[str, Halted] = {}  # by name
    trials: dict[str, Resumed] = {}  # the breakers that are half open, by the same name

    @property
    def mode(self) -> str:
        """The strictest mode of any halt: HALTED, REDUCING or NORMAL."""
        modes = {halt.mode for halt in self.halts.values()}
        return next((mode for mode in (HALTED, REDUCING) if mode in modes), NORMAL)

    def kill(self, strategy: str) -> KillLatched | None:
        """Return the latch that stops a strategy: the desk's or its own."""
        return self.kills.stopping(strategy)

    def killed(self, strategy: str) -> bool:
        """Tell whether a kill of the desk or of this strategy is latched."""
        return self.kill(strategy) is not None

    def halt(
        self, venue: str, account: str, symbols: Iterable[str], strategy: str = ""
    ) -> Halted | None:
        """Return the strictest halt that covers one of these symbols or the strategy, or None."""
        found = [
            halt
            for halt in self.halts.values()
            if (scope := parsed(halt.scope)) is not None
            and any(
                scope.covers(strategy=strategy, venue=venue, account=account, symbol=symbol)
                for symbol in (*symbols, "")
            )
        ]
        return min(found, key=lambda halted: halted.mode != HALTED) if found else None


def thrown(switches: TradingControls, event: Switch, account: str = "") -> TradingControls:
    """Fold one fact, as the account sees it whose executor looks; without one, as the desk does.

    A release ends the kills that it names. It may be recorded late: what was halted after it, by `time_ms`, stands.
    """
    match event:
        case KillLatched():
            return msgspec.structs.replace(switches, kills=folded(switches.kills, event, account))
        case KillReleased(scope=scope, time_ms=time_ms):
            kills = folded(switches.kills, event, account)
            # A person who releases the desk, or a strategy, has looked at it: its halts end, too.
            ended = {*switches.halts, *switches.trials} if scope == DESK else {scope}
            return msgspec.structs.replace(
                switches,
                kills=kills,
                halts=_without(switches.halts, ended, time_ms),
                trials=_without(switches.trials, ended, time_ms),
            )
        case Halted():
            return _halted(switches, event)
        case OrderContradicted():
            reason = f"order {event.client_order_id} contradicted: {event.evidence}"
            return _halted(switches, _only_closes(event, reason))
        case Liquidated() | AutoDeleveraged() | Settled():
            reason = (
                f"the venue {FORCED_WORDS[type(event)]} the position by {canonical(event.quantity)}"
                f" at {canonical(event.price)}: look at the venue, then `opensqt resume`"
            )
            return _halted(switches, _only_closes(event, reason))
        case Resumed(name=name, time_ms=time_ms):
            halts = _without(switches.halts, (name,), time_ms)
            trials = _without(switches.trials, (name,), time_ms)
            if event.half_open and name not in halts:
                trials[name] = event
            return msgspec.structs.replace(switches, halts=halts, trials=trials)


def _only_closes(event: OrderContradicted | ForcedTrade, reason: str) -> Halted:
    place = Scope(venue=event.venue, account=event.account, symbol=event.symbol)
    return Halted(scope=str(place), mode=REDUCING, reason=reason, time_ms=event.time_ms)


def _halted(switches: TradingControls, halt: Halted) -> TradingControls:
    known = switches.halts.get(halt.name)
    if known is not None and known.time_ms > halt.time_ms:
        # The last word says the mode; what it replaces is newer, and only a release newer than that ends it.
        halt = msgspec.structs.replace(halt, time_ms=known.time_ms)
    trials = {name: trial for name, trial in switches.trials.items() if name != halt.name}
    halts = {**switches.halts, halt.name: halt}
    return msgspec.structs.replace(switches, halts=halts, trials=trials)


_Said = TypeVar("_Said", Halted, Resumed)


def _without(found: dict[str, _Said], names: Container[str], released_ms: int) -> dict[str, _Said]:
    return {
        name: said
        for name, said in found.items()
        if name not in names or said.time_ms > released_ms
    }
