"""Bybit's definite refusals: the allow-list of what proves that a request had no effect.

A code that is not here proves nothing and leaves the order in doubt. Sources: `error.mdx` of the public documentation
of v5, its sections UTA (GENERAL, PERP) and Spot Trade (SPOT); a line that names another source has it from there.
"""

from opensqt.domain.venue import Refusal

GENERAL: dict[int, Refusal] = {
    10001: Refusal.PARAMETER,  # request parameter error
    10002: Refusal.CLOCK,  # the request time exceeds the time window
    10003: Refusal.AUTH,  # API key is invalid
    10004: Refusal.AUTH,  # error sign
    10005: Refusal.AUTH,  # permission denied
    10007: Refusal.AUTH,  # user authentication failed
    10008: Refusal.ACCOUNT,  # common banned
    10009: Refusal.ACCOUNT,  # service restricted in the region
    10010: Refusal.AUTH,  # unmatched IP
    10024: Refusal.ACCOUNT,  # compliance rules triggered
    10027: Refusal.ACCOUNT,  # transactions are banned
    10028: Refusal.ACCOUNT,  # only accessible by unified account users
    10029: Refusal.SYMBOL,  # the requested symbol is invalid
    33004: Refusal.AUTH,  # the key has expired
}
# One code for every wrong parameter, told apart by exact texts alone: hedge mode (source: ccxt), a size too
# large (recorded), sizes and prices off the grid (memory).
TEXTS: dict[int, dict[str, Refusal]] = {
    10001: {
        "position idx not match position mode": Refusal.POSITION_MODE,
        "The number of contracts exceeds maximum limit allowed: too large": Refusal.FILTER,
        "Qty invalid": Refusal.FILTER,
        "params error: Price invalid": Refusal.FILTER,
    },
}
PERP: dict[int, Refusal] = {
    30208: Refusal.FILTER,  # price above the maximum buying price
    30209: Refusal.FILTER,  # price below the minimum selling price
    30228: Refusal.MARKET_CLOSED,  # no new positions during delisting
    110003: Refusal.FILTER,  # price exceeds the allowable range
    110004: Refusal.FUNDS,
    110006: Refusal.FUNDS,
    110007: Refusal.FUNDS,  # available balance is insufficient; recorded
    110012: Refusal.FUNDS,
    110017: Refusal.REDUCE_ONLY,  # quantity will be truncated to zero: nothing to reduce
    110019: Refusal.PARAMETER,  # order id is illegal
    110020: Refusal.OPEN_ORDERS,  # more than 500 active orders
    110021: Refusal.ACCOUNT,  # position limit by open interest
    110023: Refusal.MARKET_CLOSED,  # positions can only be reduced
    110032: Refusal.PARAMETER,  # order is illegal
    110040: Refusal.FUNDS,  # would trigger a forced liquidation
    110042: Refusal.MARKET_CLOSED,  # pre-delivery, positions can only be reduced
    110044: Refusal.FUNDS,  # available margin is insufficient
    110045: Refusal.FUNDS,
    110051: Refusal.FUNDS,
    110052: Refusal.FUNDS,
    110053: Refusal.FUNDS,
    110063: Refusal.MARKET_CLOSED,  # settlement in progress
    110066: Refusal.MARKET_CLOSED,  # trading is currently not allowed
    110067: Refusal.ACCOUNT,
    110068: Refusal.ACCOUNT,
    110069: Refusal.ACCOUNT,
    110070: Refusal.SYMBOL,  # ETP symbols cannot be traded
    110072: Refusal.DUPLICATE,  # OrderLinkedID is duplicate
    110074: Refusal.MARKET_CLOSED,  # this contract is not live
    110085: Refusal.ACCOUNT,  # risk limit was updated
    110086: Refusal.ACCOUNT,  # leverage exceeds that of the risk limit
    110088: Refusal.ACCOUNT,  # upgrade to a unified account
    110089: Refusal.ACCOUNT,  # exceeds the maximum risk limit level
    110090: Refusal.ACCOUNT,  # position may exceed its limit
    110094: Refusal.FILTER,  # notional below the lower limit
    110095: Refusal.MARKET_CLOSED,  # call auction of a pre-market perpetual
    110098: Refusal.MARKET_CLOSED,
    110103: Refusal.MARKET_CLOSED,  # only post-only orders at this stage
    110118: Refusal.NOT_FILLABLE,  # no price for a market order
    110119: Refusal.PARAMETER,  # RPI orders are for market makers
    110120: Refusal.FILTER,  # price below the limit
    110121: Refusal.FILTER,  # price above the limit
    110123: Refusal.ACCOUNT,
    110124: Refusal.ACCOUNT,
    110125: Refusal.ACCOUNT,
    110131: Refusal.FUNDS,
    110132: Refusal.ACCOUNT,
}
SPOT: dict[int, Refusal] = {
    30256: Refusal.FUNDS,  # margin limit exceeded (section UTA)
    170031: Refusal.MARKET_CLOSED,  # the feature has been suspended
    170033: Refusal.FUNDS,
    170036: Refusal.ACCOUNT,
    170037: Refusal.ACCOUNT,
    170105: Refusal.PARAMETER,
    170115: Refusal.PARAMETER,
    170116: Refusal.PARAMETER,
    170117: Refusal.PARAMETER,
    170121: Refusal.SYMBOL,
    170124: Refusal.FILTER,  # order amount too large
    170130: Refusal.PARAMETER,
    170131: Refusal.FUNDS,  # balance insufficient; recorded
    170132: Refusal.FILTER,
    170133: Refusal.FILTER,
    170134: Refusal.FILTER,  # price decimal too long
    170136: Refusal.FILTER,
    170137: Refusal.FILTER,  # volume decimal too long
    170140: Refusal.FILTER,  # value below the lower limit
    170141: Refusal.DUPLICATE,  # duplicate clientOrderId
    170148: Refusal.FILTER,
    170151: Refusal.MARKET_CLOSED,  # the pair is not open yet
    170157: Refusal.MARKET_CLOSED,  # the pair is not available for api trading
    170159: Refusal.MARKET_CLOSED,
    170192: Refusal.FILTER,
    170193: Refusal.FILTER,
    170194: Refusal.FILTER,
    170195: Refusal.FILTER,
    170196: Refusal.FILTER,
    170197: Refusal.FILTER,
    170198: Refusal.FILTER,
    170199: Refusal.FILTER,
    170200: Refusal.FILTER,
    170201: Refusal.PARAMETER,
    170209: Refusal.ACCOUNT,  # only available to other regions; recorded
    170217: Refusal.MARKET_CLOSED,  # only LIMIT-MAKER is supported for the pair
    170218: Refusal.POST_ONLY,  # the LIMIT-MAKER order is rejected due to invalid price
    170219: Refusal.ACCOUNT,
    170221: Refusal.SYMBOL,
    170224: Refusal.ACCOUNT,
    170226: Refusal.ACCOUNT,
    170227: Refusal.PARAMETER,
    170228: Refusal.FILTER,
    170229: Refusal.FILTER,
    170241: Refusal.ACCOUNT,
    170341: Refusal.FILTER,
    170344: Refusal.SYMBOL,
    170348: Refusal.ACCOUNT,
    170355: Refusal.PARAMETER,
    170358: Refusal.ACCOUNT,
    170359: Refusal.ACCOUNT,
    170371: Refusal.FILTER,  # recorded
    170372: Refusal.FILTER,  # recorded
    170381: Refusal.FILTER,
    170382: Refusal.FILTER,
    170810: Refusal.OPEN_ORDERS,
}
# An order that is not there (any more), as a cancel is told of it. docs, as above.
NOT_FOUND_CANCEL = {110001, 110008, 110010, 170139, 170142, 170143, 170190, 170213}
# The API limit of an account and endpoint; HTTP 403 is the limit of an address ("wait for at least 10 minutes"), 429
# the system's own protection. docs, "Rate Limit Rules" and HTTP codes.
THROTTLES = {10006, 170222}
THROTTLE_MS = 1000
THROTTLE_STATUSES = {403: 600_000, 429: 1000}
# Documented, and it may have had its effect: a timeout, an error of theirs, an operation under way.
DOUBTS: dict[int, str] = {
    429: "high load of the trading service",
    10000: "server timeout",
    10014: "a duplicate request: of which, it does not say",
    10016: "server error",
    110079: "the order is being processed",
    170032: "network error",
    170035: "submitted for processing",
    170144: "the order is locked",
    170146: "order creation timeout",
    170147: "order cancellation timeout",
    170149: "create order failed: it does not say that nothing was created",
    170150: "cancel order failed",
    170191: "cannot be cancelled now",
    170210: "new order rejected: it does not say by whom",
    170212: "the cancel is being processed",
    170234: "system error",
}
