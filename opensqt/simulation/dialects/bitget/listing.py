"""An instrument as Bitget lists it, its category, and how it writes ids: nineteen digits. Pure."""

from decimal import Decimal

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.engine.orders import VenueConduct
from opensqt.simulation.server.numbers import digits, plain

NAME = "bitget"
MARKETS = {"SPOT": Market.SPOT, "USDT-FUTURES": Market.PERP, "USDC-FUTURES": Market.PERP}
OPEN_ORDERS_MAX = 400
FIRST_IDS = {Market.SPOT: 10**18, Market.PERP: 13 * 10**17}


def category_of(rules: InstrumentRules) -> str:
    """Return the category of an instrument: a perpetual is named by the coin that it settles in."""
    return "SPOT" if rules.market is Market.SPOT else f"{rules.settles_in}-FUTURES"


def listed(rules: InstrumentRules) -> InstrumentRules:
    """Return the rules under Bitget's name and id; steps of spot are decimal places."""
    perp = rules.market is Market.PERP
    usdc = perp and rules.settles_in == "USDC"
    tick, step = rules.tick_size, rules.quantity_step
    return msgspec.structs.replace(
        rules,
        venue=NAME,
        venue_symbol=rules.base + ("PERP" if usdc else rules.quote),
        settle=rules.settles_in if perp else "",
        tick_size=tick if perp else Decimal(1).scaleb(-digits(tick)),
        quantity_step=step if perp else Decimal(1).scaleb(-digits(step)),
        orders_max=rules.orders_max or OPEN_ORDERS_MAX,
    )


def wire_id(market: Market, number: int) -> str:
    """Write the id of an order or a trade, of which both markets have one alone."""
    return str(FIRST_IDS[market] + number)


def read_id(text: str) -> tuple[Market, int] | None:
    """Read an id that `wire_id` wrote, None for any other text."""
    if not text.isdecimal() or len(text) != 19:
        return None
    perp = int(text) >= FIRST_IDS[Market.PERP]
    market = Market.PERP if perp else Market.SPOT
    return market, int(text) - FIRST_IDS[market]


def instrument_row(rules: InstrumentRules, status: str, interval_hours: int) -> dict[str, object]:
    """A row of GET v3/market/instruments."""
    row: dict[str, object] = {
        "symbol": rules.venue_symbol,
        "category": category_of(rules),
        "baseCoin": rules.base,
        "quoteCoin": rules.quote,
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "minOrderQty": plain(rules.quantity_min),
        "maxOrderQty": plain(rules.quantity_max),
        "pricePrecision": str(digits(rules.tick_size)),
        "quantityPrecision": str(digits(rules.quantity_step)),
        "quotePrecision": "8",
        "minOrderAmount": plain(rules.notional_min),
        "maxSymbolOrderNum": str(rules.orders_max),
        "maxProductOrderNum": str(rules.orders_max),
        "status": status,
        "maintainTime": "",
    }
    if rules.market is Market.SPOT:
        return row | {"areaSymbol": "no"}
    return row | {
        "makerFeeRate": plain(rules.maker_fee),
        "takerFeeRate": plain(rules.taker_fee),
        "feeRateUpRatio": "0.005",
        "openCostUpRatio": "0.01",
        "priceMultiplier": plain(rules.tick_size),
        "quantityMultiplier": plain(rules.quantity_step),
        "type": "perpetual",
        "maxPositionNum": "150",
        "offTime": "-1",
        "limitOpenTime": "-1",
        "fundInterval": str(interval_hours),
        "minLeverage": "1",
        "maxLeverage": "100",
    }


CONDUCT = VenueConduct(one_wallet=True, takes_post_only=True, wire_id=wire_id)
