"""Bitget's definite refusals: the allow-list of what proves that a request had no effect.

A code that is not here proves nothing and leaves the order in doubt. Sources: UNIFIED is what JKorf's client reads of
the unified account's own list of codes; GATEWAY what stands before every version of the API, by the texts in the table
of ccxt 4.5.90; RECORDED has a body that was recorded, of v2 where nothing else is said.
"""

from opensqt.domain.venue import Refusal

GATEWAY: dict[int, Refusal] = {
    40001: Refusal.AUTH,  # ACCESS_KEY cannot be empty
    40002: Refusal.AUTH,  # SECRET_KEY cannot be empty
    40003: Refusal.AUTH,  # signature cannot be empty
    40004: Refusal.CLOCK,  # request timestamp expired
    40005: Refusal.CLOCK,  # invalid ACCESS_TIMESTAMP
    40006: Refusal.AUTH,  # invalid ACCESS_KEY
    40007: Refusal.PARAMETER,  # invalid content type
    40008: Refusal.CLOCK,  # request timestamp expired
    40009: Refusal.AUTH,  # sign signature error
    40011: Refusal.AUTH,  # ACCESS_PASSPHRASE cannot be empty
    40012: Refusal.AUTH,  # apikey/password is incorrect
    40014: Refusal.AUTH,  # incorrect permissions
    40016: Refusal.ACCOUNT,  # the user must bind the phone or Google
    40018: Refusal.AUTH,  # invalid IP
    40031: Refusal.ACCOUNT,  # the account has been cancelled
    40037: Refusal.AUTH,  # apikey does not exist
    40305: Refusal.PARAMETER,  # client_oid is too long
    40306: Refusal.PARAMETER,  # batches are of 20 orders
    40308: Refusal.MARKET_CLOSED,  # the contract is being temporarily maintained
    40309: Refusal.SYMBOL,  # the contract has been removed
    40500: Refusal.PARAMETER,  # client_oid check error
}
UNIFIED: dict[int, Refusal] = {
    13008: Refusal.FILTER,  # below the least size
    22004: Refusal.SYMBOL,  # the symbol does not support API trading
    22034: Refusal.FILTER,
    22038: Refusal.FILTER,  # size step
    22046: Refusal.FILTER,  # price out of range
    22047: Refusal.FILTER,
    22056: Refusal.MARKET_CLOSED,
    25013: Refusal.SYMBOL,
    25100: Refusal.SYMBOL,  # the symbol does not exist
    25101: Refusal.MARKET_CLOSED,
    25102: Refusal.MARKET_CLOSED,
    25104: Refusal.MARKET_CLOSED,
    25105: Refusal.MARKET_CLOSED,
    25108: Refusal.MARKET_CLOSED,
    25200: Refusal.PARAMETER,
    25201: Refusal.SYMBOL,  # the asset does not exist
    25202: Refusal.FUNDS,
    25203: Refusal.FUNDS,
    25205: Refusal.FILTER,  # price out of range
    25206: Refusal.FILTER,
    25207: Refusal.FILTER,  # size out of range
    25208: Refusal.FILTER,
    25212: Refusal.DUPLICATE,
    25228: Refusal.FUNDS,
    25230: Refusal.ACCOUNT,  # beyond the largest position
    25231: Refusal.FUNDS,
    25244: Refusal.FILTER,  # price step
    25601: Refusal.REDUCE_ONLY,  # no position
    25610: Refusal.FILTER,  # size step
    25611: Refusal.FILTER,  # below the least size
    25620: Refusal.AUTH,
    40000: Refusal.ACCOUNT,  # region
    40017: Refusal.PARAMETER,
    40761: Refusal.OPEN_ORDERS,
    40798: Refusal.FUNDS,
    40800: Refusal.FUNDS,
    40808: Refusal.PARAMETER,
    40811: Refusal.PARAMETER,
    40813: Refusal.PARAMETER,
    40815: Refusal.FILTER,  # price above the highest bid
    40816: Refusal.FILTER,
    40820: Refusal.FILTER,  # price beyond that of a liquidation
    40821: Refusal.FILTER,
    40844: Refusal.MARKET_CLOSED,
    40845: Refusal.MARKET_CLOSED,
    95011: Refusal.PARAMETER,
}
RECORDED: dict[int, Refusal] = {
    22002: Refusal.REDUCE_ONLY,  # no position to close; docs, error codes of v3
    25227: Refusal.REDUCE_ONLY,  # no position to close; the constants of the npm package bitget-api
    40019: Refusal.PARAMETER,  # parameter ... cannot be empty
    40020: Refusal.PARAMETER,  # parameter orderId error
    40024: Refusal.ACCOUNT,  # a regional currency
    40762: Refusal.FUNDS,  # the order size is greater than the max open size; docs, place-order of v3
    40774: Refusal.POSITION_MODE,  # the order type for unilateral position must be the unilateral one
    40085: Refusal.ACCOUNT,  # the account is of the other kind
    41103: Refusal.FILTER,  # param price scale error
    41114: Refusal.MARKET_CLOSED,  # the pair is under maintenance
    41117: Refusal.FILTER,  # selling price cannot be lower than ...
    43012: Refusal.FUNDS,  # insufficient balance
    43115: Refusal.MARKET_CLOSED,  # the pair is opening soon
    45110: Refusal.FILTER,  # less than the minimum amount
    45113: Refusal.FILTER,  # maximum order value
    400172: Refusal.PARAMETER,  # the twin of 40017 in v3
}
REFUSALS = {str(code): kind for code, kind in {**GATEWAY, **RECORDED, **UNIFIED}.items()}
# An order that is not there (any more): UNIFIED; a cancel may be told that there is nothing to cancel.
UNKNOWN_TO_LOOK = frozenset({"25204"})
UNKNOWN_TO_CANCEL = UNKNOWN_TO_LOOK | {"22001"}
THROTTLES = frozenset({"429", "25004"})
THROTTLE_MS = 1000
# Documented, and it may have had its effect. Of 40010, 40725 and 45001 the documentation of place-order itself says to
# look for the order by its clientOid.
DOUBTS = {
    "25000": "system error",
    "25001": "operation timeout",
    "25003": "concurrency error",
    "40010": "request timed out",
    "40015": "system error",
    "40200": "server upgrade",
    "40725": "service return an error",
    "45001": "unknown error",
}
