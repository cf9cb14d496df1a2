"""What Gate tells of itself: its time, its listing and what is left of a limit; pure. No filter is hard-coded."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.decimals import ONE, ZERO, from_foreign
from opensqt.domain.instruments import Market
from opensqt.venues.engine.instrument import TRADED_TYPES, Symbols, trimmed
from opensqt.venues.engine.rate_limit import ORDERS
from opensqt.venues.engine.request import Query, RestRequest, decoded
from opensqt.venues.gate.requests import SETTLE, public

LIMIT, LEFT = "x-gate-ratelimit-limit", "x-gate-ratelimit-requests-remain"


class _GateTime(msgspec.Struct, frozen=True):
    server_time: int


class GateMetadata:
    """Spot and USDT-settled perpetuals."""

    def client_options(self, markets: frozenset[Market], window_ms: int) -> Mapping[str, Any]:
        """Return which markets ccxt loads; it need not ask whether the account is unified."""
        del window_ms
        types = [TRADED_TYPES[market] for market in sorted(markets)]
        settled = {"fetchMarkets": {"settlementCurrencies": [SETTLE]}}
        return {"fetchMarkets": {"types": types}, "swap": settled, "unifiedAccount": False}

    def clock(self, market: Market) -> Query[int]:
        """Ask for the one clock of both markets."""

        def read(raw: bytes, _: Symbols) -> int:
            return decoded(raw, _GateTime).server_time

        request = public(Market.SPOT, "time", free=True)
        return Query(request=msgspec.structs.replace(request, market=market), read=read)

    def used(self, request: RestRequest, headers: Mapping[str, str]) -> Mapping[str, float]:
        """Read the headers of an endpoint's limit: all of it less what is left."""
        limit, left = headers.get(LIMIT, ""), headers.get(LEFT, "")
        own = [bucket for bucket in request.cost if bucket != ORDERS]
        if not own or not limit.isdecimal() or not left.isdecimal():
            return {}
        return {own[0]: float(max(0, int(limit) - int(left)))}

    def filters(self, listed: Mapping[str, Any], market: Market) -> Mapping[str, Any]:
        """Return the filters of a listed instrument; a pair states digits, a contract its grid."""
        info = listed["info"]
        if market is Market.SPOT:
            return {
                "tick_size": _digits(info["precision"]),
                "quantity_step": _digits(info["amount_precision"]),
                "quantity_min": _stated(info, "min_base_amount"),
                "quantity_max": _stated(info, "max_base_amount"),
                "notional_min": _stated(info, "min_quote_amount"),
                "notional_max": _stated(info, "max_quote_amount"),
            }
        least = _stated(info, "order_size_min")
        parts = str(info.get("enable_decimal")).lower() == "true"
        return {
            "tick_size": _stated(info, "order_price_round"),
            "quantity_step": least if parts and least else ONE,
            "quantity_min": least,
            "quantity_max": _stated(info, "order_size_max"),
            "notional_min": ZERO,
            "orders_max": int(_stated(info, "orders_limit")),
        }


def _digits(count: object) -> Decimal:
    return ONE.scaleb(-int(str(count)))


def _stated(info: Mapping[str, Any], name: str) -> Decimal:
    value = info.get(name)
    return ZERO if value in (None, "") else trimmed(from_foreign(value))
