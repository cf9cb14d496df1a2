"""Bybit's words for what we have words for: sides, statuses, ends, terms; and numbers that may be empty texts. Pure."""

from decimal import Decimal

from opensqt.domain.decimals import ZERO, from_foreign
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import TimeInForce
from opensqt.domain.venue import EndReason
from opensqt.domain.wallets import wallet_of
from opensqt.venues.engine.instrument import trimmed
from opensqt.venues.engine.request import Unreadable

WALLET = wallet_of(Market)  # a unified account has one
SELF_TRADE = "CancelTaker"  # explicit on every order (docs, smpType)
SIDES = {Side.BUY: "Buy", Side.SELL: "Sell"}
OUR_SIDES = {word: side for side, word in SIDES.items()}
TIMES_IN_FORCE = {
    TimeInForce.GTC: "GTC",
    TimeInForce.IOC: "IOC",
    TimeInForce.FOK: "FOK",
    TimeInForce.POST_ONLY: "PostOnly",
}
# docs, enum "orderStatus"; what the venue itself ends is an expiry, told by its reason.
STATUSES = {
    "New": "open",
    "PartiallyFilled": "open",
    "Untriggered": "open",
    "Triggered": "open",
    "Filled": "filled",
    "Cancelled": "canceled",
    "PartiallyFilledCanceled": "canceled",
    "Deactivated": "canceled",
    "Rejected": "rejected",
}
# docs, enums "rejectReason" and "cancelType".
ENDS = {
    "EC_PostOnlyWillTakeLiquidity": EndReason.POST_ONLY,
    "EC_BySelfMatch": EndReason.SELF_TRADE,
    "EC_StopBySelfMatch": EndReason.SELF_TRADE,
    "CancelBySmp": EndReason.SELF_TRADE,
    "CancelByReduceOnly": EndReason.REDUCE_ONLY,
    "CancelByPrepareLiq": EndReason.LIQUIDATED,
    "CancelAllBeforeLiq": EndReason.LIQUIDATED,
    "CancelByPrepareAdl": EndReason.DELEVERAGED,
    "CancelAllBeforeAdl": EndReason.DELEVERAGED,
    "CancelByCannotAffordOrderCost": EndReason.FUNDS,
}
EXPIRIES = frozenset(
    {"EC_NoImmediateQtyToFill", "EC_CancelForNoFullFill", "EC_NoEnoughQtyToFill", *ENDS}
)
NO_REASON = frozenset({"", "EC_NoError", "UNKNOWN", "CancelByUser", "EC_PerCancelRequest"})


def number(text: str) -> Decimal:
    """Read a number; an empty text is none of it."""
    return trimmed(from_foreign(text)) if text else ZERO


def side_of(text: str) -> Side:
    """Read Buy or Sell; raise `Unreadable`."""
    try:
        return OUR_SIDES[text]
    except KeyError as error:
        raise Unreadable(f"side {text!r}, expected Buy or Sell") from error


def status_of(text: str, why: str, cancel: str) -> tuple[str, str]:
    """Read an order's status and the reason of its end; raise `Unreadable` for a status that is not documented."""
    try:
        status = STATUSES[text]
    except KeyError as error:
        raise Unreadable(f"order status {text!r} is not documented") from error
    if status in ("open", "filled"):
        return status, ""
    for word in (why, cancel):
        if word in ENDS:
            return "rejected" if status == "rejected" else "expired", ENDS[word]
    if status == "canceled" and why in EXPIRIES:
        return "expired", why
    return status, "" if why in NO_REASON else why


def settled_in(symbol: str) -> str:
    """Return the asset that a perpetual of ours settles in."""
    return symbol.rpartition(":")[2]


def received_in(symbol: str, side: Side) -> str:
    """Return the asset that a spot trade pays out; its fee is taken of that (docs, "Spot fee currency")."""
    base, _, quote = symbol.partition("/")
    return base if side is Side.BUY else quote
