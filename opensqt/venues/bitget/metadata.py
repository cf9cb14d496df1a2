"""What Bitget tells of itself: its time and its listing. It does not say what it has counted; pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.bitget.requests import data_in, public
from opensqt.venues.bitget.words import number
from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.request import Query, RestRequest, decoded

SPOT_FEE = Decimal("0.001")  # docs, fee schedule: the list of v3 states fees of perpetuals alone


class _BitgetTime(msgspec.Struct, frozen=True, rename="camel"):
    server_time: str


class BitgetMetadata:
    """Spot and linear perpetuals."""

    def client_options(self, markets: frozenset[Market], window_ms: int) -> Mapping[str, Any]:
        """Tell ccxt that the account is a unified one; it lists all categories then."""
        del markets, window_ms
        return {"uta": True}

    def clock(self, market: Market) -> Query[int]:
        """Ask for the one clock of all markets, which v3 has no endpoint for."""

        def read(raw: bytes, _: Symbols) -> int:
            return int(decoded(data_in(raw), _BitgetTime).server_time)

        request = public(market, "v2/public/time", {}, section="common")
        return Query(request=msgspec.structs.replace(request, cost={}), read=read)

    def used(self, request: RestRequest, headers: Mapping[str, str]) -> Mapping[str, float]:
        """Bitget does not say."""
        del request, headers
        return {}

    def filters(self, listed: Mapping[str, Any], market: Market) -> Mapping[str, Any]:
        """Return the filters of `instruments`: steps of perpetuals are stated, those of spot are decimal places."""
        info = listed["info"]
        return {
            **({"maker_fee": SPOT_FEE, "taker_fee": SPOT_FEE} if market is Market.SPOT else {}),
            "tick_size": _step(info, "priceMultiplier", "pricePrecision"),
            "quantity_step": _step(info, "quantityMultiplier", "quantityPrecision"),
            "quantity_min": number(info["minOrderQty"]),
            "quantity_max": number(info.get("maxOrderQty")),
            "notional_min": number(info.get("minOrderAmount")),
            "orders_max": int(info.get("maxSymbolOrderNum") or 0),
        }


def _step(info: Mapping[str, Any], stated: str, places: str) -> Decimal:
    return number(info.get(stated)) or Decimal(1).scaleb(-int(info[places]))
