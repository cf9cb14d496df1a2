"""The switches of a desk as a strategy sees them: kills and halts by scope. Pure; it never throws one itself."""

from collections.abc import Iterable

import msgspec

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.messages import Message
from opensqt.domain.recon import Halted, Resumed

DESK = "desk"
HALTED = "HALTED"  # nothing is placed; any other mode lets positions shrink


class Switches(msgspec.Struct, frozen=True, kw_only=True):
    """What is latched and what is halted now."""

    kills: frozenset[str] = frozenset()
    halts: dict[str, Halted] = {}

    def killed(self, strategy: str) -> bool:
        """Tell whether a kill of the desk or of this strategy is latched."""
        return not self.kills.isdisjoint({DESK, strategy, f"strategy/{strategy}"})

    def halt(self, venue: str, account: str, symbols: Iterable[str]) -> Halted | None:
        """Return the strictest halt that covers one of these symbols, or None."""
        place = f"{venue}/{account}"
        scopes = (DESK, place, *(f"{place}/{symbol}" for symbol in symbols))
        found = [self.halts[scope] for scope in scopes if scope in self.halts]
        return min(found, key=lambda halted: halted.mode != HALTED) if found else None


def thrown(switches: Switches, event: Message) -> Switches:
    """Fold one message; those that throw no switch change nothing."""
    match event:
        case KillLatched(scope=scope):
            return msgspec.structs.replace(switches, kills=switches.kills | {scope})
        case KillReleased(scope=scope):
            return msgspec.structs.replace(switches, kills=switches.kills - {scope})
        case Halted(scope=scope):
            return msgspec.structs.replace(switches, halts={**switches.halts, scope: event})
        case Resumed(scope=scope):
            halts = {key: halt for key, halt in switches.halts.items() if key != scope}
            return msgspec.structs.replace(switches, halts=halts)
        case _:
            return switches
