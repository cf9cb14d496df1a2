"""What a carry is told, and what that means in money. Pure."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated

import msgspec

from opensqt.domain.decimals import BPS, EXACT, ONE, ZERO, canonical, ceil_to
from opensqt.domain.instruments import Side
from opensqt.domain.ranges import Count, NotNegative, Positive, Range, Share, SpanMs
from opensqt.strategies.carry.carry import (
    HOURS_PER_YEAR,
    clip_quantity,
    common_step,
    entry_quantity,
)
from opensqt.strategies.prospect import (
    ExpectedFunding,
    MarketView,
    Prospect,
    least_quantity,
    rounded_up,
)
from opensqt.strategies.settings import SettingError, Settings, check_symbol

LEGS = 2
TOXIC_BELOW_BPS = Decimal(20)  # the basis at which a carry is entered
BPS_OF_ONE = Decimal("0.0001")
BASIS_MOVES_BPS = Decimal(50)  # from where a paper market begins: far more than one has shown
TENTH = Decimal("0.1")
# A hedge follows what was filled, at another price: the bound must never stand in its way.
ROOM = Decimal("1.5")


class CarrySettings(Settings, frozen=True, kw_only=True):
    """A spot-perp funding carry; `order_notional_quote` is one order's size, at most what risk allows."""

    spot: str
    perp: str
    entry_apr_min: Decimal
    exit_apr_max: Decimal
    notional_quote_max: Positive
    order_notional_quote: NotNegative = ZERO  # 0: as large as notional and risk allow
    leg_timeout_ms: SpanMs = 3000
    # A live book is heard every 100 ms, and its tick goes out within 50. Prices of two legs that lie further apart than
    # two such rounds are of two moments: their difference is a basis that never was.
    legs_apart_ms_max: SpanMs = 250
    slippage_bps_max: Positive = Decimal(10)
    holding_hours: Positive = Decimal(336)  # two weeks: what fees are spread over
    # Below 0 by what two tight spreads cost: the perpetual stands no lower than spot.
    basis_bps_min: Annotated[Decimal, Range(least="-10000", most="10000")] = Decimal(-1)
    return_bps_min: Annotated[Decimal, Range(least="0", most="10000")] = ZERO
    naked_ms_max: SpanMs = 15_000  # wall; one leg alone longer than this is a breach
    naked_quote_max: NotNegative = ZERO  # 0: one and a half orders
    drift_bps_max: Annotated[Decimal, Range(least="0", most="10000")] = Decimal(10)
    # The perpetual this far on the wrong side of spot, at so many looks in a row, is left. 0: 20 below `basis_bps_min`.
    toxic_basis_bps: Annotated[Decimal, Range(least="-10000", most="10000")] = ZERO
    toxic_basis_looks: Count = 3  # 0: never
    toxic_basis_every_ms: SpanMs = 60_000  # wall
    # Of a unified margin, 0 to 1: below the first half is given up, once until it is clear; below the second all.
    margin_health_reduce: Share = Decimal("0.7")
    margin_health_exit: Share = Decimal("0.5")
    margin_health_clear: Share = Decimal("0.75")
    legs_together: bool = False  # both orders of a clip at once, instead of the hedge after its buy

    @property
    def symbols(self) -> tuple[str, ...]:
        """Both legs, spot first."""
        return self.spot, self.perp

    @property
    def orders_open_max(self) -> int:
        """One for each leg."""
        return LEGS

    @property
    def held_quote_max(self) -> Decimal | None:
        """Its notional, with room for a hedge."""
        return self.notional_quote_max * ROOM

    def resolved(self, order_quote_max: Decimal) -> "CarrySettings":
        """Return the carry with the size of its orders: by default as large as notional and risk allow."""
        check_symbol("spot", self.spot, perp=False)
        check_symbol("perp", self.perp, perp=True)
        if self.perp.partition(":")[0] != self.spot:
            raise SettingError("perp", self.perp, f"the perpetual of {self.spot}")
        if self.exit_apr_max >= self.entry_apr_min:
            limit = (
                f"below entry_apr_min = {self.entry_apr_min}, or it would enter and leave at once"
            )
            raise SettingError("exit_apr_max", self.exit_apr_max, limit)
        if self.order_notional_quote > self.notional_quote_max:
            limit = f"at most notional_quote_max = {self.notional_quote_max}"
            raise SettingError("order_notional_quote", self.order_notional_quote, limit)
        if not self.margin_health_exit < self.margin_health_reduce <= self.margin_health_clear:
            limit = (
                f"above margin_health_exit = {self.margin_health_exit}"
                f" and at most margin_health_clear = {self.margin_health_clear}"
            )
            raise SettingError("margin_health_reduce", self.margin_health_reduce, limit)
        size = self.order_notional_quote or min(self.notional_quote_max, order_quote_max)
        return msgspec.structs.replace(
            self,
            order_notional_quote=size,
            naked_quote_max=self._naked_quote(size),
            toxic_basis_bps=self._toxic_basis(),
        )

    def _toxic_basis(self) -> Decimal:
        """Return from which basis on a carry is left; `SettingError` where it would be entered at that basis."""
        if self.toxic_basis_bps >= self.basis_bps_min and self.toxic_basis_bps != 0:
            limit = (
                f"below basis_bps_min = {self.basis_bps_min}, or it would leave what it has entered"
            )
            raise SettingError("toxic_basis_bps", self.toxic_basis_bps, limit)
        return self.toxic_basis_bps or self.basis_bps_min - TOXIC_BELOW_BPS

    def _naked_quote(self, order_quote: Decimal) -> Decimal:
        """Return how much one leg alone may be; `SettingError` where that or its time is less than a hedge needs."""
        if self.naked_ms_max <= self.leg_timeout_ms:
            limit = f"above leg_timeout_ms = {self.leg_timeout_ms}, which a hedge has before it is unwound"
            raise SettingError("naked_ms_max", self.naked_ms_max, limit)
        if 0 < self.naked_quote_max < order_quote:
            limit = f"at least order_notional_quote = {canonical(order_quote)}: each order is alone until it is hedged"
            raise SettingError("naked_quote_max", self.naked_quote_max, limit)
        return self.naked_quote_max or order_quote * ROOM

    def traded_quote_max(self, symbol: str, side: Side) -> Decimal:
        """Return its notional for the spot that it buys and the perpetual that it sells."""
        entry = Side.BUY if symbol == self.spot else Side.SELL
        return self.notional_quote_max if side is entry else ZERO

    def prospect(self, market: MarketView) -> Prospect:
        """Return the cost of taker fees in and out of both legs, and the APR that earns it while holding."""
        spot, perp = market.rules[self.spot], market.rules[self.perp]
        cost = LEGS * (spot.taker_fee + perp.taker_fee)  # in and out
        hours = cost / self.entry_apr_min * HOURS_PER_YEAR if self.entry_apr_min > 0 else ZERO
        apr = cost * HOURS_PER_YEAR / self.holding_hours
        capital = rounded_up(
            2 * self.notional_quote_max
        )  # spot in full, the perpetual at leverage 1
        least = _basis_bps_enter(self, cost / BPS, market.fundings.get(self.perp))
        shown = None if least is None else rounded_up(least)
        basis = (
            f"{canonical(self.basis_bps_min)} bps"
            if shown is None
            else f"{shown} bps, at its paper funding"
        )
        return Prospect(
            text=f"carry {self.spot} against {self.perp}: in and out costs {rounded_up(cost / BPS)} bps,"
            f" paid by {rounded_up(apr * 100)} % APR over {self.holding_hours} h, or by entry_apr_min in"
            f" {hours:.0f} h; enters with a basis of at least {basis}; needs {capital} {spot.quote}",
            figures={
                "cost_bps": rounded_up(cost / BPS),
                "apr_break_even": canonical(apr.quantize(BPS_OF_ONE, ROUND_CEILING)),
                "hours_to_break_even": rounded_up(hours),
                "capital_quote": capital,
                "basis_bps_min": canonical(self.basis_bps_min),
                "basis_bps_enter": shown,
                "return_bps_min": canonical(self.return_bps_min),
            },
            findings=(*_findings(self, market), *_beyond_the_collar(self, market)),
            warnings=tuple(_beyond_paper(self, market, cost / BPS)),
        )


def _basis_bps_enter(
    carry: CarrySettings, cost_bps: Decimal, funding: ExpectedFunding | None
) -> Decimal | None:
    """Return the basis from which on a round trip pays its fees and `return_bps_min`; slippage comes on top."""
    if funding is None:
        return None
    settlements = carry.holding_hours // funding.interval_hours  # of any holding time, at least
    needed_bps = cost_bps + carry.return_bps_min - settlements * funding.rate / BPS
    return max(needed_bps, carry.basis_bps_min)


def _beyond_paper(carry: CarrySettings, market: MarketView, cost_bps: Decimal) -> Iterator[str]:
    """Yield why the paper venue will hardly pay what a carry asks for; a real one may."""
    funding = market.fundings.get(carry.perp)
    if funding is None:
        return
    apr = EXACT.divide(funding.rate * HOURS_PER_YEAR, Decimal(funding.interval_hours))
    if apr <= carry.entry_apr_min:
        yield (
            f'entry_apr_min = "{carry.entry_apr_min}": the paper venue pays {canonical(apr)} a year, so it never'
            f" enters; expected below that, or a higher rate in [paper.funding]"
        )
        return
    spot, perp = market.mids[carry.spot], market.mids[carry.perp]
    begins_bps = EXACT.divide(perp - spot, spot) / BPS
    likely_bps = begins_bps + BASIS_MOVES_BPS
    payments = carry.holding_hours // funding.interval_hours + 1  # of any holding time, at most
    earned_bps = payments * funding.rate / BPS - cost_bps
    for field, value, needed_bps in (
        ("basis_bps_min", carry.basis_bps_min, carry.basis_bps_min),
        ("return_bps_min", carry.return_bps_min, carry.return_bps_min - earned_bps),
    ):
        if needed_bps > likely_bps:
            most = (value - needed_bps + likely_bps).quantize(TENTH, ROUND_FLOOR)
            yield (
                f'{field} = "{value}": it enters with the perpetual {canonical(needed_bps)} bps above spot, and'
                f" this market begins at {canonical(begins_bps.quantize(TENTH, ROUND_FLOOR))}: it hardly ever"
                f" enters; expected at most {canonical(most)}"
            )


def _beyond_the_collar(carry: CarrySettings, market: MarketView) -> Iterator[str]:
    """Yield that its orders, priced behind the best price by the slippage, would lie where risk allows none."""
    if carry.slippage_bps_max >= market.price_collar_bps:
        yield (
            f'slippage_bps_max = "{carry.slippage_bps_max}": its orders are priced so far behind the best price, and'
            f" risk.price_collar_bps = {market.price_collar_bps} refuses what is farther from the middle; expected"
            f" below {market.price_collar_bps}"
        )


def _findings(carry: CarrySettings, market: MarketView) -> tuple[str, ...]:
    spot, perp = market.rules[carry.spot], market.rules[carry.perp]
    # As it is bought: at the limit of the slippage, and with what the venue may keep as its fee.
    price = market.mids[carry.spot] * (ONE + carry.slippage_bps_max * BPS)
    quantity = entry_quantity(carry.order_notional_quote, price, spot, perp)
    covered = clip_quantity(quantity, ONE, spot, perp)
    broken = {
        f"{rules.symbol} {why}"
        for rules in (spot, perp)
        if (why := rules.refusal(rules.fit_price(market.mids[rules.symbol], Side.BUY), covered))
    }
    if not broken:
        return ()
    step = common_step(spot.quantity_step, perp.quantity_step)
    least = max(
        ceil_to(least_quantity(market.mids[rules.symbol], rules), step) for rules in (spot, perp)
    )
    least = ceil_to(EXACT.divide(least, ONE - spot.taker_fee), spot.quantity_step) * price
    found = (
        f'order_notional_quote = "{carry.order_notional_quote}": the venue refuses a leg of that'
        f" size ({', '.join(sorted(broken))}); expected at least {rounded_up(least)}"
    )
    return (found,)
