"""Dust: what of a held quantity no order can sell, because it is below the step or the minimum. Pure."""

from decimal import Decimal

from opensqt.domain.account import AssetAmount
from opensqt.domain.decimals import ZERO, floor_to
from opensqt.domain.instruments import InstrumentRules, Market, market_of


def dust(
    symbol: str,
    quantity: Decimal,
    price: Decimal,
    *,
    step: Decimal,
    quantity_min: Decimal,
    notional_min: Decimal,
) -> Decimal:
    """Return the signed base units of a holding that cannot be closed at a price; orders may be split.

    A perpetual is closed by orders that only reduce, and those have no smallest size but the step.
    """
    whole = floor_to(abs(quantity), step) if step > 0 else abs(quantity)
    small = whole < quantity_min or whole * price < notional_min
    if market_of(symbol) is Market.SPOT and small:
        whole = ZERO
    return quantity - whole if quantity > 0 else quantity + whole


def dust_of(rules: InstrumentRules, quantity: Decimal, price: Decimal) -> Decimal:
    """Return the dust of a holding under the rules of its instrument."""
    return dust(
        rules.symbol,
        quantity,
        price,
        step=rules.quantity_step,
        quantity_min=rules.quantity_min,
        notional_min=rules.notional_min,
    )


def is_dust(rules: InstrumentRules, quantity: Decimal, price: Decimal) -> bool:
    """Tell whether nothing of a holding can be sold; most holdings are told by their size alone."""
    surely = abs(quantity) - rules.quantity_step
    if surely > rules.quantity_min and surely * price > rules.notional_min:
        return False
    return quantity != 0 and dust_of(rules, quantity, price) == quantity


def named(rules: InstrumentRules, quantity: Decimal, price: Decimal) -> tuple[AssetAmount, ...]:
    """Return the dust of a spot holding under the name of its asset; nothing where all can be sold."""
    amount = dust_of(rules, quantity, price) if rules.market is Market.SPOT else ZERO
    return (AssetAmount(asset=rules.base, amount=amount),) if amount != 0 else ()
