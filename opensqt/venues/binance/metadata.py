"""What Binance tells of itself: its time, its listing and what it counted of our weights; pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.binance.requests import public
from opensqt.venues.binance.rules import filters_of
from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.request import Query, RestRequest, decoded

KINDS = {Market.SPOT: "spot", Market.PERP: "linear"}  # ccxt's words
USED_WEIGHT = "x-mbx-used-weight-1m"  # of the whole address, in the venue's minute


class _Time(msgspec.Struct, frozen=True, rename="camel"):
    server_time: int


class BinanceMetadata:
    """Spot and USDⓈ-M."""

    def client_options(self, markets: frozenset[Market], window_ms: int) -> Mapping[str, Any]:
        """Return which markets ccxt loads and how long what it signs lives."""
        types = [KINDS[market] for market in sorted(markets)]
        return {"recvWindow": window_ms, "fetchMarkets": {"types": types}}

    def clock(self, market: Market) -> Query[int]:
        """Ask the market that refused our time."""

        def read(raw: bytes, _: Symbols) -> int:
            return decoded(raw, _Time).server_time

        return Query(request=public(market, "time", 0.0), read=read)

    def used(self, request: RestRequest, headers: Mapping[str, str]) -> Mapping[str, float]:
        """Read the header that both markets send."""
        used = headers.get(USED_WEIGHT, "")
        return {request.market.value: float(used)} if used.isdigit() else {}

    def filters(self, listed: Mapping[str, Any], market: Market) -> Mapping[str, Any]:
        """Return the filters of exchangeInfo."""
        return filters_of(listed, market)
