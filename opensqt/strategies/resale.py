"""Whether what is bought can be sold again: the venue keeps its fee, sells in steps and takes no order too small. Pure.

A spot fee in the base asset is taken of what was bought. A perpetual counts contracts, no fee changes them, and an
order that only reduces has no least notional: there what could be bought can be sold.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ONE, canonical, ceil_to
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.strategies.prospect import FeeTerms, least_quantity


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """An order that rested and was filled, with the prices at which it is bought and sold again, in quote units."""

    quantity: Decimal
    price: Decimal
    sale_price: Decimal

    def trouble(self, rules: InstrumentRules, fees: FeeTerms) -> str:
        """Say why the venue would not take the sale of it, or nothing."""
        held = EXACT.multiply(self.quantity, kept_share(rules, self.price, self.quantity, fees))
        sold = rules.fit_quantity(held)
        price = rules.fit_price(self.sale_price, Side.SELL)
        broken = rules.refusal(price, sold, reduce_only=True)
        if not broken:
            return ""
        return (
            f"{canonical(self.quantity)} {rules.base} bought at {canonical(self.price)} are"
            f" {canonical(held)} after the fee, and {canonical(sold)} cannot be sold ({broken})"
        )


def kept_share(
    rules: InstrumentRules, price: Decimal, quantity: Decimal, fees: FeeTerms
) -> Decimal:
    """Return what of each base unit bought at a price stays with the account that pays its maker fee."""
    if rules.market is not Market.SPOT:
        return ONE
    part = EXACT.divide(EXACT.multiply(price, rules.maker_fee), fees.price_quote)
    if not fees.asset or fees.held < EXACT.multiply(part, quantity):
        return ONE - rules.maker_fee
    return ONE - part if fees.asset == rules.base else ONE


def least_bought(price: Decimal, rules: InstrumentRules, fees: FeeTerms) -> Decimal:
    """Return the smallest order (base units) at a price of which enough stays to be sold at that price or above."""
    least = least_quantity(price, rules)
    kept = kept_share(rules, price, least, fees)
    if rules.market is not Market.SPOT or kept <= 0:
        return least
    return ceil_to(EXACT.divide(least, kept), rules.quantity_step)
