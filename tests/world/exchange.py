"""The exchange of a World: its clock may differ from ours, its stream and its reads may lie; the judge sees it."""

from collections.abc import Sequence
from decimal import Decimal

from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.venue import OrderRequest, PrivateEvent, StreamDown, StreamUp
from tests.support.fakes.venue_checks import Denial
from tests.support.fakes.venue_exchange import MemoryExchange, MemoryOrder
from tests.support.fakes.venue_stream import MemoryStream
from tests.world.checkers import Judge
from tests.world.loop import WorldClock
from tests.world.purse import FeesIn, Purse


class VenueClock:
    """The time at the venue: market time is `ahead_ms` before ours."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self.ahead_ms = 0
        self.speed = clock.speed

    def market_ms(self) -> int:
        """Return the venue's market time in ms UTC."""
        return self._clock.market_ms() + self.ahead_ms

    def wall_ms(self) -> int:
        """Return wall time in ms UTC, as everybody has it."""
        return self._clock.wall_ms()

    def monotonic_s(self) -> float:
        """Return seconds since the beginning."""
        return self._clock.monotonic_s()

    async def sleep(self, seconds_wall: float) -> None:
        """Wait as everybody does."""
        await self._clock.sleep(seconds_wall)


class WorldStream(MemoryStream):
    """A private stream that can lose, repeat and swap frames, and be mute while it looks connected."""

    def __init__(self, clock: WorldClock) -> None:
        super().__init__(clock)
        self.mute = False
        self.lose = self.repeat = 0
        self.swap = False
        self._late: PrivateEvent | None = None

    def push(self, event: PrivateEvent) -> None:
        """Send one frame, with what goes wrong with it."""
        if self.mute:
            return
        if self.lose > 0 and not isinstance(event, StreamUp | StreamDown):
            self.lose -= 1
            return
        if self.swap and self._late is None:
            self.swap, self._late = False, event
            return
        super().push(event)
        if self.repeat > 0:
            self.repeat -= 1
            super().push(event)
        if self._late is not None:
            late, self._late = self._late, None
            super().push(late)


class WorldExchange(MemoryExchange):
    """The exchange; the judge sees every order that it takes."""

    def __init__(
        self,
        clock: WorldClock,
        rules: Sequence[InstrumentRules],
        judge: Judge,
        fees_in: FeesIn,
        **balances: int,
    ) -> None:
        self.clock: VenueClock
        owned = {asset: Decimal(amount) for asset, amount in balances.items()}
        super().__init__(clock=VenueClock(clock), rules=rules, balances=owned)
        self.wallet = Purse(owned, fees_in)
        self.frames = WorldStream(clock)
        self.stream = self.frames
        self.blind = False  # reads are answered and show nothing
        self._judge = judge

    def newest(self, client_order_id: str) -> MemoryOrder | None:
        """Return what reads show of an id."""
        return None if self.blind else super().newest(client_order_id)

    def take(self, request: OrderRequest) -> MemoryOrder | Denial:
        """Book a place request."""
        taken = super().take(request)
        if isinstance(taken, MemoryOrder):
            self._judge.took(taken)
        else:
            self._judge.note("denied", request.client_order_id, taken.code)
        return taken
