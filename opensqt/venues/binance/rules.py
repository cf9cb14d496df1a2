"""Binance's exchangeInfo into instrument rules; pure. No filter is ever hard-coded."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from opensqt.domain.decimals import ZERO, from_foreign
from opensqt.domain.instruments import Market
from opensqt.venues.engine.instrument import trimmed

VENUE = "binance"


def filters_of(listed: Mapping[str, Any], market: Market) -> dict[str, Any]:
    """Return a listed symbol's filters as fields of `InstrumentRules`."""
    filters = {row["filterType"]: row for row in listed["info"]["filters"]}
    price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
    band = _band(filters, market)
    return {
        "tick_size": _number(price["tickSize"]),
        "price_min": _number(price["minPrice"]),
        "price_max": _number(price["maxPrice"]),
        "quantity_step": _number(lot["stepSize"]),
        "quantity_min": _number(lot["minQty"]),
        "quantity_max": _number(lot["maxQty"]),
        "notional_min": _notional_min(filters),
        "notional_max": _number(filters.get("NOTIONAL", {}).get("maxNotional") or "0"),
        "price_band_up": band.buy_up,
        "price_band_down": band.sell_down,
        "price_band_buy_down": band.buy_down,
        "price_band_sell_up": band.sell_up,
        "position_max": _number(filters.get("MAX_POSITION", {}).get("maxPosition") or "0"),
        "orders_max": _orders_max(filters),
    }


def _notional_min(filters: Mapping[str, Any]) -> Decimal:
    """Spot: NOTIONAL or the older MIN_NOTIONAL `minNotional`; usdm: MIN_NOTIONAL `notional`."""
    row = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {}
    return _number(row.get("minNotional") or row.get("notional") or "0")


def _orders_max(filters: Mapping[str, Any]) -> int:
    """Spot names it `maxNumOrders`, usdm `limit`; MAX_NUM_ALGO_ORDERS counts conditional orders, we send none."""
    row = filters.get("MAX_NUM_ORDERS") or {}
    return int(row.get("maxNumOrders") or row.get("limit") or 0)


class _Band(NamedTuple):
    """Multipliers of the reference price by side (0 = not bounded)."""

    buy_up: Decimal = ZERO
    buy_down: Decimal = ZERO
    sell_up: Decimal = ZERO
    sell_down: Decimal = ZERO


def _band(filters: Mapping[str, Any], market: Market) -> _Band:
    """Return what bounds a limit price, as documented.

    PERCENT_PRICE_BY_SIDE has four multipliers. PERCENT_PRICE bounds both sides both ways on spot; on usdm a buy only
    above and a sell only below.
    """
    sides, both = filters.get("PERCENT_PRICE_BY_SIDE"), filters.get("PERCENT_PRICE")
    if sides is not None:
        return _Band(
            buy_up=_number(sides["bidMultiplierUp"]),
            buy_down=_number(sides["bidMultiplierDown"]),
            sell_up=_number(sides["askMultiplierUp"]),
            sell_down=_number(sides["askMultiplierDown"]),
        )
    if both is None:
        return _Band()
    up, down = _number(both["multiplierUp"]), _number(both["multiplierDown"])
    if market is Market.PERP:
        return _Band(buy_up=up, sell_down=down)
    return _Band(buy_up=up, buy_down=down, sell_up=up, sell_down=down)


def _number(text: object) -> Decimal:
    return trimmed(from_foreign(text))
