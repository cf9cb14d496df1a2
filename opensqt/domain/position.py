"""Positions by average cost, exact: what was paid, what was earned, what it cost. Never a rounded price, never a float.

A position is what was received. `cost` is kept instead of a price. Where average cost must be divided, the share given
up is rounded to `GRAIN` and the rest stays in `cost`, so `realized_pnl - cost` is the exact cash flow of all trades at
every moment; a fee in the base asset counts in it as if it had been paid in quote at the price of its trade.
"""

from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from opensqt.domain.account import AssetAmount
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.order_events import Fill
from opensqt.domain.received import received

GRAIN = Decimal("1E-18")  # quote units
PRICE_GRAIN = Decimal("1E-12")  # of the entry price that is shown


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """What one owner holds of one symbol. Signed: long above zero, short below."""

    quantity: Decimal = ZERO  # base units
    cost: Decimal = ZERO  # quote units, signed like quantity
    realized_pnl: Decimal = ZERO  # quote units, before fees and funding
    venue_realized_pnl: Decimal = ZERO  # as the venue reported it, for comparison only
    fees: tuple[AssetAmount, ...] = ()  # paid, by asset name
    funding: Decimal = ZERO  # quote units, positive = received
    fills: int = 0
    round_trips: int = 0  # orders that closed what another had opened, and were filled whole

    @property
    def entry_price(self) -> Decimal:
        """Average cost of what is held, quote units rounded to `PRICE_GRAIN`; 0 when flat."""
        if self.quantity == 0:
            return ZERO
        return _rounded(EXACT.divide(self.cost, self.quantity), PRICE_GRAIN)

    def unrealized_pnl(self, mark_price: Decimal) -> Decimal:
        """Quote units that closing at `mark_price` would add, before fees."""
        return EXACT.subtract(EXACT.multiply(self.quantity, mark_price), self.cost)

    def fee(self, asset: str) -> Decimal:
        """Fees paid in one asset."""
        return next((paid.amount for paid in self.fees if paid.asset == asset), ZERO)


FLAT = Position()


def opened(quantity: Decimal, entry_price: Decimal) -> Position:
    """Return a position that was taken over: signed base units at an entry price in quote units."""
    return Position(quantity=quantity, cost=EXACT.multiply(quantity, entry_price))


def trade(position: Position, quantity: Decimal, price: Decimal) -> Position:
    """Add signed base units at a price in quote units; what reduces realises against average cost."""
    held = position.quantity
    if quantity == 0:
        return position
    if held == 0 or (held > 0) == (quantity > 0):
        paid = EXACT.multiply(quantity, price)
        return msgspec.structs.replace(
            position,
            quantity=EXACT.add(held, quantity),
            cost=EXACT.add(position.cost, paid),
        )
    if abs(quantity) > abs(held):
        flat = trade(position, -held, price)
        return trade(flat, EXACT.add(quantity, held), price)
    released = _share(position.cost, -quantity, held)
    received = EXACT.multiply(-quantity, price)
    return msgspec.structs.replace(
        position,
        quantity=EXACT.add(held, quantity),
        cost=EXACT.subtract(position.cost, released),
        realized_pnl=EXACT.add(position.realized_pnl, EXACT.subtract(received, released)),
    )


def fill(position: Position, event: Fill, share: Decimal | None = None) -> Position:
    """Book what one trade of ours brought, or `share` of it, and its fee; the caller gives each trade id once."""
    brought = received(event) if share is None else share
    after = trade(position, brought, event.price)
    return msgspec.structs.replace(
        after,
        venue_realized_pnl=EXACT.add(after.venue_realized_pnl, event.realized_pnl),
        fees=charged(after.fees, event.fee_asset, event.fee),
        fills=after.fills + 1,
    )


def funding(position: Position, amount: Decimal) -> Position:
    """Book a funding payment in quote units, positive = received."""
    return msgspec.structs.replace(position, funding=EXACT.add(position.funding, amount))


def charged(fees: tuple[AssetAmount, ...], asset: str, amount: Decimal) -> tuple[AssetAmount, ...]:
    """Return the fees with an amount of one asset added, ordered by asset."""
    if amount == 0:
        return fees
    totals = {paid.asset: paid.amount for paid in fees}
    totals[asset] = EXACT.add(totals.get(asset, ZERO), amount)
    return tuple(AssetAmount(asset=name, amount=totals[name]) for name in sorted(totals))


def _share(cost: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """Return the part of a cost; all of it, exactly, when all is given up."""
    if part == whole:
        return cost
    return _rounded(EXACT.divide(EXACT.multiply(cost, part), whole), GRAIN)


def _rounded(number: Decimal, grain: Decimal) -> Decimal:
    return number.quantize(grain, rounding=ROUND_HALF_EVEN, context=EXACT)
