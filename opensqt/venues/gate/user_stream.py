"""Gate's private streams: a connection for each market, every subscription signed for itself; pure."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from opensqt.domain.account import SnapshotBalance
from opensqt.domain.instruments import Market
from opensqt.domain.venue import BalanceView, OrderView, PrivateEvent, TradeView
from opensqt.venues.engine.dialect import StreamEnded, StreamSubscribed, UserConnection, UserFrame
from opensqt.venues.engine.instrument import TRADED_TYPES, Symbols, trimmed
from opensqt.venues.engine.request import Unreadable, decoded
from opensqt.venues.gate.account import user_id
from opensqt.venues.gate.parser import ORDER_READERS, TRADE_READERS
from opensqt.venues.gate.requests import NAMED_BY, SECTIONS

CHANNELS = ("orders", "usertrades", "balances")
SUBSCRIBE = "subscribe"
ALL = "!all"


class _GateRefusal(msgspec.Struct, frozen=True):
    code: int | str = ""
    message: str = ""


class _GatePush(msgspec.Struct, frozen=True):
    channel: str = ""
    event: str = ""
    error: _GateRefusal | None = None
    result: msgspec.Raw = msgspec.Raw(b"")


class _SpotTotal(msgspec.Struct, frozen=True):
    currency: str
    total: Decimal
    available: Decimal
    change_type: str = ""
    timestamp_ms: Decimal = Decimal(0)


class _PerpTotal(msgspec.Struct, frozen=True):
    currency: str
    balance: Decimal
    type: str = ""
    time_ms: Decimal = Decimal(0)


class GateUserStreamFormat:
    """Orders, trades and balances of each market; those of perpetuals are asked for by the number of the account."""

    def connections(self, markets: frozenset[Market]) -> Sequence[UserConnection]:
        """Return a connection for each market."""
        return [
            UserConnection(
                name=market.value,
                markets=frozenset({market}),
                subscriptions=len(CHANNELS),
                key=user_id() if market is Market.PERP else None,
            )
            for market in sorted(markets)
        ]

    def url(self, connection: UserConnection, client: Any, key: str) -> str:
        """Return the address of the market, which is that of its public streams, too."""
        del key
        return str(client.get_url_by_market_type(TRADED_TYPES[_market(connection)]))

    async def login(self, connection: UserConnection, client: Any) -> None:
        """There is none: every subscription carries a signature."""

    def messages(
        self, connection: UserConnection, client: Any, key: str
    ) -> Sequence[dict[str, Any]]:
        """Subscribe everything, each with its signature."""
        market, time_s = _market(connection), client.seconds()
        own = [key] if market is Market.PERP else []
        payloads = {name: [*own, ALL] for name in CHANNELS} | {"balances": own}
        return [
            _subscription(client, f"{SECTIONS[market]}.{name}", payloads[name], time_s)
            for name in CHANNELS
        ]

    def read(self, connection: UserConnection, text: str, symbols: Symbols) -> UserFrame:
        """Read one frame; raise `Unreadable`."""
        try:
            frame = decoded(text.encode(), _GatePush)
        except Unreadable:
            return None
        section, _, name = frame.channel.partition(".")
        if frame.event == SUBSCRIBE:
            error = frame.error
            return (
                StreamSubscribed()
                if error is None
                else StreamEnded(f"{frame.channel} was refused: {error.code} {error.message}")
            )
        market = _market(connection)
        reader = _READERS.get(name) if frame.event == "update" else None
        if reader is None or section != SECTIONS[market]:
            return None
        return reader(market, decoded(bytes(frame.result), list[msgspec.Raw]), symbols)


def _told(
    readers: Mapping[Market, Callable[[bytes, Mapping[str, str]], OrderView | TradeView]],
    market: Market,
    rows: list[msgspec.Raw],
    symbols: Symbols,
) -> list[PrivateEvent]:
    """Read orders or trades, but for what is listed since the start: nothing of ours can be on it."""
    names = symbols[market]
    return [
        readers[market](row, names)
        for row in map(bytes, rows)
        if decoded(row, dict[str, Any]).get(NAMED_BY[market]) in names
    ]


def _balances(market: Market, rows: list[msgspec.Raw], symbols: Symbols) -> list[PrivateEvent]:
    del symbols
    return [_balance(market, bytes(row)) for row in rows]


def _balance(market: Market, row: bytes) -> BalanceView:
    """Read a change of a wallet; that of perpetuals tells only its total."""
    if market is Market.SPOT:
        spot = decoded(row, _SpotTotal)
        total, free, reason, time_ms = (
            spot.total,
            spot.available,
            spot.change_type,
            spot.timestamp_ms,
        )
        asset = spot.currency
    else:
        perp = decoded(row, _PerpTotal)
        total, free, reason, time_ms = perp.balance, perp.balance, perp.type, perp.time_ms
        asset = perp.currency.upper()
    held = SnapshotBalance(
        wallet=market.value, asset=asset, total=trimmed(total), free=trimmed(free)
    )
    return BalanceView(balance=held, reason=reason, time_ms=int(time_ms))


def _subscription(client: Any, channel: str, payload: list[str], time_s: int) -> dict[str, Any]:
    signed = f"channel={channel}&event={SUBSCRIBE}&time={time_s}"
    signature = client.hmac(
        client.encode(signed), client.encode(client.secret), hashlib.sha512, "hex"
    )
    return {
        "time": time_s,
        "channel": channel,
        "event": SUBSCRIBE,
        "payload": payload,
        "auth": {"method": "api_key", "KEY": client.apiKey, "SIGN": signature},
    }


def _market(connection: UserConnection) -> Market:
    (market,) = connection.markets
    return market


_READERS: dict[str, Callable[[Market, list[msgspec.Raw], Symbols], list[PrivateEvent]]] = {
    "orders": partial(_told, ORDER_READERS),
    "usertrades": partial(_told, TRADE_READERS),
    "balances": _balances,
}
