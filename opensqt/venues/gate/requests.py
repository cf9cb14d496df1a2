"""Which of ccxt's raw calls a request is, how Gate names instruments and our ids, and its limits that a call takes."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import Market
from opensqt.venues.engine.instrument import Instrument, trimmed
from opensqt.venues.engine.request import RestRequest, Unreadable

VENUE = "gate"
SETTLE, SETTLED_IN = "usdt", "USDT"
SECTIONS = {Market.SPOT: "spot", Market.PERP: "futures"}
NAMED_BY = {Market.SPOT: "currency_pair", Market.PERP: "contract"}
OWN_TEXT = "t-"  # docs, "text": what does not begin so is no client's id
MS_PER_S = 1000


def path_in(market: Market, path: str) -> str:
    """Return a path of a market: those of perpetuals begin with what they settle in."""
    return path if market is Market.SPOT else f"{SETTLE}/{path}"


def named(at: Instrument) -> dict[str, str]:
    """Return how a list is asked for one instrument."""
    return {NAMED_BY[at.market]: at.venue_symbol}


def text_of(client_order_id: str) -> str:
    """Return our id as Gate takes it."""
    return f"{OWN_TEXT}{client_order_id}"


def our_id(text: str) -> str:
    """Return the id that a client gave an order, empty where none did."""
    return text.removeprefix(OWN_TEXT) if text.startswith(OWN_TEXT) else ""


def public(
    market: Market, path: str, params: Mapping[str, str] | None = None, *, free: bool = False
) -> RestRequest:
    """Return a read that anybody may ask; a `free` one waits for no turn."""
    section = SECTIONS[market]
    return RestRequest(
        section=("public", section),
        verb="GET",
        path=path,
        market=market,
        params=params or {},
        cost={} if free else {f"public/{section}/{path}": 1.0},
    )


def read(
    market: Market, path: str, params: Mapping[str, str] | None = None, *, section: str = ""
) -> RestRequest:
    """Return a read of our account, from the section of the market or another one."""
    section = section or SECTIONS[market]
    return RestRequest(
        section=("private", section),
        verb="GET",
        path=path,
        market=market,
        params=params or {},
        cost={f"read/{section}/{path}": 1.0},
    )


def command(
    verb: str, market: Market, path: str, params: Any, cost: Mapping[str, float]
) -> RestRequest:
    """Return a request that changes something."""
    return RestRequest(
        section=("private", SECTIONS[market]),
        verb=verb,
        path=path_in(market, path),
        market=market,
        params=params,
        cost=cost,
    )


def dead_man(instruments: Sequence[Instrument], span_s: int) -> Sequence[RestRequest]:
    """Return the requests that set the timer of each market."""
    return [
        command(
            "POST", market, "countdown_cancel_all", {"timeout": span_s}, {f"dead_man/{market}": 1.0}
        )
        for market in sorted({at.market for at in instruments})
    ]


def seconds(time_ms: int) -> str:
    """Return a market time as lists are asked for it: whole seconds, not later."""
    return str(time_ms // MS_PER_S)


def plain(number: Decimal) -> str:
    """Write a number without trailing zeros."""
    return canonical(trimmed(number))


def ours(symbols: Mapping[str, str], venue_symbol: str) -> str:
    """Return our symbol; raise `Unreadable`."""
    try:
        return symbols[venue_symbol]
    except KeyError as error:
        raise Unreadable(f"symbol {venue_symbol!r} was not asked for") from error
