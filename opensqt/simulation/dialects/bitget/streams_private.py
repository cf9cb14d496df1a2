"""The private topics: what the exchange noticed goes to every connection of its account that asked for it."""

from collections.abc import Iterator, Sequence

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.bitget.rest_account import open_positions
from opensqt.simulation.dialects.bitget.views import (
    Json,
    coin_rows,
    order_row,
    position_row,
    trade_row,
)
from opensqt.simulation.engine.notices import (
    Notice,
    OrderNotice,
    PerpWalletNotice,
    SpotBalanceNotice,
    market_of,
)
from opensqt.simulation.engine.settlement import wallet_of
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import Match

ORDER, FILL, ACCOUNT, POSITION = "order", "fill", "account", "position"
TOPICS = (ORDER, FILL, ACCOUNT, POSITION)
ACCOUNT_TYPE = "UTA"


class PrivateFrames:
    """Connections that are logged in and listen; each keeps its topics."""

    def __init__(self, context: VenueContext) -> None:
        self._context = context
        self._wires: set[ClientSocket] = set()

    @property
    def attached(self) -> int:
        """How many connections listen."""
        return len(self._wires)

    def knows(self, arg: dict[str, str]) -> bool:
        """Whether there is such a topic."""
        return arg.get("instType") == ACCOUNT_TYPE and arg.get("topic") in TOPICS

    def subscribe(self, wire: ClientSocket, arg: dict[str, str]) -> None:
        """Send a topic from now on; wallet and positions begin with what there is."""
        topic, exchange = arg["topic"], self._context.exchange
        wire.streams.add(topic)
        self._wires.add(wire)
        if topic == ACCOUNT:
            rows = [_wallet(coin_rows(exchange, wire.account))]
            self._send(wire, topic, rows, Market.SPOT)
        elif topic == POSITION:
            held = open_positions(self._context, wire.account, list(exchange.rules.values()))
            self._send(wire, topic, held, Market.PERP)

    def unsubscribe(self, wire: ClientSocket, arg: dict[str, str]) -> None:
        """Send a topic no longer."""
        wire.streams.discard(arg["topic"])

    def forget(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        self._wires.discard(wire)

    def publish(self, notices: list[Notice]) -> None:
        """Send what happened; called by the exchange after each commit."""
        for notice in notices:
            wires = [wire for wire in self._wires if wire.account == notice.account]
            for topic, row in self._told(notice) if wires else ():
                for wire in wires:
                    if topic in wire.streams:
                        self._send(wire, topic, [row], market_of(notice))

    def _told(self, notice: Notice) -> Iterator[tuple[str, Json]]:
        exchange = self._context.exchange
        match notice:
            case OrderNotice():
                rules = exchange.rules[notice.order.symbol]
                if notice.execution is not None:
                    told = trade_row(notice.execution, rules)
                    yield FILL, {**told, "execTime": told["createdTime"]}
                row = order_row(notice.order, rules)
                yield ORDER, {**row, "category": str(row["category"]).lower()}
            case SpotBalanceNotice():
                assets = [asset for asset, _, _ in notice.balances]
                yield ACCOUNT, _wallet(coin_rows(exchange, notice.account, assets))
            case PerpWalletNotice():
                rules, settlement = exchange.rules[notice.symbol], exchange.settlement
                held = wallet_of(settlement, notice.account, rules.symbol).position(rules.symbol)
                yield POSITION, position_row(rules, held, settlement.marks[rules.symbol])

    def _send(self, wire: ClientSocket, topic: str, rows: Sequence[Json], market: Market) -> None:
        frame = {
            "action": "snapshot",
            "arg": {"instType": ACCOUNT_TYPE, "topic": topic},
            "data": rows,
            "ts": self._context.now_ms(),
        }
        occasion = Match(kind="private", market=market.value, account=wire.account)
        wire.emit(msgspec.json.encode(frame), occasion)


def _wallet(coins: list[Json]) -> Json:
    totals = dict.fromkeys(("totalEquity", "effEquity", "unrealisedPnL", "imr", "mmr"), "0")
    return {**totals, "coin": coins}
