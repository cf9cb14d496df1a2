"""Which of ccxt's raw calls a request is, and which of Bybit's limits it takes: each endpoint has its own."""

from collections.abc import Mapping
from typing import Any

from opensqt.domain.instruments import Market
from opensqt.venues.engine.request import RestRequest

VENUE = "bybit"
CATEGORIES = {Market.SPOT: "spot", Market.PERP: "linear"}
MARKETS = {category: market for market, category in CATEGORIES.items()}
# Of an address all requests together, of an account each endpoint; places and cancels by their market.
ADDRESS, READS, FEES, LEDGER = "address", "read", "fees", "ledger"


def public(market: Market, path: str, params: Mapping[str, str] | None = None) -> RestRequest:
    """Return a read that anybody may ask."""
    return RestRequest(
        section=("public",),
        verb="GET",
        path=f"v5/{path}",
        market=market,
        params=params or {},
        cost={ADDRESS: 1.0},
    )


def read(
    market: Market, path: str, params: Mapping[str, str], *, bucket: str = READS
) -> RestRequest:
    """Return a read that carries our key."""
    return RestRequest(
        section=("private",),
        verb="GET",
        path=f"v5/{path}",
        market=market,
        params=params,
        cost={f"{bucket}/{path}": 1.0, ADDRESS: 1.0},
    )


def write(
    market: Market, path: str, params: Mapping[str, Any], cost: Mapping[str, float], *, orders: int
) -> RestRequest:
    """Return a place or a cancel of so many orders: docs count each of a batch."""
    return RestRequest(
        section=("private",),
        verb="POST",
        path=f"v5/{path}",
        market=market,
        params=params,
        cost={**cost, f"{market.value}/{path}": float(orders), ADDRESS: 1.0},
    )
