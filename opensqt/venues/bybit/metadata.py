"""What Bybit tells of itself: its time, its listing and what is left of a limit; pure. No filter is ever hard-coded."""

from collections.abc import Mapping
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.bybit.parser import envelope_of
from opensqt.venues.bybit.requests import CATEGORIES, public
from opensqt.venues.bybit.words import number
from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.request import Query, RestRequest, decoded

LIMIT, LEFT = "x-bapi-limit", "x-bapi-limit-status"
NS_PER_MS = 1_000_000


class _VenueTime(msgspec.Struct, frozen=True, rename="camel"):
    time_nano: str


class BybitMetadata:
    """Both markets."""

    def client_options(self, markets: frozenset[Market], window_ms: int) -> Mapping[str, Any]:
        """Return which markets ccxt loads and how long what it signs lives; the account is a unified one."""
        types = [CATEGORIES[market] for market in sorted(markets)]
        unified = {"enableUnifiedMargin": False, "enableUnifiedAccount": True}
        return {"recvWindow": window_ms, "fetchMarkets": {"types": types}, **unified}

    def clock(self, market: Market) -> Query[int]:
        """Ask for the venue's time."""

        def read(raw: bytes, _: Symbols) -> int:
            return int(decoded(bytes(envelope_of(raw).result), _VenueTime).time_nano) // NS_PER_MS

        return Query(request=public(market, "market/time"), read=read)

    def used(self, request: RestRequest, headers: Mapping[str, str]) -> Mapping[str, float]:
        """Read the headers of an endpoint's limit: all of it less what is left in this second."""
        limit, left = headers.get(LIMIT, ""), headers.get(LEFT, "")
        own = [bucket for bucket in request.cost if "/" in bucket]
        if not own or not limit.isdecimal() or not left.isdecimal():
            return {}
        return {own[0]: float(max(0, int(limit) - int(left)))}

    def filters(self, listed: Mapping[str, Any], market: Market) -> Mapping[str, Any]:
        """Return the filters of a listed instrument; spot states its least notional as an amount."""
        info = listed["info"]
        price, lot = info["priceFilter"], info["lotSizeFilter"]
        spot = market is Market.SPOT
        return {
            "tick_size": number(price["tickSize"]),
            "price_min": number(price.get("minPrice", "")),
            "price_max": number(price.get("maxPrice", "")),
            "quantity_step": number(lot["basePrecision" if spot else "qtyStep"]),
            "quantity_min": number(lot["minOrderQty"]),
            "quantity_max": number(lot.get("maxLimitOrderQty") or lot["maxOrderQty"]),
            "notional_min": number(lot.get("minOrderAmt" if spot else "minNotionalValue", "")),
            "notional_max": number(lot.get("maxOrderAmt", "")) if spot else number(""),
            "orders_max": 500,  # docs, "Open orders up limit"; no metadata tells it
        }
