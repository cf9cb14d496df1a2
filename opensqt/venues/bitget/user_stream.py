"""Bitget's private stream: one connection for all of a unified account, logged in by ccxt; pure."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import BalanceView, PrivateEvent, VenueDown
from opensqt.venues.bitget.parser import (
    BitgetCoin,
    BitgetOrder,
    BitgetTrade,
    balance,
    order_view,
    trade_view,
)
from opensqt.venues.bitget.words import symbol_in
from opensqt.venues.engine.dialect import StreamEnded, StreamSubscribed, UserConnection, UserFrame
from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.request import Unreadable, decoded

TOPICS = ("order", "fill", "account")
ACCOUNT_TYPE = "UTA"


class _UserTopic(msgspec.Struct, frozen=True):
    topic: str = ""


class _BitgetUserFrame(msgspec.Struct, frozen=True):
    event: str = ""
    code: int | str = 0
    msg: str = ""
    arg: _UserTopic = _UserTopic()
    ts: int = 0
    data: list[msgspec.Raw] = []


class _Wallet(msgspec.Struct, frozen=True):
    coin: list[BitgetCoin] = []


class BitgetUserStreamFormat:
    """`order`, `fill` and `account`."""

    def connections(self, markets: frozenset[Market]) -> Sequence[UserConnection]:
        """Return the one connection."""
        return (UserConnection(name="unified", markets=markets, subscriptions=len(TOPICS)),)

    def url(self, connection: UserConnection, client: Any, key: str) -> str:
        """Return the private address."""
        del connection, key
        return str(client.urls["api"]["ws"]["utaPrivate"])

    async def login(self, connection: UserConnection, client: Any) -> None:
        """Let ccxt sign the login and read its answer; raise `VenueDown`."""
        from ccxt.base.errors import BaseError

        try:
            await client.authenticate({"url": self.url(connection, client, "")})
        except BaseError as error:
            raise VenueDown(f"the login of the private stream was refused: {error}") from error

    def messages(
        self, connection: UserConnection, client: Any, key: str
    ) -> Sequence[dict[str, Any]]:
        """Subscribe everything at once; each is acknowledged for itself."""
        del connection, client, key
        args = [{"instType": ACCOUNT_TYPE, "topic": topic} for topic in TOPICS]
        return ({"op": "subscribe", "args": args},)

    def read(self, connection: UserConnection, text: str, symbols: Symbols) -> UserFrame:
        """Read one frame; raise `Unreadable`."""
        del connection
        try:
            frame = decoded(text.encode(), _BitgetUserFrame)
        except Unreadable:
            return None  # a pong
        match frame.event:
            case "subscribe":
                return StreamSubscribed()
            case "error" if frame.arg.topic:
                return StreamEnded(f"a subscription was refused: {frame.code} {frame.msg}")
            case "":
                reader = _READERS.get(frame.arg.topic)
                return None if reader is None else reader(frame, symbols)
            case _:
                return None  # answers to a login are ccxt's


def _orders(frame: _BitgetUserFrame, symbols: Symbols) -> list[PrivateEvent]:
    rows = [(bytes(raw), decoded(bytes(raw), BitgetOrder)) for raw in frame.data]
    return [
        order_view(raw, symbols)
        for raw, row in rows
        if symbol_in(symbols, row.category, row.symbol)
    ]  # else listed since the start, or of a market that is not ours


def _fills(frame: _BitgetUserFrame, symbols: Symbols) -> list[PrivateEvent]:
    rows = [(bytes(raw), decoded(bytes(raw), BitgetTrade)) for raw in frame.data]
    return [
        trade_view(raw, symbols)
        for raw, row in rows
        if symbol_in(symbols, row.category, row.symbol)
    ]


def _wallet(frame: _BitgetUserFrame, symbols: Symbols) -> list[PrivateEvent]:
    del symbols
    wallets = [decoded(bytes(raw), _Wallet) for raw in frame.data]
    return [
        BalanceView(balance=balance(coin), reason="ACCOUNT", time_ms=frame.ts)
        for wallet in wallets
        for coin in wallet.coin
    ]


_READERS: dict[str, Callable[[_BitgetUserFrame, Symbols], list[PrivateEvent]]] = {
    "order": _orders,
    "fill": _fills,
    "account": _wallet,
}
