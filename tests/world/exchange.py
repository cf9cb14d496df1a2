"""The exchange of a World: its clock may differ from ours, its stream and its reads may lie; the judge sees it."""

from collections.abc import Sequence
from decimal import Decimal

from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.venue import OrderRequest, PrivateEvent, StreamDown, StreamUp
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.orders import Placement, VenueOrder
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.faults import Faults
from tests.support.venue.stream import BreakableStream
from tests.world.checkers import Judge
from tests.world.loop import WorldClock
from tests.world.setting import FeesIn

SKEW_MS_MAX = 1000  # what every policy table allows clocks


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


class WorldFaults(Faults):
    """What happens to requests on their way; none lives longer than is assumed of clocks, whoever signed it."""

    def hold(self, requests: Sequence[OrderRequest]) -> None:
        """Keep on the wire what was signed by a clock that is as near to the venue's as every policy table allows."""
        latest_ms = self._exchange.clock.market_ms() + SKEW_MS_MAX
        super().hold([one for one in requests if one.signed_ms <= latest_ms])


class WorldStream(BreakableStream):
    """A private stream that can lose, repeat and swap frames, and be mute while it looks connected."""

    def __init__(self, exchange: Exchange, account: str) -> None:
        super().__init__(exchange, account)
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


class WorldExchange(RiggedExchange):
    """The exchange; the judge sees every order that it takes."""

    clock: VenueClock

    def __init__(
        self,
        clock: WorldClock,
        rules: Sequence[InstrumentRules],
        judge: Judge,
        fees_in: FeesIn,
        **balances: int,
    ) -> None:
        self.blind = False  # reads are answered and show nothing
        self._judge = judge
        super().__init__(
            clock=VenueClock(clock),
            rules=rules,
            balances={asset: Decimal(amount) for asset, amount in balances.items()},
            fee_asset=fees_in.asset,
            stream_of=WorldStream,
        )

    @property
    def frames(self) -> WorldStream:
        """The private stream, whose frames may be lost."""
        assert isinstance(self.stream, WorldStream)
        return self.stream

    def shows(self, client_order_id: str) -> bool:
        """Whether reads show an order."""
        return not self.blind and super().shows(client_order_id)

    def shows_trade(self, symbol: str, trade_id: str) -> bool:
        """Whether reads show a trade."""
        return not self.blind and super().shows_trade(symbol, trade_id)

    def place(self, placement: Placement) -> VenueOrder:
        """Accept and match an order."""
        order = super().place(placement)
        self._judge.took(order)
        return order
