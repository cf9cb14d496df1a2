"""exchangeInfo of spot, USDⓈ-M and (empty) COIN-M: only the flow's instruments, with their filters. Shapes only."""

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.dialects.binance.limits import SPOT_LIMITS, USDM_LIMITS, RateLimits
from opensqt.simulation.dialects.binance.numbers import eight
from opensqt.simulation.server.numbers import digits, plain

TRADING, SPOT_CLOSED, USDM_CLOSED = "TRADING", "BREAK", "PENDING_TRADING"
ONBOARD_MS = 1_569_398_400_000
ALGO_ORDERS_MAX = 10  # none is taken: the paper venue has no conditional orders
PERPETUAL_MS = 4_133_404_800_000


def spot_info(
    instruments: list[InstrumentRules], now_ms: int, *, closed: bool = False
) -> dict[str, object]:
    """GET /api/v3/exchangeInfo."""
    status = SPOT_CLOSED if closed else TRADING
    symbols = [{**_spot_symbol(rules), "status": status} for rules in instruments]
    return {**_head(SPOT_LIMITS, now_ms), "symbols": symbols}


def usdm_info(
    instruments: list[InstrumentRules], now_ms: int, *, closed: bool = False
) -> dict[str, object]:
    """GET /fapi/v1/exchangeInfo."""
    status = USDM_CLOSED if closed else TRADING
    settles = dict.fromkeys(("USDT", *(rules.settles_in for rules in instruments)))
    terms = {"marginAvailable": True, "autoAssetExchange": "-10000"}
    assets = [{"asset": asset, **terms} for asset in settles]
    return {
        **_head(USDM_LIMITS, now_ms),
        "futuresType": "U_MARGINED",
        "assets": assets,
        "symbols": [{**_usdm_symbol(rules), "status": status} for rules in instruments],
    }


def coinm_info(now_ms: int) -> dict[str, object]:
    """GET /dapi/v1/exchangeInfo: the paper venue has no COIN-M market."""
    return {**_head(USDM_LIMITS, now_ms), "symbols": []}


def _head(limits: RateLimits, now_ms: int) -> dict[str, object]:
    weight = {
        "rateLimitType": "REQUEST_WEIGHT",
        "interval": "MINUTE",
        "intervalNum": 1,
        "limit": limits.weight_max,
    }
    orders = [
        {
            "rateLimitType": "ORDERS",
            "interval": window.interval,
            "intervalNum": window.number,
            "limit": window.orders_max,
        }
        for window in limits.orders
    ]
    return {
        "timezone": "UTC",
        "serverTime": now_ms,
        "rateLimits": [weight, *orders],
        "exchangeFilters": [],
    }


def _spot_symbol(rules: InstrumentRules) -> dict[str, object]:
    return {
        "symbol": rules.venue_symbol,
        "status": TRADING,
        "baseAsset": rules.base,
        "baseAssetPrecision": 8,
        "quoteAsset": rules.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "quoteOrderQtyMarketAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _spot_filters(rules),
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_TAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER"],
    }


def _spot_filters(rules: InstrumentRules) -> list[dict[str, object]]:
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": eight(rules.price_min),
            "maxPrice": eight(rules.price_max),
            "tickSize": eight(rules.tick_size),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": eight(rules.quantity_min),
            "maxQty": eight(rules.quantity_max),
            "stepSize": eight(rules.quantity_step),
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": eight(ZERO),
            "maxQty": eight(rules.quantity_max),
            "stepSize": eight(ZERO),
        },
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": plain(rules.price_band_up),
            "bidMultiplierDown": plain(rules.price_band_buy_down),
            "askMultiplierUp": plain(rules.price_band_sell_up),
            "askMultiplierDown": plain(rules.price_band_down),
            "avgPriceMins": 5,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": eight(rules.notional_min),
            "applyMinToMarket": True,
            "maxNotional": eight(rules.notional_max),
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": rules.orders_max},
    ]


def _usdm_symbol(rules: InstrumentRules) -> dict[str, object]:
    size = {
        "maxQty": plain(rules.quantity_max),
        "minQty": plain(rules.quantity_min),
        "stepSize": plain(rules.quantity_step),
    }
    return {
        "symbol": rules.venue_symbol,
        "pair": rules.venue_symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": PERPETUAL_MS,
        "onboardDate": ONBOARD_MS,
        "status": TRADING,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": rules.base,
        "quoteAsset": rules.quote,
        "marginAsset": rules.settles_in,
        "pricePrecision": digits(rules.tick_size),
        "quantityPrecision": digits(rules.quantity_step),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "settlePlan": 0,
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": plain(rules.price_min),
                "maxPrice": plain(rules.price_max),
                "tickSize": plain(rules.tick_size),
            },
            {"filterType": "LOT_SIZE", **size},
            {"filterType": "MARKET_LOT_SIZE", **size},
            {"filterType": "MAX_NUM_ORDERS", "limit": rules.orders_max},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": ALGO_ORDERS_MAX},
            {"filterType": "MIN_NOTIONAL", "notional": plain(rules.notional_min)},
            {
                "filterType": "PERCENT_PRICE",
                "multiplierUp": plain(rules.price_band_up),
                "multiplierDown": plain(rules.price_band_down),
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }
