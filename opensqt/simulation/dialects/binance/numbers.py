"""How Binance writes numbers: eight digits on spot, the symbol's own grid on USDⓈ-M. It never computes."""

from decimal import ROUND_HALF_EVEN, Decimal

from opensqt.domain.decimals import EXACT
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.server.numbers import grid

EIGHT = Decimal("0.00000001")


def eight(number: Decimal) -> str:
    """Write with eight digits after the point."""
    return format(number.quantize(EIGHT, ROUND_HALF_EVEN, context=EXACT), "f")


def level(rules: InstrumentRules, price: Decimal, quantity: Decimal) -> list[str]:
    """Write a price and a quantity as the instrument's market does."""
    if rules.market is Market.SPOT:
        return [eight(price), eight(quantity)]
    return [grid(price, rules.tick_size), grid(quantity, rules.quantity_step)]
