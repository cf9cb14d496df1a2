"""An instrument as Binance lists it: its name here, and a filter for everything that the venue bounds. Pure."""

from decimal import Decimal

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market

NAME = "binance"
PRICE_MAX = Decimal(1_000_000)
NOTIONAL_MAX = Decimal(9_000_000)
QUANTITY_MAX = {Market.SPOT: Decimal(9000), Market.PERP: Decimal(1000)}
BAND_UP, BAND_DOWN = Decimal(5), Decimal("0.2")
OPEN_ORDERS_MAX = 200


def listed(rules: InstrumentRules) -> InstrumentRules:
    """Return the rules under Binance's name and id, with its bounds where they state none.

    Base and quote run together, whatever the market; only spot bounds the passive side and the most notional.
    """
    spot = rules.market is Market.SPOT
    sides = {"price_band_buy_down": BAND_DOWN, "price_band_sell_up": BAND_UP}
    stated = {
        "settle": "" if spot else rules.quote,
        "price_min": rules.tick_size,
        "price_max": PRICE_MAX,
        "quantity_max": QUANTITY_MAX[rules.market],
        "price_band_up": BAND_UP,
        "price_band_down": BAND_DOWN,
        "orders_max": OPEN_ORDERS_MAX,
        **({"notional_max": NOTIONAL_MAX, **sides} if spot else {}),
    }
    bounds = {name: getattr(rules, name) or bound for name, bound in stated.items()}
    return msgspec.structs.replace(
        rules, venue=NAME, venue_symbol=rules.base + rules.quote, **bounds
    )
