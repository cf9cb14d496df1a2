"""The private topics: what the exchange noticed goes to every connection of its account that asked for it."""

from collections.abc import Iterator

import msgspec

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.dialects.bybit.listing import CATEGORIES
from opensqt.simulation.dialects.bybit.rest_account import wallet
from opensqt.simulation.dialects.bybit.views import (
    execution_view,
    order_view,
    position_view,
)
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.notices import (
    Notice,
    OrderNotice,
    PerpWalletNotice,
    SpotBalanceNotice,
    market_of,
)
from opensqt.simulation.engine.settlement import wallet_of
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.faults import Match

Json = dict[str, object]
TOPICS = ("order", "execution", "wallet", "position")


class PrivateTopics:
    """Connections by account; each keeps its topics."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._wires: dict[str, set[ClientSocket]] = {}
        self._frames = 0

    @property
    def attached(self) -> int:
        """How many connections listen."""
        return sum(len(wires) for wires in self._wires.values())

    def knows(self, wire: ClientSocket, topic: str) -> bool:
        """Whether a connection may have this topic."""
        return bool(wire.account) and topic.partition(".")[0] in TOPICS

    def subscribe(self, wire: ClientSocket, topics: list[str]) -> None:
        """Send these topics from now on."""
        wire.streams.update(topics)
        self._wires.setdefault(wire.account, set()).add(wire)

    def unsubscribe(self, wire: ClientSocket, topics: list[str]) -> None:
        """Send these topics no longer."""
        wire.streams.difference_update(topics)

    def detach(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        for wires in self._wires.values():
            wires.discard(wire)

    def publish(self, notices: list[Notice]) -> None:
        """Send what happened; called by the exchange after each commit."""
        for notice in notices:
            wires = self._wires.get(notice.account)
            if not wires:
                continue
            market = market_of(notice)
            occasion = Match(kind="private", market=market.value, account=notice.account)
            for topic, data in self._frames_of(notice):
                self._frames += 1
                frame = {
                    "id": f"paper-{self._frames}",
                    "topic": topic,
                    "creationTime": notice.time_ms,
                    "data": [data],
                }
                raw = msgspec.json.encode(frame)
                own = f"{topic}.{CATEGORIES[market]}"
                for wire in list(wires):
                    if topic in wire.streams or own in wire.streams:
                        wire.emit(raw, occasion)

    def _frames_of(self, notice: Notice) -> Iterator[tuple[str, Json]]:
        exchange = self._exchange
        match notice:
            case OrderNotice():
                rules = exchange.rules[notice.order.symbol]
                if notice.execution is not None:
                    yield "execution", execution_view(notice.execution, notice.order, rules)
                yield "order", order_view(notice.order, rules)
            case SpotBalanceNotice():
                assets = tuple(asset for asset, _, _ in notice.balances)
                yield "wallet", wallet(exchange, notice.account, assets)
            case PerpWalletNotice():
                rules, settlement = exchange.rules[notice.symbol], exchange.settlement
                held = wallet_of(settlement, notice.account, rules.symbol).position(rules.symbol)
                if notice.reason == "FUNDING_FEE":
                    yield "execution", _funding(notice, rules)
                mark = settlement.marks[rules.symbol]
                shown = position_view(held, rules, mark)
                entry = {"entryPrice": shown["avgPrice"], "category": CATEGORIES[rules.market]}
                yield "position", shown | entry


def _funding(notice: PerpWalletNotice, rules: InstrumentRules) -> Json:
    """A payment, which is told as an execution that is none."""
    return {
        "category": CATEGORIES[rules.market],
        "symbol": rules.venue_symbol,
        "execId": f"funding-{notice.symbol}-{notice.time_ms}",
        "orderId": "",
        "side": "Buy" if notice.quantity > 0 else "Sell",
        "execPrice": "0",
        "execQty": canonical(abs(notice.quantity)),
        "execType": "Funding",
        "execTime": str(notice.time_ms),
        "execFee": canonical(-notice.change),
        "orderType": "UNKNOWN",
        "isMaker": False,
    }
