"""Long lists of Binance read page by page to their end; nothing is skipped and nothing comes twice."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from opensqt.domain.account import FundingPaid
from opensqt.domain.instruments import Market
from opensqt.domain.venue import TradeView, VenueDown
from opensqt.venues.binance.parser import Unreadable, funding_rows, trade_views
from opensqt.venues.binance.rest import SECTIONS, BinanceRest, RestRequest
from opensqt.venues.engine.rate_limit import Priority

Row = TypeVar("Row")

PAGE = 1000
HOUR_MS = 3_600_000
# docs: the span between startTime and endTime is at most 24 h (spot myTrades) and 7 days (usdm userTrades).
SPAN_MS = {Market.SPOT: 24 * HOUR_MS, Market.PERP: 7 * 24 * HOUR_MS}
PATHS = {Market.SPOT: "myTrades", Market.PERP: "userTrades"}
WEIGHTS = {Market.SPOT: 20.0, Market.PERP: 5.0}
INCOME_WEIGHT = 30.0


async def read_trades(
    gate: BinanceRest,
    symbol: str,
    market: Market,
    *,
    after_trade_id: str,
    since_ms: int,
    lane: Priority = Priority.READ,
) -> list[TradeView]:
    """Return all our trades beyond an id, or from a market time on, oldest first; raise `VenueDown`."""
    symbols = await gate.symbols(market)
    base = {"symbol": await gate.venue_symbol(symbol), "limit": str(PAGE)}
    found: list[TradeView] = []
    start_ms = since_ms
    while not after_trade_id:
        end_ms = start_ms + SPAN_MS[market] - 1
        params = {**base, "startTime": str(start_ms), "endTime": str(end_ms)}
        found = await _trades(gate, market, params, symbols, lane)
        if found:
            after_trade_id = found[-1].trade_id
        elif end_ms >= gate.clock.market_ms():
            return []
        start_ms = end_ms + 1
    while True:
        params = {**base, "fromId": str(int(after_trade_id) + 1)}
        page = await _trades(gate, market, params, symbols, lane)
        found.extend(page)
        if len(page) < PAGE:
            return found
        after_trade_id = page[-1].trade_id


async def read_funding(
    gate: BinanceRest, symbol: str, *, since_ms: int, venue: str, account: str
) -> list[FundingPaid]:
    """Return booked funding payments from a market time on, oldest first; raise `VenueDown`."""
    symbols = await gate.symbols(Market.PERP)
    params = {
        "symbol": await gate.venue_symbol(symbol),
        "incomeType": "FUNDING_FEE",
        "limit": str(PAGE),
    }
    found: dict[str, FundingPaid] = {}
    while True:
        request = RestRequest(
            section=SECTIONS[Market.PERP],
            verb="GET",
            path="income",
            params={**params, "startTime": str(since_ms)},
            cost={Market.PERP.value: INCOME_WEIGHT},
        )
        page = _readable(
            lambda raw: funding_rows(raw, symbols, venue=venue, account=account),
            await gate.read(request),
        )
        fresh = {row.income_id: row for row in page if row.income_id not in found}
        found.update(fresh)
        if len(page) < PAGE or not fresh:
            return sorted(found.values(), key=lambda row: (row.time_ms, row.income_id))
        since_ms = page[-1].time_ms


async def _trades(
    gate: BinanceRest,
    market: Market,
    params: dict[str, str],
    symbols: Mapping[str, str],
    lane: Priority,
) -> list[TradeView]:
    request = RestRequest(
        section=SECTIONS[market],
        verb="GET",
        path=PATHS[market],
        params=params,
        cost={market.value: WEIGHTS[market]},
        lane=lane,
    )
    return _readable(lambda raw: trade_views(market, raw, symbols), await gate.read(request))


def _readable(reader: Callable[[bytes], list[Row]], raw: bytes) -> list[Row]:
    try:
        return reader(raw)
    except Unreadable as error:
        raise VenueDown(f"an answer could not be read: {error}") from error
