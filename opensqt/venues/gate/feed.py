"""Gate's public streams: a connection for each market, books that are joined to a snapshot of REST; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.engine.depth_book import DepthChange, SequenceRule, spanned
from opensqt.venues.engine.feed_format import FeedConnection, FeedFrame
from opensqt.venues.engine.instrument import TRADED_TYPES, Instrument, Symbols
from opensqt.venues.engine.request import Query, decoded
from opensqt.venues.gate.frames import (
    BOOKS,
    CANDLES,
    MINUTE,
    TICKERS,
    TRADES,
    read_frame,
    read_whole,
)
from opensqt.venues.gate.requests import SECTIONS, named, path_in, public

EVERY, DEPTH = "100ms", "100"
SECONDS_PER_HOUR = 3600


class _ContractInterval(msgspec.Struct, frozen=True):
    name: str
    funding_interval: int = 0  # seconds


class GateFeedFormat:
    """One connection of spot, one of perpetuals."""

    # A change begins with the number after that of the one before it, the first of all spans the snapshot's next.
    sequence_rules: Mapping[Market, SequenceRule] = dict.fromkeys(Market, spanned)
    checksum = None
    funding_hours_usual = 8

    def connections(
        self, client: Any, instruments: Sequence[Instrument]
    ) -> Sequence[FeedConnection]:
        """Return a connection for each market."""
        found = []
        for market in sorted({at.market for at in instruments}):
            watched = sorted(
                (at for at in instruments if at.market is market), key=lambda at: at.venue_symbol
            )
            found.append(
                FeedConnection(
                    url=str(client.get_url_by_market_type(TRADED_TYPES[market])),
                    market=market,
                    category="public",
                    symbols=tuple(at.symbol for at in watched),
                    messages=_subscriptions(
                        market, [at.venue_symbol for at in watched], client.seconds()
                    ),
                    has_books=True,
                )
            )
        return found

    def read(self, connection: FeedConnection, text: str, symbols: Mapping[str, str]) -> FeedFrame:
        """Read one frame. Never raises."""
        return None if connection.market is None else read_frame(text, symbols, connection.market)

    def snapshot(self, at: Instrument, now_ms: int) -> Query[DepthChange] | None:
        """Ask for the book with its number."""
        del now_ms

        def read(raw: bytes, _: Symbols) -> DepthChange:
            return read_whole(raw, at.market)

        params = {**named(at), "limit": DEPTH, "with_id": "true"}
        return Query(request=public(at.market, path_in(at.market, "order_book"), params), read=read)

    def funding_hours(self, markets: frozenset[Market]) -> Query[Mapping[str, int]] | None:
        """Ask for the interval of every perpetual."""
        if Market.PERP not in markets:
            return None

        def read(raw: bytes, symbols: Symbols) -> Mapping[str, int]:
            names = symbols[Market.PERP]
            return {
                names[row.name]: row.funding_interval // SECONDS_PER_HOUR
                for row in decoded(raw, list[_ContractInterval])
                if row.name in names and row.funding_interval
            }

        return Query(request=public(Market.PERP, path_in(Market.PERP, "contracts")), read=read)


def _subscriptions(market: Market, names: Sequence[str], time_s: int) -> tuple[dict[str, Any], ...]:
    """Trades and tickers of all instruments in one message each; a book and candles are asked for one by one."""
    depth = [EVERY] if market is Market.SPOT else [EVERY, DEPTH]
    asked = [(TRADES, list(names))]
    if market is Market.PERP:
        asked.append((TICKERS, list(names)))
    for name in names:
        asked += [(BOOKS, [name, *depth]), (CANDLES, [MINUTE, name])]
    return tuple(
        {
            "time": time_s,
            "channel": f"{SECTIONS[market]}.{channel}",
            "event": "subscribe",
            "payload": payload,
        }
        for channel, payload in asked
    )
