"""Bitget's words for what we have words for: sides, statuses, ends, terms; and numbers that may be empty. Pure."""

from decimal import Decimal

from opensqt.domain.decimals import ZERO, from_foreign
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import TimeInForce
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import EndReason
from opensqt.venues.bitget.requests import MARKETS
from opensqt.venues.engine.instrument import Symbols, trimmed
from opensqt.venues.engine.request import Unreadable

SELF_TRADE = "cancel_taker"  # explicit on every order (docs, stpMode)
CROSS = "crossed"
TIMES_IN_FORCE = {
    TimeInForce.GTC: "gtc",
    TimeInForce.IOC: "ioc",
    TimeInForce.FOK: "fok",
    TimeInForce.POST_ONLY: "post_only",
}
# docs, "orderStatus"; both spellings of the last one are seen in public clients, and `init` of a request under way.
STATUSES = {
    "init": "open",
    "new": "open",
    "live": "open",
    "partially_filled": "open",
    "filled": "filled",
    "cancelled": "canceled",
    "canceled": "canceled",
}
# "cancelReason" is documented as a text; these words are from memory, and any other is told as it is.
NO_REASON = ("", "normal_cancel")
ENDS = {
    "post_only_cancel": EndReason.POST_ONLY,
    "stp_cancel": EndReason.SELF_TRADE,
    "reduce_only_cancel": EndReason.REDUCE_ONLY,
    "liquidation_cancel": EndReason.LIQUIDATED,
}
LIQUIDITY = {"maker": Liquidity.MAKER, "taker": Liquidity.TAKER}
LONG, SHORT = "long", "short"
SIGNS = {LONG: Decimal(1), SHORT: Decimal(-1)}


def number(text: str | None) -> Decimal:
    """Read a number; an empty text is none of it."""
    return trimmed(from_foreign(text)) if text else ZERO


def side_of(text: str) -> Side:
    """Read buy or sell; raise `Unreadable`."""
    try:
        return Side(text)
    except ValueError as error:
        raise Unreadable(f"side {text!r}, expected buy or sell") from error


def status_of(text: str, why: str) -> tuple[str, str]:
    """Read an order's status and the reason of its end; raise `Unreadable` for a status that is not documented."""
    if text not in STATUSES:
        raise Unreadable(f"order status {text!r} is not documented")
    status = STATUSES[text]
    if status != "canceled" or why in NO_REASON:
        return status, ""
    return status, ENDS.get(why, why)


def moment(text: str | int) -> int:
    """Read a time in ms; raise `Unreadable`."""
    if not str(text).isdecimal():
        raise Unreadable(f"time {text!r}, expected ms")
    return int(text)


def market_of_category(category: str) -> Market | None:
    """Return the market of a category, which frames write in small letters; None where we trade none."""
    return MARKETS.get(category.upper())


def symbol_in(symbols: Symbols, category: str, venue_symbol: str) -> str | None:
    """Return our symbol of an instrument, None where it is none of ours."""
    market = market_of_category(category)
    return None if market is None else symbols[market].get(venue_symbol)
