"""Binance's exchangeInfo into instrument rules; pure. No filter is ever hard-coded."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from opensqt.domain.decimals import ZERO, from_foreign
from opensqt.domain.instruments import InstrumentRules, Market, market_of
from opensqt.runtime.venue.binance_wire import trimmed

VENUE = "binance"
TRADED_TYPES = {Market.SPOT: "spot", Market.PERP: "swap"}


def venue_symbols(markets: Mapping[str, Any], market: Market) -> dict[str, str]:
    """Map the venue's symbols of one market to the unified ones."""
    return {
        entry["id"]: symbol
        for symbol, entry in markets.items()
        if entry["type"] == TRADED_TYPES[market]
    }


def rules_of(
    markets: Mapping[str, Any], symbol: str, *, fees: tuple[Decimal, Decimal] | None, time_ms: int
) -> InstrumentRules:
    """Return the rules of a symbol; without `fees` the venue's list fees; raise `LookupError` if unknown."""
    entry = markets.get(symbol)
    market = market_of(symbol)
    if entry is None or entry["type"] != TRADED_TYPES[market]:
        raise LookupError(
            f"symbol {symbol!r} is not traded at {VENUE}; write it like BTC/USDT:USDT"
        )
    filters = {row["filterType"]: row for row in entry["info"]["filters"]}
    price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
    up, down = _band(filters)
    maker, taker = fees or (from_foreign(entry["maker"]), from_foreign(entry["taker"]))
    return InstrumentRules(
        venue=VENUE,
        symbol=symbol,
        market=market,
        venue_symbol=entry["id"],
        base=entry["base"],
        quote=entry["quote"],
        tick_size=_number(price["tickSize"]),
        price_min=_number(price["minPrice"]),
        price_max=_number(price["maxPrice"]),
        quantity_step=_number(lot["stepSize"]),
        quantity_min=_number(lot["minQty"]),
        quantity_max=_number(lot["maxQty"]),
        notional_min=_notional_min(filters),
        price_band_up=up,
        price_band_down=down,
        maker_fee=maker,
        taker_fee=taker,
        time_ms=time_ms,
    )


def _notional_min(filters: Mapping[str, Any]) -> Decimal:
    """Spot: NOTIONAL or the older MIN_NOTIONAL `minNotional`; usdm: MIN_NOTIONAL `notional`."""
    row = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {}
    return _number(row.get("minNotional") or row.get("notional") or "0")


def _band(filters: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    """Return the multipliers of the reference price that hold for both sides (0 = none)."""
    sides = filters.get("PERCENT_PRICE_BY_SIDE")
    if sides is not None:
        return (
            min(_number(sides["bidMultiplierUp"]), _number(sides["askMultiplierUp"])),
            max(_number(sides["bidMultiplierDown"]), _number(sides["askMultiplierDown"])),
        )
    both = filters.get("PERCENT_PRICE")
    return (
        (_number(both["multiplierUp"]), _number(both["multiplierDown"])) if both else (ZERO, ZERO)
    )


def _number(text: object) -> Decimal:
    return trimmed(from_foreign(text))
