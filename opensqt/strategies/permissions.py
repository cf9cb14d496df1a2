"""What kills, halts and the age of prices leave to a strategy, for orders that open and for orders that close. Pure."""

from enum import StrEnum

import msgspec

from opensqt.domain.intent import Purpose
from opensqt.domain.trading_controls import HALTED
from opensqt.strategies.state import StrategyState

STALE = "market data stale"


class Permission(StrEnum):
    """What is allowed now for one kind of order."""

    PLACE = "place"  # new ones may come
    KEEP = "keep"  # none may come, those that are there stay
    NONE = "none"  # those that are there are cancelled


class Permissions(msgspec.Struct, frozen=True, kw_only=True):
    """What is allowed now; `reason` says why not all is."""

    reason: str = ""
    opening: Permission = Permission.PLACE
    closing: Permission = Permission.PLACE

    def of(self, purpose: Purpose) -> Permission:
        """Return what orders of this purpose may do."""
        return self.opening if purpose is Purpose.OPEN else self.closing


ALL = Permissions()


def permissions(state: StrategyState) -> Permissions:
    """Return what is allowed now: an exit is always possible but under a halt of everything."""
    if state.killed:
        return Permissions(reason="kill latched", opening=Permission.NONE, closing=Permission.KEEP)
    halt = state.halt
    if halt is not None:
        closing = Permission.KEEP if halt.mode == HALTED else Permission.PLACE
        reason = f"{halt.mode.lower()}: {halt.reason}"
        return Permissions(reason=reason, opening=Permission.NONE, closing=closing)
    if stale := state.stale_symbol:
        several = len(state.setup.symbols) > 1
        reason = f"{STALE}: {stale}" if several else STALE
        return Permissions(reason=reason, opening=Permission.KEEP)
    return ALL
