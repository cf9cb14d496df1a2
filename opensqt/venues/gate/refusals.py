"""Gate's definite refusals by label: the allow-list of what proves that a request had no effect.

A label that is not here proves nothing and leaves the order in doubt. Sources: `docs` is the venue's list of labels
(APIv4, "Label list"), `body` an error body that was recorded, `jkorf` and `ccxt` are public clients.
"""

import msgspec

from opensqt.domain.venue import Refusal


class RefusedLabel(msgspec.Struct, frozen=True):
    """A label, what it means, and where that is told."""

    label: str
    kind: Refusal
    source: str


ROWS = (
    # The key and the signature.
    RefusedLabel("INVALID_CREDENTIALS", Refusal.AUTH, "docs, jkorf: invalid credentials"),
    RefusedLabel("INVALID_KEY", Refusal.AUTH, "docs, jkorf, body: invalid key provided"),
    RefusedLabel("INVALID_SIGNATURE", Refusal.AUTH, "docs, jkorf: signature mismatch"),
    RefusedLabel("AUTHENTICATION_FAILED", Refusal.AUTH, "ccxt, body: not login"),
    RefusedLabel("IP_FORBIDDEN", Refusal.AUTH, "docs, jkorf: address not in the list of the key"),
    RefusedLabel("READ_ONLY", Refusal.AUTH, "docs, jkorf: the key may only read"),
    RefusedLabel("MISSING_REQUIRED_HEADER", Refusal.AUTH, "docs, ccxt: a header is missing"),
    RefusedLabel("FORBIDDEN", Refusal.ACCOUNT, "docs, jkorf: no permission for the operation"),
    RefusedLabel("REQUEST_EXPIRED", Refusal.CLOCK, "docs, jkorf: timestamp expired"),
    # The form of a request.
    RefusedLabel("INVALID_PARAM_VALUE", Refusal.PARAMETER, "docs, jkorf, body: invalid argument"),
    RefusedLabel("INVALID_PROTOCOL", Refusal.PARAMETER, "docs, jkorf, body: invalid parameter"),
    RefusedLabel("INVALID_ARGUMENT", Refusal.PARAMETER, "docs, jkorf, body: invalid size"),
    RefusedLabel("INVALID_REQUEST_BODY", Refusal.PARAMETER, "docs, jkorf: invalid body"),
    RefusedLabel("INVALID_CLIENT_ORDER_ID", Refusal.PARAMETER, "jkorf: invalid text"),
    RefusedLabel("MISSING_REQUIRED_PARAM", Refusal.PARAMETER, "docs, jkorf: missing parameter"),
    RefusedLabel("BAD_REQUEST", Refusal.PARAMETER, "docs, ccxt: invalid request"),
    RefusedLabel("TOO_MANY_CURRENCY_PAIRS", Refusal.PARAMETER, "docs, jkorf: pairs of a batch"),
    # The account.
    RefusedLabel("ACCOUNT_LOCKED", Refusal.ACCOUNT, "docs, jkorf: account locked"),
    RefusedLabel("SUB_ACCOUNT_LOCKED", Refusal.ACCOUNT, "docs, ccxt: sub-account locked"),
    RefusedLabel("SUB_ACCOUNT_NOT_FOUND", Refusal.ACCOUNT, "docs, ccxt: no such sub-account"),
    RefusedLabel("USER_NOT_FOUND", Refusal.ACCOUNT, "docs, ccxt: no account of perpetuals yet"),
    RefusedLabel("TRADE_RESTRICTED", Refusal.ACCOUNT, "docs, ccxt: trading is restricted"),
    RefusedLabel("RISK_LIMIT_EXCEEDED", Refusal.ACCOUNT, "docs, jkorf: above the risk limit"),
    RefusedLabel("LEVERAGE_TOO_HIGH", Refusal.ACCOUNT, "docs, jkorf: leverage too high"),
    RefusedLabel("LEVERAGE_TOO_LOW", Refusal.ACCOUNT, "docs, jkorf: leverage too low"),
    RefusedLabel("POSITION_IN_LIQUIDATION", Refusal.ACCOUNT, "docs, ccxt: being liquidated"),
    RefusedLabel("POSITION_IN_CLOSE", Refusal.ACCOUNT, "docs, ccxt: being closed"),
    # The instrument.
    RefusedLabel("INVALID_CURRENCY", Refusal.SYMBOL, "docs, jkorf: invalid currency"),
    RefusedLabel("INVALID_CURRENCY_PAIR", Refusal.SYMBOL, "docs, jkorf: invalid pair"),
    RefusedLabel("CONTRACT_NOT_FOUND", Refusal.SYMBOL, "docs, jkorf: no such contract"),
    RefusedLabel("CONTRACT_IN_DELISTING", Refusal.MARKET_CLOSED, "docs, jkorf: reduce only"),
    # Filters.
    RefusedLabel("INVALID_PRECISION", Refusal.FILTER, "docs, jkorf: too many digits"),
    RefusedLabel("AMOUNT_TOO_LITTLE", Refusal.FILTER, "docs, jkorf: amount too small"),
    RefusedLabel("AMOUNT_TOO_MUCH", Refusal.FILTER, "docs, jkorf: amount too large"),
    RefusedLabel("QUANTITY_NOT_ENOUGH", Refusal.FILTER, "docs, jkorf: amount too small"),
    RefusedLabel("SIZE_TOO_SMALL", Refusal.FILTER, "docs, jkorf: size too small"),
    RefusedLabel("SIZE_TOO_LARGE", Refusal.FILTER, "docs, jkorf: size too large"),
    RefusedLabel("PRICE_TOO_DEVIATED", Refusal.FILTER, "docs, jkorf: too far from the mark"),
    RefusedLabel("PRICE_THRESHOLD_EXCEEDED", Refusal.FILTER, "ccxt, body: beyond the threshold"),
    # What would trade at once, or cannot.
    RefusedLabel("POC_FILL_IMMEDIATELY", Refusal.POST_ONLY, "docs, jkorf, body: spot"),
    RefusedLabel("ORDER_POC_IMMEDIATE", Refusal.POST_ONLY, "docs, jkorf, body: perpetuals"),
    RefusedLabel("FOK_NOT_FILL", Refusal.NOT_FILLABLE, "docs, jkorf: spot"),
    RefusedLabel("ORDER_FOK", Refusal.NOT_FILLABLE, "docs, jkorf: perpetuals"),
    RefusedLabel("CONTRACT_NO_COUNTER", Refusal.NOT_FILLABLE, "docs, ccxt: no counter orders"),
    # What it costs, and how many there are.
    RefusedLabel("BALANCE_NOT_ENOUGH", Refusal.FUNDS, "docs, jkorf: spot"),
    RefusedLabel("FUTURES_BALANCE_NOT_ENOUGH", Refusal.FUNDS, "docs, jkorf: perpetuals"),
    RefusedLabel("INSUFFICIENT_AVAILABLE", Refusal.FUNDS, "docs, jkorf: perpetuals"),
    RefusedLabel("LIQUIDATE_IMMEDIATELY", Refusal.FUNDS, "docs, jkorf: would be liquidated"),
    RefusedLabel("PRICE_OVER_LIQUIDATION", Refusal.FUNDS, "docs, ccxt: beyond liquidation"),
    RefusedLabel("PRICE_OVER_BANKRUPT", Refusal.FUNDS, "docs, ccxt: beyond bankruptcy"),
    RefusedLabel("TOO_MANY_ORDERS", Refusal.OPEN_ORDERS, "docs, jkorf: too many open orders"),
    RefusedLabel("INCREASE_POSITION", Refusal.REDUCE_ONLY, "docs, ccxt: would not reduce"),
    RefusedLabel("POSITION_EMPTY", Refusal.REDUCE_ONLY, "docs, jkorf: nothing to reduce"),
)
# docs, jkorf: there is no order of this id (any more).
NO_ORDER = frozenset({"ORDER_NOT_FOUND", "CLIENT_ID_NOT_FOUND"})
GONE = NO_ORDER | {"ORDER_CLOSED", "ORDER_CANCELLED", "ORDER_FINISHED"}
# docs, HTTP 429; TOO_FAST is the same of withdrawals.
THROTTLES = frozenset({"TOO_MANY_REQUESTS", "TOO_FAST"})
THROTTLE_MS = 1000
IN_DOUBT = {
    "INTERNAL": "docs: internal server error",
    "SERVER_ERROR": "docs: internal server error",
    "TOO_BUSY": "docs: the server is too busy",
    "ACCOUNT_EXCEPTION": "docs: an exception of the account, not which",
    "REPEATED_CREATION": "docs: created repeatedly; of what, it does not say",
    "ORDER_NOT_OWNED": "docs: the order is somebody else's",
}
