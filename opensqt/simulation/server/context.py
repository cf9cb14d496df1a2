"""What every endpoint stands on: the exchange, its instruments, its chores, its faults. Wiring only."""

from collections.abc import Callable

import msgspec

from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.scheduler import VenueScheduler
from opensqt.simulation.server.call import ApiCall, SymbolMap
from opensqt.simulation.server.faults import FaultName, Faults, Match


class VenueContext(msgspec.Struct, frozen=True, kw_only=True):
    """What handlers may use."""

    exchange: Exchange
    directory: SymbolMap
    chores: VenueScheduler
    faults: Faults

    def now_ms(self) -> int:
        """Market time in ms."""
        return self.exchange.clock.market_ms()

    def skew_ms(self, occasion: Match) -> int:
        """How far the venue's clock is ahead of the run's as a request sees it (market ms)."""
        rule = self.faults.draw((FaultName.CLOCK_SKEW,), occasion)
        return 0 if rule is None else rule.ms

    def is_closed(self, occasion: Match) -> bool:
        """Whether the venue is in maintenance."""
        return self.faults.draw((FaultName.MAINTENANCE,), occasion) is not None


Handler = Callable[[VenueContext, ApiCall], object]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint: who may call it, what it weighs, how many orders it counts; `kind` is what faults are matched by.

    `orders_slow` is the count of the longer windows where it differs. `always` is answered in maintenance too.
    `legs` takes a batch apart into the calls of its orders; it raises `VenueError` for what is no batch.
    """

    handler: Handler
    keyed: bool = False
    signed: bool = False
    weight: int = 1
    orders: int = 0
    orders_slow: int | None = None
    kind: str = "public"
    legs: Callable[[ApiCall], list[ApiCall]] | None = None
    always: bool = False


Routes = dict[tuple[str, str], Route]
