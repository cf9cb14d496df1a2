"""Bybit's public streams: a connection for each market, whole books over the stream itself; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.bybit.frames import read_frame, topics_of
from opensqt.venues.bybit.parser import listed
from opensqt.venues.bybit.requests import CATEGORIES, public
from opensqt.venues.engine.depth_book import DepthChange, SequenceRule, spanned
from opensqt.venues.engine.feed_format import FeedConnection, FeedFrame, subscriptions
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.request import Query, decoded

TOPICS_PER_MESSAGE = 10  # docs: what one request for spot may name
MINUTES_PER_HOUR = 60
LISTING_PAGE = "1000"


class _ListedInterval(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    funding_interval: int = 0  # minutes


class BybitFeedFormat:
    """One connection of spot, one of linear."""

    # A change has the number after that of the one before it: it spans one.
    sequence_rules: Mapping[Market, SequenceRule] = {Market.SPOT: spanned, Market.PERP: spanned}
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
            has_mark = market is Market.PERP
            topics = [
                topic for at in watched for topic in topics_of(at.venue_symbol, has_mark=has_mark)
            ]
            url = client.urls["api"]["ws"]["public"][CATEGORIES[market]]
            found.append(
                FeedConnection(
                    url=str(client.implode_hostname(url)),
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
        """Ask for nothing: the stream begins with a whole book; those of REST count otherwise."""
        del at, now_ms
        return None

    def funding_hours(self, markets: frozenset[Market]) -> Query[Mapping[str, int]] | None:
        """Ask for the interval of every perpetual, from the newest thousand."""
        if Market.PERP not in markets:
            return None

        def read(raw: bytes, symbols: Symbols) -> Mapping[str, int]:
            rows = [decoded(bytes(row), _ListedInterval) for row in listed(raw).rows]
            names = symbols[Market.PERP]
            return {
                names[row.symbol]: row.funding_interval // MINUTES_PER_HOUR
                for row in rows
                if row.symbol in names and row.funding_interval
            }

        params = {"category": CATEGORIES[Market.PERP], "limit": LISTING_PAGE}
        return Query(request=public(Market.PERP, "market/instruments-info", params), read=read)
