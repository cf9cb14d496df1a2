"""The private channels of OKX: what the exchange noticed goes to every connection of its account that asked for it."""

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.okx import views
from opensqt.simulation.dialects.okx.answers import ALL, MARKETS
from opensqt.simulation.dialects.okx.rest_account import open_positions
from opensqt.simulation.engine.notices import Notice, OrderNotice, PerpWalletNotice, market_of
from opensqt.simulation.engine.orders import Execution
from opensqt.simulation.engine.records import Window
from opensqt.simulation.engine.settlement import wallet_of
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import Match

ORDERS, ACCOUNT, POSITIONS = "orders", "account", "positions"
PRIVATE_CHANNELS = (ORDERS, ACCOUNT, POSITIONS)
ANY = "ANY"
Arg = tuple[tuple[str, str], ...]


class PrivateChannels:
    """Subscriptions by connection."""

    def __init__(self, context: VenueContext) -> None:
        self._context = context
        self._wires: dict[ClientSocket, dict[Arg, dict[str, str]]] = {}

    @property
    def attached(self) -> int:
        """How many connections listen to private frames."""
        return len(self._wires)

    def knows(self, arg: dict[str, str]) -> bool:
        """Whether there is such a type of instruments."""
        return arg.get("instType", ANY) in (ANY, *MARKETS)

    def subscribe(self, wire: ClientSocket, arg: dict[str, str]) -> None:
        """Add a channel to a connection; wallet and positions begin with what there is."""
        self._wires.setdefault(wire, {})[_key(arg)] = arg
        exchange = self._context.exchange
        if arg["channel"] == ACCOUNT:
            row = views.balance_row(exchange.settlement, wire.account, exchange.open)
            self._send(wire, arg, [row], Market.SPOT)
        elif arg["channel"] == POSITIONS:
            rows = open_positions(self._context, wire.account, list(exchange.rules))
            self._send(wire, arg, rows, Market.PERP)

    def unsubscribe(self, wire: ClientSocket, arg: dict[str, str]) -> None:
        """Take a channel from a connection."""
        self._wires.get(wire, {}).pop(_key(arg), None)

    def forget(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        self._wires.pop(wire, None)

    def publish(self, notices: list[Notice]) -> None:
        """Send what happened; called by the exchange after each commit."""
        for notice in notices:
            channel, row = self._told(notice)
            for wire, args in list(self._wires.items()):
                if wire.account != notice.account:
                    continue
                for arg in list(args.values()):
                    if arg["channel"] == channel and _wanted(arg, row):
                        self._send(wire, arg, [row], market_of(notice))

    def _told(self, notice: Notice) -> tuple[str, views.Json]:
        exchange = self._context.exchange
        match notice:
            case OrderNotice():
                rules = exchange.rules[notice.order.symbol]
                return ORDERS, views.order_row(notice.order, rules, self._fills(notice))
            case PerpWalletNotice():
                rules = exchange.rules[notice.symbol]
                wallet = wallet_of(exchange.settlement, notice.account, notice.symbol)
                held = wallet.position(notice.symbol)
                mark = exchange.settlement.marks[notice.symbol]
                return POSITIONS, views.position_row(rules, held, mark)
            case _:
                assets = [asset for asset, _, _ in notice.balances]
                row = views.balance_row(exchange.settlement, notice.account, exchange.open, assets)
                return ACCOUNT, row

    def _fills(self, notice: OrderNotice) -> list[Execution]:
        """The trades of an order up to the one that this notice tells; none where it tells another thing."""
        if notice.execution is None:
            return []
        order, last = notice.order, notice.execution.trade_id
        window = Window(order_id=order.order_id, limit=ALL)
        records = self._context.exchange.store.records
        found = records.executions(order.account, order.symbol, window)
        return [fill for fill in found if fill.trade_id <= last]

    def _send(
        self, wire: ClientSocket, arg: dict[str, str], rows: list[views.Json], market: Market
    ) -> None:
        frame = {"arg": {**arg, "uid": "1"}, "data": rows}
        occasion = Match(kind="private", market=market.value, account=wire.account)
        wire.emit(msgspec.json.encode(frame), occasion)


def _key(arg: dict[str, str]) -> Arg:
    return tuple(sorted(arg.items()))


def _wanted(arg: dict[str, str], row: views.Json) -> bool:
    """Whether a subscription is about this row."""
    kind, name = arg.get("instType", ANY), arg.get("instId", "")
    of_kind = kind == ANY or row.get("instType", kind) == kind
    return of_kind and (not name or row.get("instId") == name)
