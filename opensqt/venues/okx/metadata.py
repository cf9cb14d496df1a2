"""What OKX tells of itself: its time and its listing. It does not say what it has counted; pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market
from opensqt.venues.engine.instrument import TRADED_TYPES, Symbols
from opensqt.venues.engine.request import Query, RestRequest, decoded
from opensqt.venues.okx.parser import moment, number
from opensqt.venues.okx.requests import public, row_in

OPEN_ORDERS_MAX = 500  # docs, "Place order": pending orders of one instrument


class _OkxTime(msgspec.Struct, frozen=True):
    ts: str


class OkxMetadata:
    """Spot and linear perpetuals."""

    def client_options(self, markets: frozenset[Market], window_ms: int) -> Mapping[str, Any]:
        """Return which markets ccxt loads."""
        del window_ms
        return {"fetchMarkets": {"types": [TRADED_TYPES[market] for market in sorted(markets)]}}

    def clock(self, market: Market) -> Query[int]:
        """Ask for the one clock of all markets."""

        def read(raw: bytes, _: Symbols) -> int:
            return moment(decoded(row_in(raw), _OkxTime).ts)

        return Query(request=public(market, "public/time", {}, free=True), read=read)

    def used(self, request: RestRequest, headers: Mapping[str, str]) -> Mapping[str, float]:
        """OKX does not say."""
        del request, headers
        return {}

    def filters(self, listed: Mapping[str, Any], market: Market) -> Mapping[str, Any]:
        """Return the filters of `instruments`; quantities of perpetuals are contracts, no notional is asked for."""
        del market
        info = listed["info"]
        return {
            "tick_size": _filter(info, "tickSz"),
            "quantity_step": _filter(info, "lotSz"),
            "quantity_min": _filter(info, "minSz"),
            "quantity_max": _filter(info, "maxLmtSz"),
            "notional_min": ZERO,
            "orders_max": OPEN_ORDERS_MAX,
        }


def _filter(info: Mapping[str, Any], name: str) -> Decimal:
    return number(str(info.get(name) or ""))
