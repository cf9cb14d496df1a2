"""One carry as its next move sees it: state, rules and prices of both legs, and what stands against it. Pure."""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import Purpose
from opensqt.domain.market import Tick
from opensqt.strategies.carry.carry import crossing_price
from opensqt.strategies.carry.depth import Levels, met_by
from opensqt.strategies.carry.state import CarryState


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One order of one leg."""

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    purpose: Purpose
    reason: str = ""


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """Whether something asks for leaving an open carry."""

    reason: str = ""  # why it should be left, or empty
    by_basis: bool = False  # nothing but the basis asks
    keep_base: Decimal = ZERO  # how much spot stays
    unknown: str = ""  # why the basis could not be judged, or empty


class SagaView(msgspec.Struct, frozen=True, kw_only=True):
    """A carry with everything that the saga needs to know."""

    carry: CarryState
    spot: InstrumentRules
    perp: InstrumentRules
    spot_tick: Tick
    perp_tick: Tick
    closed: str  # why nothing new may be entered, or empty
    leave: Leaving
    opening: bool  # orders that add risk are allowed
    breach: str  # which limit of a leg that stands alone is broken, or nothing

    @property
    def rested(self) -> bool:
        """True when the pause after a vain order is over."""
        return self.carry.market.now_ms >= self.carry.books.retry_ms

    @property
    def may_begin(self) -> bool:
        """True when an entry may begin: no pause lasts, neither of orders nor of entries."""
        now_ms = self.carry.market.now_ms
        return self.rested and now_ms >= self.carry.books.attempts.rest_until_ms

    def late(self, timeouts: int) -> bool:
        """Tell whether the step lasts longer than so many leg timeouts."""
        # After a restart nothing could be done before earlier intents had lapsed.
        began_ms = max(self.carry.books.step_ms, self.carry.ready_ms)
        spent_ms = self.carry.market.now_ms - began_ms
        return spent_ms > timeouts * self.carry.leg_timeout_ms

    def price(self, rules: InstrumentRules, side: Side) -> Decimal:
        """Return the limit of an order of this leg and side that takes, short of our own resting orders."""
        return crossing_price(
            self.carry.market.ticks[rules.symbol],
            side,
            self.carry.settings.slippage_bps_max,
            rules,
            own_bid=self.carry.own_best(rules.symbol, Side.BUY),
            own_ask=self.carry.own_best(rules.symbol, Side.SELL),
        )

    def price_alone(self, rules: InstrumentRules, side: Side) -> Decimal:
        """Return the limit that it would have if no order of ours rested in this leg."""
        tick = self.carry.market.ticks[rules.symbol]
        return crossing_price(tick, side, self.carry.settings.slippage_bps_max, rules)


def levels(carry: CarryState, symbol: str, side: Side) -> Levels:
    """Return what an order of this leg and side would meet, best first, as far as it is known."""
    return met_by(side, carry.market.ticks[symbol], carry.book(symbol))
