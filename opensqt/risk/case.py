"""One place intent before the rules: its moment, its grounds, and the figures that several rules share. Pure."""

from decimal import Decimal

import msgspec

from opensqt.domain.cached import cached
from opensqt.domain.decimals import ONE, ZERO
from opensqt.domain.grounds import Exposure, Grounds, Moment
from opensqt.domain.instruments import Market, Side, market_of, quote_asset
from opensqt.domain.intent import OrderType, PlaceIntent, Purpose
from opensqt.risk.margin import Margin, PositionChange, simulated


class Case(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What a rule is asked about; figures are worked out once, and only when a rule asks for them."""

    intent: PlaceIntent
    moment: Moment
    grounds: Grounds

    @cached
    def reducing(self) -> bool:
        """Whether the order only takes off what its strategy holds."""
        return is_reducing(self.intent, self.grounds.exposure)

    @cached
    def reduce_only(self) -> bool:
        """Whether the order carries the venue's reduce-only flag."""
        rules = self.grounds.rules
        perp = rules is not None and rules.market is Market.PERP
        return perp and self.reducing and _reduces_net(self.intent, self.grounds.exposure)

    @cached
    def price(self) -> Decimal:
        """The worst price at which the order may trade, 0 where none is known."""
        if self.intent.type is OrderType.LIMIT:
            return self.intent.price
        quote = self.grounds.quote
        if quote is None:
            return ZERO
        return quote.ask if self.intent.side is Side.BUY else quote.bid

    @cached
    def filter_broken(self) -> str:
        """The filter of the venue that a limit order breaks, or an empty text."""
        intent, rules = self.intent, self.grounds.rules
        if rules is None or intent.type is not OrderType.LIMIT:
            return ""
        return rules.refusal(self.price, intent.quantity, reduce_only=self.reduce_only)

    @cached
    def rate(self) -> Decimal | None:
        """What a unit of the quote asset is worth: by a fresh price, else as the configuration states it."""
        limits, worth = self.grounds.limits, self.grounds.worth
        if quote_asset(self.intent.symbol) == limits.currency:
            return ONE
        if worth is not None and self.moment.now_ms - worth.rate_ms <= limits.tick_age_ms_max:
            return worth.rate
        return limits.rate_stated

    @cached
    def notional(self) -> Decimal:
        """The order at its worst price, in the currency of the limits; 0 where no rate is known."""
        return self.intent.quantity * self.price * (self.rate or ZERO)

    @cached
    def position_notional(self) -> Decimal:
        """The account in this symbol if all orders of this side fill, in the currency of the limits.

        A position against the order makes no room for it: what is held may be closed before the openings fill.
        """
        intent, exposure = self.intent, self.grounds.exposure
        waiting = exposure.buys_open if intent.side is Side.BUY else exposure.sells_open
        filled = intent.side.sign * exposure.net + waiting
        worst = max(filled, exposure.own_opening) + intent.quantity
        return worst * self.price * (self.rate or ZERO)

    @cached
    def inventory(self) -> Decimal:
        """Base units of the strategy itself if all its orders of this side fill, whatever others hold."""
        intent, exposure = self.intent, self.grounds.exposure
        at_work = exposure.own_closing + exposure.own_opening
        filled = intent.side.sign * exposure.own + at_work
        return max(filled, exposure.own_opening) + intent.quantity

    @cached
    def pays_in_coins(self) -> bool:
        """Whether the account pays for the order with what it has alone: on spot, in a wallet of its own."""
        funds = self.grounds.funds
        return not is_perp(self.intent) and (funds is None or not funds.joint)

    @cached
    def margin_after(self) -> Margin | None:
        """The account's margin if everything fills; None where the order moves none, or funds are not known."""
        funds, limits, intent = self.grounds.funds, self.grounds.limits, self.intent
        if funds is None or funds.equity is None or self.pays_in_coins:
            return None
        perp, rate = is_perp(intent), limits.maintenance_rate
        before = Margin(equity=funds.equity, maintenance=funds.perps_elsewhere * rate)
        change = PositionChange(
            held=ZERO if perp else funds.coins,
            change=self.units_here if perp else intent.side.sign * intent.quantity,
            price=self.unit_value,
            maintenance_rate=rate if perp else ZERO,
            collateral=ONE if perp else limits.collateral_share,
        )
        return simulated(before, (change,))

    @cached
    def units_here(self) -> Decimal:
        """Base units that all owners in the symbol hold at worst, on whichever side that is more."""
        whole = self.grounds.aggregate
        if whole is None:
            return self.inventory
        return max(whole.others_here + self.inventory, whole.against_here)

    @cached
    def unit_value(self) -> Decimal:
        """What one base unit is worth at the dearer of the order's price and the market's, in the limits' currency."""
        quote = self.grounds.quote
        price = max(self.price, quote.ask) if quote is not None else self.price
        return price * (self.rate or ZERO)


def is_perp(intent: PlaceIntent) -> bool:
    """Tell whether it trades a perpetual."""
    return market_of(intent.symbol) is Market.PERP


def is_reducing(intent: PlaceIntent, exposure: Exposure) -> bool:
    """Tell whether the order is a close of what the strategy holds and no live close takes off already.

    An opening that rests on the same side takes nothing off: it was judged as an opening, and a position can be left
    while it rests. Where nobody's trades count, the strategy may be wrong about what it holds: the account's net must
    shrink, too.
    """
    if intent.purpose is not Purpose.CLOSE:
        return False
    if exposure.nobodys != 0 and not _reduces_net(intent, exposure):
        return False
    if exposure.own == 0 or (exposure.own > 0) is not (intent.side is Side.SELL):
        return False
    return intent.quantity <= abs(exposure.own) - exposure.own_closing


def _reduces_net(intent: PlaceIntent, exposure: Exposure) -> bool:
    # The venue knows only the net position: its flag would cut or refuse anything beyond it.
    against = exposure.sells_open if intent.side is Side.SELL else exposure.buys_open
    net = exposure.net * -intent.side.sign
    return net > 0 and intent.quantity + against <= net
