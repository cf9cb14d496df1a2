"""OKX's public streams: connections, subscriptions and what is asked by REST; pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any
from zlib import crc32

from opensqt.domain.instruments import Market
from opensqt.venues.engine.depth_book import Checksum, DepthChange, Level, SequenceRule, chained
from opensqt.venues.engine.feed_format import FeedConnection, FeedFrame, subscriptions
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.request import Query
from opensqt.venues.okx.frames import (
    BOOKS,
    CANDLES,
    FUNDING,
    INDEX,
    MARK,
    TRADES,
    read_frame,
    read_funding_hours,
)
from opensqt.venues.okx.requests import family_of, public

CHANNELS = {Market.SPOT: (BOOKS, TRADES), Market.PERP: (BOOKS, TRADES, MARK, FUNDING)}
SUMMED_LEVELS = 25
SIGN_BIT, WORD = 1 << 31, 1 << 32
ARGS_PER_MESSAGE = 100


def book_checksum(bids: Iterable[Level], asks: Iterable[Level]) -> int:
    """Sum the best 25 levels as OKX does: bid and ask in turn, price and size as they were sent, signed CRC-32."""
    parts: list[str] = []
    for pair in islice(zip_longest(bids, asks), SUMMED_LEVELS):
        parts += [f"{level[0]:f}:{level[1]:f}" for level in pair if level is not None]
    found = crc32(":".join(parts).encode())
    return found - WORD if found >= SIGN_BIT else found


class OkxFeedFormat:
    """One connection for books, trades, marks and funding, and one for candles; each tells of both markets."""

    # Each change names the one before it in `prevSeqId`. A checksum of 0 is none: OKX sends no other any more.
    sequence_rules: Mapping[Market, SequenceRule] = dict.fromkeys(Market, chained)
    checksum: Checksum = staticmethod(book_checksum)
    funding_hours_usual = 8

    def connections(
        self, client: Any, instruments: Sequence[Instrument]
    ) -> Sequence[FeedConnection]:
        """Return both connections."""
        watched = sorted(instruments, key=lambda at: at.venue_symbol)
        told = [
            {"channel": channel, "instId": at.venue_symbol}
            for at in watched
            for channel in CHANNELS[at.market]
        ]
        # An index has no instrument of its own: it is named by the family of its perpetual.
        told += [
            {"channel": INDEX, "instId": family_of(at)}
            for at in watched
            if at.market is Market.PERP
        ]
        candles = [{"channel": CANDLES, "instId": at.venue_symbol} for at in watched]
        symbols = tuple(at.symbol for at in watched)
        return [
            FeedConnection(
                url=str(client.get_url(channel, access)),
                market=None,
                category=access,
                symbols=symbols,
                messages=subscriptions(args, ARGS_PER_MESSAGE),
                has_books=channel == BOOKS,
            )
            for channel, access, args in (
                (BOOKS, "public", told),
                (CANDLES, "business", candles),
            )
        ]

    def read(self, connection: FeedConnection, text: str, symbols: Mapping[str, str]) -> FeedFrame:
        """Read one frame. Never raises."""
        del connection
        return read_frame(text, symbols)

    def snapshot(self, at: Instrument, now_ms: int) -> Query[DepthChange] | None:
        """A whole book comes with the subscription."""
        del at, now_ms
        return None

    def funding_hours(self, markets: frozenset[Market]) -> Query[Mapping[str, int]] | None:
        """Ask for the interval of every perpetual."""
        if Market.PERP not in markets:
            return None

        def read(raw: bytes, symbols: Symbols) -> Mapping[str, int]:
            return read_funding_hours(raw, symbols[Market.PERP])

        request = public(Market.PERP, "public/funding-rate", {"instId": "ANY"})
        return Query(request=request, read=read)
