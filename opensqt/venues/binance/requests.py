"""Binance's REST calls: which of ccxt's sections a market has, and requests of either kind; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from opensqt.domain.instruments import Market
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.request import RestRequest

PUBLIC_SECTIONS = {Market.SPOT: ("public",), Market.PERP: ("fapiPublic",)}
SECTIONS = {Market.SPOT: ("private",), Market.PERP: ("fapiPrivate",)}
SECTIONS_V3 = ("fapiPrivateV3",)
COUNTDOWN_WEIGHT = 10.0  # docs, "Auto-Cancel All Open Orders"
MS_PER_S = 1000


def signed(
    market: Market,
    path: str,
    params: Mapping[str, Any],
    cost: Mapping[str, float],
    *,
    verb: str = "GET",
    section: tuple[str, ...] = (),
) -> RestRequest:
    """Return a request that carries our key."""
    return RestRequest(
        section=section or SECTIONS[market],
        verb=verb,
        path=path,
        market=market,
        params=params,
        cost=cost,
    )


def public(
    market: Market, path: str, weight: float, params: Mapping[str, str] | None = None
) -> RestRequest:
    """Return a read that anybody may ask."""
    return RestRequest(
        section=PUBLIC_SECTIONS[market],
        verb="GET",
        path=path,
        market=market,
        params=params or {},
        cost={market.value: weight} if weight else {},
    )


def dead_man(instruments: Sequence[Instrument], span_s: int) -> Sequence[RestRequest]:
    """Return the requests that set the timer of each symbol."""
    return [
        signed(
            at.market,
            "countdownCancelAll",
            {"symbol": at.venue_symbol, "countdownTime": str(span_s * MS_PER_S)},
            {at.market.value: COUNTDOWN_WEIGHT},
            verb="POST",
        )
        for at in instruments
    ]
