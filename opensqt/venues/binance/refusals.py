"""Binance's definite refusals: the allow-list of what proves that a request had no effect.

A code that is not here proves nothing and leaves the order in doubt. Codes whose meaning depends on the text stand in
`TEXTS` with the exact texts; no text is ever searched. Documented codes that refuse nothing stand in `binance_codes`.
Sources: `docs` = binance-spot-api-docs errors.md (spot) and the error-code page of usdm, `memory` = recorded nowhere.
"""

from opensqt.domain.venue import Refusal

# The general part, spot and usdm. docs: 10xx general server, 11xx request issues.
# Left out on purpose: -1000, -1001, -1006, -1007, -1008, -1016 (unknown or not proven), -1003, -1015 (rate limits).
GENERAL: dict[int, Refusal] = {
    -1002: Refusal.AUTH,
    -1011: Refusal.AUTH,
    -1013: Refusal.FILTER,  # "The request is rejected by the API (i.e. it didn't reach the Matching Engine)"
    -1014: Refusal.PARAMETER,
    -1020: Refusal.PARAMETER,
    -1021: Refusal.CLOCK,
    -1022: Refusal.AUTH,
    -1100: Refusal.PARAMETER,
    -1101: Refusal.PARAMETER,
    -1102: Refusal.PARAMETER,
    -1103: Refusal.PARAMETER,
    -1104: Refusal.PARAMETER,
    -1105: Refusal.PARAMETER,
    -1106: Refusal.PARAMETER,
    -1108: Refusal.PARAMETER,
    -1111: Refusal.FILTER,
    -1112: Refusal.NOT_FILLABLE,
    -1114: Refusal.PARAMETER,
    -1115: Refusal.PARAMETER,
    -1116: Refusal.PARAMETER,
    -1117: Refusal.PARAMETER,
    -1118: Refusal.PARAMETER,
    -1119: Refusal.PARAMETER,
    -1120: Refusal.PARAMETER,
    -1121: Refusal.SYMBOL,
    -1122: Refusal.PARAMETER,
    -1128: Refusal.PARAMETER,
    -1130: Refusal.PARAMETER,
    -1131: Refusal.CLOCK,
    -1134: Refusal.PARAMETER,
    -1135: Refusal.PARAMETER,
    -1136: Refusal.PARAMETER,
    -1145: Refusal.PARAMETER,
    -1194: Refusal.PARAMETER,
    -2008: Refusal.AUTH,
    -2014: Refusal.AUTH,
    -2015: Refusal.AUTH,
}

# usdm only. docs; -4188: ccxt map and memory; -4408: ccxt map.
PERP: dict[int, Refusal] = {
    -1109: Refusal.ACCOUNT,
    -1110: Refusal.PARAMETER,
    -1122: Refusal.MARKET_CLOSED,  # here it is the symbol's own status
    -1126: Refusal.PARAMETER,
    -2017: Refusal.AUTH,
    -2018: Refusal.FUNDS,
    -2019: Refusal.FUNDS,
    -2020: Refusal.NOT_FILLABLE,
    -2021: Refusal.PARAMETER,
    -2022: Refusal.REDUCE_ONLY,
    -2023: Refusal.ACCOUNT,
    -2024: Refusal.FUNDS,
    -2025: Refusal.OPEN_ORDERS,
    -2026: Refusal.REDUCE_ONLY,
    -2027: Refusal.FUNDS,
    -2028: Refusal.FUNDS,
    -4001: Refusal.FILTER,
    -4002: Refusal.FILTER,
    -4003: Refusal.FILTER,
    -4004: Refusal.FILTER,
    -4005: Refusal.FILTER,
    -4013: Refusal.FILTER,
    -4014: Refusal.FILTER,
    -4015: Refusal.PARAMETER,
    -4016: Refusal.FILTER,
    -4020: Refusal.PARAMETER,
    -4023: Refusal.FILTER,
    -4024: Refusal.FILTER,
    -4032: Refusal.PARAMETER,
    -4050: Refusal.FUNDS,
    -4051: Refusal.FUNDS,
    -4055: Refusal.FILTER,
    -4060: Refusal.POSITION_MODE,
    -4061: Refusal.POSITION_MODE,
    -4062: Refusal.REDUCE_ONLY,
    -4082: Refusal.PARAMETER,
    -4084: Refusal.PARAMETER,
    -4087: Refusal.ACCOUNT,
    -4088: Refusal.ACCOUNT,
    -4109: Refusal.ACCOUNT,
    -4118: Refusal.REDUCE_ONLY,
    -4131: Refusal.FILTER,
    -4140: Refusal.MARKET_CLOSED,
    -4141: Refusal.MARKET_CLOSED,
    -4144: Refusal.SYMBOL,
    -4164: Refusal.FILTER,
    -4183: Refusal.FILTER,
    -4184: Refusal.FILTER,
    -4188: Refusal.CLOCK,
    -4192: Refusal.ACCOUNT,
    -4400: Refusal.ACCOUNT,
    -4401: Refusal.ACCOUNT,
    -4402: Refusal.ACCOUNT,
    -4408: Refusal.ACCOUNT,
    -5021: Refusal.NOT_FILLABLE,
    -5022: Refusal.POST_ONLY,
    -5024: Refusal.MARKET_CLOSED,
    -5025: Refusal.PARAMETER,
    -5028: Refusal.CLOCK,
    -5029: Refusal.FILTER,
    -5039: Refusal.PARAMETER,
}

DUPLICATE_PERP = -4116  # usdm: "ClientOrderId is duplicated"

# One code, many meanings (docs, "Messages for -1010, -2010, -2011"). Exact texts only.
NEW_ORDER_REJECTED = -2010
CANCEL_REJECTED = -2011
TEXTS: dict[int, dict[str, Refusal]] = {
    NEW_ORDER_REJECTED: {
        "Duplicate order sent.": Refusal.DUPLICATE,
        "Market is closed.": Refusal.MARKET_CLOSED,
        "Account has insufficient balance for requested action.": Refusal.FUNDS,
        "Market orders are not supported for this symbol.": Refusal.PARAMETER,
        "Price * QTY is zero or less.": Refusal.FILTER,
        "This action is disabled on this account.": Refusal.ACCOUNT,
        "This account may not place or cancel orders.": Refusal.ACCOUNT,
        "Unsupported order combination": Refusal.PARAMETER,
        "Unsupported order combination.": Refusal.PARAMETER,
        "Order would immediately match and take.": Refusal.POST_ONLY,
        "This symbol is not permitted for this account.": Refusal.ACCOUNT,
        "This symbol is restricted for this account.": Refusal.ACCOUNT,
        "Rest API trading is not enabled.": Refusal.ACCOUNT,
        "Filter failure: PRICE_FILTER": Refusal.FILTER,
        "Filter failure: PERCENT_PRICE": Refusal.FILTER,
        "Filter failure: PERCENT_PRICE_BY_SIDE": Refusal.FILTER,
        "Filter failure: LOT_SIZE": Refusal.FILTER,
        "Filter failure: MIN_NOTIONAL": Refusal.FILTER,
        "Filter failure: NOTIONAL": Refusal.FILTER,
        "Filter failure: MARKET_LOT_SIZE": Refusal.FILTER,
        "Filter failure: MAX_POSITION": Refusal.FILTER,
        "Filter failure: MAX_NUM_ORDERS": Refusal.OPEN_ORDERS,
        "Filter failure: EXCHANGE_MAX_NUM_ORDERS": Refusal.OPEN_ORDERS,
    },
    CANCEL_REJECTED: {
        "This action is disabled on this account.": Refusal.ACCOUNT,
        "This account may not place or cancel orders.": Refusal.ACCOUNT,
        "Order was not canceled due to cancel restrictions.": Refusal.PARAMETER,
    },
}

NOT_FOUND_CANCEL = {CANCEL_REJECTED: "Unknown order sent."}  # docs, both markets
NOT_FOUND_LOOK = frozenset({-2013})  # docs, both markets
ARCHIVED_SPOT = -2026  # docs, spot: ended more than 90 days ago without a fill

# docs: the request was not executed, come back later.
THROTTLE_CODES = frozenset({-1003, -1015})
RETRY_AFTER_MS = 1000  # where a 429 names no time
BAN_MS = 120_000  # a 418 bans for two minutes at least (docs, "IP Limits")
THROTTLE_STATUSES = {429: RETRY_AFTER_MS, 418: BAN_MS}
