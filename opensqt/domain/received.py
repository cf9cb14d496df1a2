"""What a trade adds to the position: the one definition that every fold of fills uses. Pure.

A spot fee in the base asset is taken out of what was bought (or on top of what was sold), so it is not held. A fee in
the quote asset or in a third one leaves the held quantity alone: it is paid from another balance. A position in a
perpetual counts contracts and no fee changes it.
"""

from decimal import Decimal

from opensqt.domain.decimals import EXACT
from opensqt.domain.instruments import Market, market_of
from opensqt.domain.order_events import Fill


def received(fill: Fill) -> Decimal:
    """Return the signed base units by which a trade changes what its owner holds."""
    signed = fill.side.sign * fill.quantity
    symbol = fill.ref.symbol
    if market_of(symbol) is Market.PERP or fill.fee_asset != symbol.partition("/")[0]:
        return signed
    return EXACT.subtract(signed, fill.fee)
