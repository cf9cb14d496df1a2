"""An instrument as Bybit lists it, and how it writes ids: UUIDs of perpetuals, nineteen digits of spot. Pure."""

import hashlib
import re
from decimal import Decimal

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.engine.orders import VenueConduct

NAME = "bybit"
CATEGORIES = {Market.SPOT: "spot", Market.PERP: "linear"}
MARKETS = {category: market for market, category in CATEGORIES.items()}
PRICE_MAX = Decimal(2_000_000)
NOTIONAL_MAX = Decimal(4_000_000)
QUANTITY_MAX = {Market.SPOT: Decimal(17_000), Market.PERP: Decimal(1190)}
OPEN_ORDERS_MAX = 500
SPOT_ID = 10**18
NUMBERED = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-([0-9a-f]{12})")


def listed(rules: InstrumentRules) -> InstrumentRules:
    """Return the rules under Bybit's name and id, with its bounds where they state none."""
    spot = rules.market is Market.SPOT
    usdc = not spot and rules.settles_in == "USDC"
    stated = {
        "settle": "" if spot else rules.quote,
        "price_min": rules.tick_size,
        "price_max": PRICE_MAX,
        "quantity_max": QUANTITY_MAX[rules.market],
        "orders_max": OPEN_ORDERS_MAX,
        **({"notional_max": NOTIONAL_MAX} if spot else {}),
    }
    bounds = {name: getattr(rules, name) or bound for name, bound in stated.items()}
    venue_symbol = rules.base + ("PERP" if usdc else rules.quote)
    return msgspec.structs.replace(rules, venue=NAME, venue_symbol=venue_symbol, **bounds)


def wire_id(market: Market, number: int) -> str:
    """Write the id of an order or a trade."""
    if market is Market.SPOT:
        return str(SPOT_ID + number)
    noise = hashlib.sha256(str(number).encode()).hexdigest()
    return f"{noise[:8]}-{noise[8:12]}-4{noise[12:15]}-a{noise[15:18]}-{number:012x}"


def number_of(text: str) -> int | None:
    """Read an id that `wire_id` wrote, None for any other text."""
    found = NUMBERED.fullmatch(text)
    if found is not None:
        return int(found[1], 16)
    return int(text) - SPOT_ID if text.isdecimal() and len(text) == 19 else None


CONDUCT = VenueConduct(one_wallet=True, takes_post_only=True, wire_id=wire_id)
