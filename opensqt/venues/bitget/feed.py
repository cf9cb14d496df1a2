"""Bitget's public streams: a connection for each market, whole books over the stream itself; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.bitget.frames import BOOKS, CANDLES, INTERVAL, TICKER, TRADES, read_frame
from opensqt.venues.bitget.requests import category_of, data_in, public
from opensqt.venues.engine.depth_book import DepthChange, SequenceRule, chained
from opensqt.venues.engine.feed_format import FeedConnection, FeedFrame, subscriptions
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.request import Query, decoded

TOPICS_PER_MESSAGE = 40  # docs: 4096 bytes in one message
SETTLED_HERE = "USDT-FUTURES"


class _BitgetListed(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    fund_interval: str = ""  # hours


class BitgetFeedFormat:
    """One connection of spot, one of perpetuals: an id such as BTCUSDT names an instrument of each."""

    # A change names the one before it. There is no checksum in v3.
    sequence_rules: Mapping[Market, SequenceRule] = dict.fromkeys(Market, chained)
    checksum = None
    funding_hours_usual = 8

    def connections(
        self, client: Any, instruments: Sequence[Instrument]
    ) -> Sequence[FeedConnection]:
        """Return a connection for each market; both are dialled at the same address."""
        url = str(client.urls["api"]["ws"]["utaPublic"])
        found = []
        for market in sorted({at.market for at in instruments}):
            watched = sorted(
                (at for at in instruments if at.market is market), key=lambda at: at.venue_symbol
            )
            topics = [topic for at in watched for topic in _topics(at)]
            found.append(
                FeedConnection(
                    url=f"{url}#{market.value}",  # a fragment is never sent
                    market=market,
                    category="public",
                    symbols=tuple(at.symbol for at in watched),
                    messages=subscriptions(topics, TOPICS_PER_MESSAGE),
                    has_books=True,
                )
            )
        return found

    def read(self, connection: FeedConnection, text: str, symbols: Mapping[str, str]) -> FeedFrame:
        """Read one frame. Never raises."""
        del connection
        return read_frame(text, symbols)

    def snapshot(self, at: Instrument, now_ms: int) -> Query[DepthChange] | None:
        """Ask for nothing: the stream begins with a whole book; that of REST has no number."""
        del at, now_ms
        return None

    def funding_hours(self, markets: frozenset[Market]) -> Query[Mapping[str, int]] | None:
        """Ask for the interval of every perpetual that settles in USDT; others have the usual one."""
        if Market.PERP not in markets:
            return None

        def read(raw: bytes, symbols: Symbols) -> Mapping[str, int]:
            rows = decoded(data_in(raw), list[_BitgetListed])
            names = symbols[Market.PERP]
            return {
                names[row.symbol]: int(row.fund_interval)
                for row in rows
                if row.symbol in names and row.fund_interval.isdecimal()
            }

        request = public(Market.PERP, "v3/market/instruments", {"category": SETTLED_HERE})
        return Query(request=request, read=read)


def _topics(at: Instrument) -> list[dict[str, str]]:
    """Return the topics of an instrument: book, trades, minutes and, of a perpetual, its mark."""
    named = {"instType": category_of(at).lower(), "symbol": at.venue_symbol}
    plain = [{**named, "topic": topic} for topic in (BOOKS, TRADES)]
    plain.append({**named, "topic": CANDLES, "interval": INTERVAL})
    return [*plain, {**named, "topic": TICKER}] if at.market is Market.PERP else plain
