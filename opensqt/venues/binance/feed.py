"""Binance's public streams, spot and USDⓈ-M: connections, subscriptions and what is asked by REST; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from opensqt.domain.instruments import Market
from opensqt.venues.binance.frames import read_frame, read_funding_hours, read_snapshot, streams_of
from opensqt.venues.binance.metadata import KINDS
from opensqt.venues.binance.requests import public
from opensqt.venues.engine.depth_book import DepthChange, SequenceRule, chained, spanned
from opensqt.venues.engine.feed_format import FeedConnection, FeedFrame
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.request import Query

CATEGORIES = {Market.SPOT: ("public",), Market.PERP: ("public", "market")}

SNAPSHOT_LEVELS = 1000
SNAPSHOT_WEIGHTS = {Market.SPOT: 50.0, Market.PERP: 20.0}  # docs, limit=1000
STREAMS_PER_MESSAGE = 100


class BinanceFeedFormat:
    """One connection of spot; USDⓈ-M splits `public` and `market` (docs)."""

    # Spot numbers its changes U..u, USDⓈ-M names the one before in `pu`.
    sequence_rules: Mapping[Market, SequenceRule] = {Market.SPOT: spanned, Market.PERP: chained}
    checksum = None
    # docs: fundingInfo lists only the symbols whose interval or cap was adjusted
    funding_hours_usual = 8

    def connections(
        self, client: Any, instruments: Sequence[Instrument]
    ) -> Sequence[FeedConnection]:
        """Return a connection for each market and category; the books come over `public`."""
        found = []
        for market in sorted({at.market for at in instruments}):
            watched = sorted(
                (at for at in instruments if at.market is market), key=lambda at: at.venue_symbol
            )
            for category in CATEGORIES[market]:
                streams = [
                    s for at in watched for s in streams_of(market, category, at.venue_symbol)
                ]
                found.append(
                    FeedConnection(
                        url=str(client.get_ws_url(KINDS[market], category)) + "/0",
                        market=market,
                        category=category,
                        symbols=tuple(at.symbol for at in watched),
                        messages=_subscriptions(streams),
                        has_books=category == "public",
                    )
                )
        return found

    def read(self, connection: FeedConnection, text: str, symbols: Mapping[str, str]) -> FeedFrame:
        """Read one frame. Never raises."""
        del connection
        return read_frame(text, symbols)

    def snapshot(self, at: Instrument, now_ms: int) -> Query[DepthChange]:
        """Ask for a thousand levels of each side."""
        params = {"symbol": at.venue_symbol, "limit": str(SNAPSHOT_LEVELS)}

        def read(raw: bytes, _: Symbols) -> DepthChange:
            return read_snapshot(raw, now_ms)

        request = public(at.market, "depth", SNAPSHOT_WEIGHTS[at.market], params)
        return Query(request=request, read=read)

    def funding_hours(self, markets: frozenset[Market]) -> Query[Mapping[str, int]] | None:
        """Ask for the intervals that are not the usual one."""
        if Market.PERP not in markets:
            return None

        def read(raw: bytes, symbols: Symbols) -> Mapping[str, int]:
            return read_funding_hours(raw, symbols[Market.PERP])

        return Query(request=public(Market.PERP, "fundingInfo", 1.0), read=read)


def _subscriptions(streams: Sequence[str]) -> tuple[dict[str, Any], ...]:
    starts = range(0, len(streams), STREAMS_PER_MESSAGE)
    return tuple(
        {
            "method": "SUBSCRIBE",
            "params": list(streams[start : start + STREAMS_PER_MESSAGE]),
            "id": number,
        }
        for number, start in enumerate(starts, start=1)
    )
