"""Tulip's private stream and its books."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.engine.depth_book import DepthChange, SequenceRule, chained
from opensqt.venues.engine.dialect import (
    StreamEnded,
    StreamSubscribed,
    UserConnection,
    UserFrame,
)
from opensqt.venues.engine.feed_format import (
    FeedConnection,
    FeedFrame,
    SubscriptionAccepted,
    SymbolFrame,
)
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.request import Query, decoded
from tests.support.tulip.wire import Book, Push, order_view, trade_view


class TulipUserStream:
    """One stream of both markets."""

    def connections(self, markets: frozenset[Market]) -> Sequence[UserConnection]:
        """Return the one connection."""
        return (UserConnection(name="account", markets=markets, subscriptions=1),)

    def url(self, connection: UserConnection, client: Any, key: str) -> str:
        """Return its address."""
        del connection, key
        return f"{client.urls['api']['ws']}/stream"

    async def login(self, connection: UserConnection, client: Any) -> None:
        """Nobody asks who we are."""
        del connection, client

    def messages(
        self, connection: UserConnection, client: Any, key: str
    ) -> Sequence[dict[str, Any]]:
        """Watch the account."""
        del connection, client, key
        return ({"watch": "account"},)

    def read(self, connection: UserConnection, text: str, symbols: Symbols) -> UserFrame:
        """Read one frame."""
        del connection
        push = decoded(text.encode(), Push)
        if push.closing:
            return StreamEnded(push.closing)
        if push.watching:
            return StreamSubscribed()
        if push.order is not None:
            return [order_view(push.order, symbols)]
        return None if push.trade is None else [trade_view(push.trade, symbols)]


class TulipFeed:
    """Books that come whole over the stream."""

    sequence_rules: Mapping[Market, SequenceRule] = {Market.SPOT: chained, Market.PERP: chained}
    checksum = None
    funding_hours_usual = 8

    def connections(
        self, client: Any, instruments: Sequence[Instrument]
    ) -> Sequence[FeedConnection]:
        """Return a connection for the perpetuals."""
        watched = [at for at in instruments if at.market is Market.PERP]
        return (
            FeedConnection(
                url=f"{client.urls['api']['ws']}/stream",
                market=Market.PERP,
                category="books",
                symbols=tuple(at.symbol for at in watched),
                messages=tuple({"watch": at.venue_symbol} for at in watched),
                has_books=True,
            ),
        )

    def read(self, connection: FeedConnection, text: str, symbols: Mapping[str, str]) -> FeedFrame:
        """Read one frame."""
        del connection
        frame = msgspec.json.decode(text, type=Book)
        if frame.watching:
            return SubscriptionAccepted()
        change = DepthChange(
            last=frame.n,
            previous=frame.after,
            whole=frame.whole,
            bids=frame.bids,
            asks=frame.asks,
            time_ms=1,
        )
        return SymbolFrame(symbols[frame.book], change)

    def snapshot(self, at: Instrument, now_ms: int) -> Query[DepthChange] | None:
        """The stream sends it."""
        del at, now_ms
        return None

    def funding_hours(self, markets: frozenset[Market]) -> Query[Mapping[str, int]] | None:
        """Nothing is paid."""
        del markets
        return None
