"""In which asset a simulated venue takes its fee of a spot trade. Pure.

As Binance: of what is received (base of a purchase, quote of a sale), or, where the account pays with the venue's own
asset and holds enough of it, in that one. Perpetuals pay in what they settle in.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.simulation.engine.wallets import SimulatedAccount, rounded


class FeeAsset(msgspec.Struct, frozen=True, kw_only=True):
    """An asset in which accounts pay spot fees; its price is fixed, whatever the quote."""

    asset: str
    price_quote: Decimal


def spot_fee(
    account: SimulatedAccount,
    rules: InstrumentRules,
    side: Side,
    *,
    price: Decimal,
    quantity: Decimal,
    rate: Decimal,
    pays_with: FeeAsset | None,
) -> tuple[Decimal, str]:
    """Return amount and asset of the fee of one trade."""
    worth = EXACT.multiply(EXACT.multiply(price, quantity), rate)
    if pays_with is not None:
        amount = rounded(EXACT.divide(worth, pays_with.price_quote))
        if account.holding(pays_with.asset).free >= amount:
            return amount, pays_with.asset
    if side is Side.BUY:
        return rounded(EXACT.multiply(quantity, rate)), rules.base
    return rounded(worth), rules.quote
