"""Rules from the venue's own metadata: each documented filter becomes the figure that the platform keeps to."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opensqt.domain.instruments import InstrumentRules, Side, market_of
from opensqt.venues.binance.rules import VENUE, filters_of
from opensqt.venues.engine.instrument import rules_of

FEES = (Decimal("0.001"), Decimal("0.002"))
# The formats of the filter page of the spot documentation and of usdm's "Filters", with figures of our own.
PRICE = {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "5000", "tickSize": "0.05"}
LOT = {"filterType": "LOT_SIZE", "minQty": "0.02", "maxQty": "300", "stepSize": "0.004"}
SPOT_NOTIONAL = {
    "filterType": "NOTIONAL",
    "minNotional": "6",
    "applyMinToMarket": True,
    "maxNotional": "90000",
    "applyMaxToMarket": False,
    "avgPriceMins": 5,
}
BY_SIDE = {
    "filterType": "PERCENT_PRICE_BY_SIDE",
    "bidMultiplierUp": "1.2",
    "bidMultiplierDown": "0.3",
    "askMultiplierUp": "4",
    "askMultiplierDown": "0.7",
    "avgPriceMins": 1,
}
BOTH_SIDES = {"filterType": "PERCENT_PRICE", "multiplierUp": "1.3", "multiplierDown": "0.6"}


def read(symbol: str, *filters: dict[str, Any]) -> InstrumentRules:
    """Read a symbol with these filters, listed as the client lists it."""
    perp = ":" in symbol
    entry = {
        "type": "swap" if perp else "spot",
        "id": "BTCUSDT",
        "base": "BTC",
        "quote": "USDT",
        "settle": "USDT" if perp else None,
        "info": {"filters": filters},
    }
    told = filters_of(entry, market_of(symbol))
    return rules_of(VENUE, {symbol: entry}, symbol, told, fees=FEES, time_ms=7)


@pytest.mark.row("D05")
@pytest.mark.parametrize(
    "field,value",
    [
        ("tick_size", "0.05"),
        ("price_min", "0.01"),
        ("price_max", "5000"),
        ("quantity_step", "0.004"),
        ("quantity_min", "0.02"),
        ("quantity_max", "300"),
        ("notional_min", "6"),
        ("notional_max", "90000"),
        ("price_band_up", "1.2"),
        ("price_band_buy_down", "0.3"),
        ("price_band_sell_up", "4"),
        ("price_band_down", "0.7"),
        ("position_max", "12.5"),
        ("orders_max", "150"),
        ("maker_fee", "0.001"),
        ("taker_fee", "0.002"),
    ],
)
def test_each_filter_of_spot_is_read(field: str, value: str) -> None:
    """One by one, each with a figure that no other has."""
    rules = read(
        "BTC/USDT",
        PRICE,
        LOT,
        SPOT_NOTIONAL,
        BY_SIDE,
        {"filterType": "MAX_POSITION", "maxPosition": "12.5"},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 150},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "ICEBERG_PARTS", "limit": 10},
    )
    assert getattr(rules, field) == Decimal(value)


@pytest.mark.row("D05")
def test_the_filters_of_usdm_are_read_as_usdm_documents_them() -> None:
    """`notional`, `limit`; PERCENT_PRICE bounds a buy above and a sell below, and nothing else."""
    rules = read(
        "BTC/USDT:USDT",
        PRICE,
        LOT,
        {"filterType": "MIN_NOTIONAL", "notional": "100"},
        BOTH_SIDES,
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": 10},
    )
    assert (rules.notional_min, rules.orders_max) == (Decimal(100), 200)
    assert (rules.price_band_up, rules.price_band_down) == (Decimal("1.3"), Decimal("0.6"))
    assert not any((rules.price_band_buy_down, rules.price_band_sell_up))


def test_the_older_band_of_spot_bounds_both_sides_both_ways() -> None:
    """PERCENT_PRICE on spot: price between the two for whoever asks; MIN_NOTIONAL is the older name of NOTIONAL."""
    rules = read(
        "BTC/USDT", PRICE, LOT, BOTH_SIDES, {"filterType": "MIN_NOTIONAL", "minNotional": "7"}
    )
    for side in Side:
        bounds = [rules.outside_band(side, Decimal(price), Decimal(10)) for price in (5, 6, 13, 14)]
        assert bounds == [True, False, False, True]
    assert rules.notional_min == 7


def test_what_is_not_listed_is_off() -> None:
    """A symbol without a filter has no such bound."""
    rules = read("BTC/USDT", PRICE, LOT)
    caps = (rules.notional_min, rules.notional_max, rules.orders_max, rules.position_max)
    assert not any(caps)
    assert not rules.outside_band(Side.BUY, Decimal(10**6), Decimal(1))


@pytest.mark.recordings
@pytest.mark.row("D04", "D05")
@pytest.mark.parametrize("market", ["spot", "usdm"])
def test_every_recorded_instrument_can_be_read(recordings: Path, market: str) -> None:
    """All symbols of the recorded listings, zeros included: prices and quantities fit without an error."""
    (path,) = (recordings / "instruments").glob(f"binance_{market}_exchangeInfo_*.json.gz")
    listed = json.loads(gzip.decompress(path.read_bytes()))["symbols"]
    assert listed
    for entry in listed:
        symbol = f"{entry['baseAsset']}/{entry['quoteAsset']}" + ":USDT" * (market == "usdm")
        rules = read(symbol, *entry["filters"])
        price = rules.fit_price(Decimal("1.23456789"), Side.BUY)
        rules.refusal(price, rules.fit_quantity(Decimal("12.3456789")))
        (lot,) = (each for each in entry["filters"] if each["filterType"] == "LOT_SIZE")
        (orders,) = (each for each in entry["filters"] if each["filterType"] == "MAX_NUM_ORDERS")
        assert rules.quantity_max == Decimal(lot["maxQty"])
        assert rules.orders_max == orders.get("maxNumOrders", orders.get("limit"))
