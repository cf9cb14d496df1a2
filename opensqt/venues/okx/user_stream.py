"""OKX's private stream: one connection, logged in by ccxt, for the orders of both markets and the wallet; pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import BalanceView, PrivateEvent, VenueDown
from opensqt.venues.engine.dialect import (
    StreamEnded,
    StreamSubscribed,
    UserConnection,
    UserFrame,
)
from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.request import Unreadable, decoded
from opensqt.venues.okx.parser import OkxOrder, order_view, read_balances, told_trade
from opensqt.venues.okx.requests import KINDS

ORDERS, ACCOUNT = "orders", "account"


class _UserArg(msgspec.Struct, frozen=True):
    channel: str = ""


class _Frame(msgspec.Struct, frozen=True):
    event: str = ""
    code: str = ""
    msg: str = ""
    arg: _UserArg = _UserArg()
    data: list[msgspec.Raw] = []


class OkxUserStreamFormat:
    """`orders` of each market and `account`."""

    def connections(self, markets: frozenset[Market]) -> Sequence[UserConnection]:
        """Return the one connection."""
        subscriptions = len(markets) + 1
        return (UserConnection(name="account", markets=markets, subscriptions=subscriptions),)

    def url(self, connection: UserConnection, client: Any, key: str) -> str:
        """Return its address."""
        del connection, key
        return str(client.get_url(ORDERS, "private"))

    async def login(self, connection: UserConnection, client: Any) -> None:
        """Log in; raise `VenueDown`."""
        del connection
        from ccxt.base.errors import BaseError

        try:
            await client.authenticate({"access": "private"})
        except BaseError as error:
            raise VenueDown(f"the login of the private stream was refused: {error}") from error

    def messages(
        self, connection: UserConnection, client: Any, key: str
    ) -> Sequence[dict[str, Any]]:
        """Subscribe the orders of our markets and the wallet."""
        del client, key
        args = [
            {"channel": ORDERS, "instType": KINDS[market]} for market in sorted(connection.markets)
        ]
        return ({"op": "subscribe", "args": [*args, {"channel": ACCOUNT}]},)

    def read(self, connection: UserConnection, text: str, symbols: Symbols) -> UserFrame:
        """Read one frame; the market is the instrument's, not what the channel says. Raises `Unreadable`."""
        del connection
        try:
            frame = decoded(text.encode(), _Frame)
        except Unreadable:
            return None  # a pong
        match frame.event:
            case "subscribe":
                return StreamSubscribed()
            case "notice":
                return StreamEnded(f"the venue is about to end it: {frame.code} {frame.msg}")
            case "error" if frame.arg.channel:
                return StreamEnded(f"a subscription was refused: {frame.code} {frame.msg}")
            case "":
                return _told(frame, symbols)
            case _:
                return None  # answers to a login are ccxt's


def _told(frame: _Frame, symbols: Symbols) -> UserFrame:
    match frame.arg.channel:
        case "orders":
            return [event for row in frame.data for event in _order(bytes(row), symbols)]
        case "account":
            return [event for row in frame.data for event in _balances(bytes(row))]
        case _:
            return None


def _order(raw: bytes, symbols: Symbols) -> list[PrivateEvent]:
    wire = decoded(raw, OkxOrder)
    if not any(wire.inst_id in known for known in symbols.values()):
        return []  # an instrument that is listed since the start; nothing of ours can be on it
    order = order_view(wire, raw, symbols)
    return [told_trade(wire, raw, symbols), order] if wire.trade_id else [order]


def _balances(raw: bytes) -> list[PrivateEvent]:
    balances, time_ms = read_balances(raw)
    return [BalanceView(balance=row, reason="ACCOUNT", time_ms=time_ms) for row in balances]
