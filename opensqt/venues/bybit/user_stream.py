"""Bybit's private stream: one connection for all of an account, logged in and subscribed by messages; pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import BalanceView, PrivateEvent, VenueDown
from opensqt.venues.bybit.parser import (
    OrderRow,
    TradeRow,
    WalletRow,
    balance,
    order_view,
    trade_view,
)
from opensqt.venues.bybit.requests import MARKETS
from opensqt.venues.engine.dialect import StreamEnded, StreamSubscribed, UserConnection, UserFrame
from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.request import Unreadable, decoded

TOPICS = ("order", "execution", "wallet")
SUBSCRIBE = "subscribe"


class _UserPush(msgspec.Struct, frozen=True, rename="camel"):
    """A push by its topic, or the answer to an operation."""

    topic: str = ""
    op: str = ""
    success: bool | None = None
    ret_msg: str = msgspec.field(name="ret_msg", default="")
    creation_time: int = 0
    data: list[msgspec.Raw] = []


class BybitUserStreamFormat:
    """Orders, executions and the wallet of all categories."""

    def connections(self, markets: frozenset[Market]) -> Sequence[UserConnection]:
        """Return the one connection."""
        return (UserConnection(name="unified", markets=markets, subscriptions=1),)

    def url(self, connection: UserConnection, client: Any, key: str) -> str:
        """Return the private address."""
        del connection, key
        return str(client.implode_hostname(client.urls["api"]["ws"]["private"]["contract"]))

    async def login(self, connection: UserConnection, client: Any) -> None:
        """Let ccxt sign the login and read its answer; raise `VenueDown`."""
        from ccxt.base.errors import BaseError

        try:
            await client.authenticate(self.url(connection, client, ""))
        except BaseError as error:
            raise VenueDown(f"the login of the private stream was refused: {error}") from error

    def messages(
        self, connection: UserConnection, client: Any, key: str
    ) -> Sequence[dict[str, Any]]:
        """Subscribe everything at once."""
        del connection, client, key
        return ({"op": SUBSCRIBE, "args": list(TOPICS)},)

    def read(self, connection: UserConnection, text: str, symbols: Symbols) -> UserFrame:
        """Read one frame; raise `Unreadable`. Logins and life signs are ccxt's."""
        del connection
        raw = text.encode()
        try:
            frame = decoded(raw, _UserPush)
        except Unreadable:
            return None
        if frame.op == SUBSCRIBE:
            return StreamSubscribed() if frame.success else StreamEnded(frame.ret_msg)
        reader = _READERS.get(frame.topic)
        return None if reader is None else reader(frame, symbols)


def _orders(frame: _UserPush, symbols: Symbols) -> list[PrivateEvent]:
    found: list[PrivateEvent] = []
    for raw in map(bytes, frame.data):
        row = decoded(raw, OrderRow)
        names = _named(row.category, symbols)
        if row.symbol in names:  # else listed since the start, or of a market that is not ours
            found.append(order_view(raw, names))
    return found


def _trades(frame: _UserPush, symbols: Symbols) -> list[PrivateEvent]:
    found: list[PrivateEvent] = []
    for raw in map(bytes, frame.data):
        row = decoded(raw, TradeRow)
        names = _named(row.category, symbols)
        if row.symbol in names:
            trade = trade_view(raw, MARKETS[row.category], names)
            found += [] if trade is None else [trade]
    return found


def _wallet(frame: _UserPush, symbols: Symbols) -> list[PrivateEvent]:
    del symbols
    wallets = [decoded(bytes(raw), WalletRow) for raw in frame.data]
    return [
        BalanceView(balance=balance(coin), reason="WALLET", time_ms=frame.creation_time)
        for wallet in wallets
        for coin in wallet.coin
    ]


def _named(category: str, symbols: Symbols) -> Mapping[str, str]:
    market = MARKETS.get(category)
    return {} if market is None else symbols[market]


_READERS: dict[str, Callable[[_UserPush, Symbols], list[PrivateEvent]]] = {
    "order": _orders,
    "execution": _trades,
    "wallet": _wallet,
}
