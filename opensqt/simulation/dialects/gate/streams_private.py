"""The private channels of Gate: what the exchange noticed goes to every connection of its account that asked for it."""

from collections.abc import Iterator

import msgspec

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.gate import views
from opensqt.simulation.dialects.gate.listing import SECTIONS, SETTLE, SIZES_AS_TEXT, user_of
from opensqt.simulation.dialects.gate.rest_orders import trade_view
from opensqt.simulation.engine.notices import (
    Happening,
    Notice,
    OrderNotice,
    PerpWalletNotice,
    SpotBalanceNotice,
    market_of,
)
from opensqt.simulation.engine.settlement import wallet_of
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import Match

Json = views.Json
PRIVATE_CHANNELS = ("orders", "usertrades", "balances", "positions")
EVENTS = {Happening.NEW: "put", Happening.TRADE: "update"}
FUNDED = {"FUNDING_FEE": "fund", "ORDER": "fee"}


class GatePrivate:
    """Subscriptions by connection."""

    def __init__(self, context: VenueContext) -> None:
        self._exchange = context.exchange
        self._wires: dict[ClientSocket, set[tuple[Market, str]]] = {}

    @property
    def attached(self) -> int:
        """How many connections listen."""
        return len(self._wires)

    def subscribe(self, wire: ClientSocket, market: Market, channel: str) -> None:
        """Send a channel from now on."""
        self._wires.setdefault(wire, set()).add((market, channel))

    def drop(self, wire: ClientSocket, market: Market, channel: str) -> None:
        """Send a channel no longer."""
        self._wires.get(wire, set()).discard((market, channel))

    def forget(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        self._wires.pop(wire, None)

    def publish(self, notices: list[Notice]) -> None:
        """Send what happened; called by the exchange after each commit."""
        for notice in notices:
            if not any(wire.account == notice.account for wire in self._wires):
                continue
            market = market_of(notice)
            occasion = Match(kind="private", market=market.value, account=notice.account)
            for channel, rows in self._told(notice):
                frame = {
                    "time": notice.time_ms // 1000,
                    "time_ms": notice.time_ms,
                    "channel": f"{SECTIONS[market]}.{channel}",
                    "event": "update",
                    "result": rows,
                }
                raw = msgspec.json.encode(frame)
                for wire, wanted in list(self._wires.items()):
                    if wire.account == notice.account and (market, channel) in wanted:
                        wire.emit(raw, occasion)

    def _told(self, notice: Notice) -> Iterator[tuple[str, list[Json]]]:
        call = _sizes_as_text(notice.account)
        match notice:
            case OrderNotice():
                rules = self._exchange.rules[notice.order.symbol]
                if notice.execution is not None:
                    yield "usertrades", [trade_view(call, notice.execution, rules)]
                yield "orders", [self._order(call, notice)]
            case SpotBalanceNotice():
                yield (
                    "balances",
                    [
                        {
                            "timestamp": str(notice.time_ms // 1000),
                            "timestamp_ms": str(notice.time_ms),
                            "user": str(user_of(notice.account)),
                            "currency": asset,
                            "change": "0",
                            "total": canonical(free + locked),
                            "available": canonical(free),
                            "freeze": canonical(locked),
                            "freeze_change": "0",
                            "change_type": "order-update",
                        }
                        for asset, free, locked in notice.balances
                    ],
                )
            case PerpWalletNotice():
                yield from self._wallet(call, notice)

    def _order(self, call: ApiCall, notice: OrderNotice) -> Json:
        order, rules = notice.order, self._exchange.rules[notice.order.symbol]
        if order.market is Market.SPOT:
            shown = views.spot_order(order, rules)
            shown["event"] = EVENTS.get(notice.happening, "finish") if order.is_open else "finish"
            del shown["status"]
            return {
                **shown,
                "create_time_ms": str(order.created_ms),
                "update_time_ms": str(order.updated_ms),
                "user": user_of(order.account),
            }
        living = "_new" if notice.happening is Happening.NEW else "_update"
        return {
            "finish_as": living,
            **views.perp_order(call, order, rules),
            "create_time_ms": order.created_ms,
            "finish_time_ms": 0 if order.is_open else order.updated_ms,
            "user": str(user_of(order.account)),
        }

    def _wallet(self, call: ApiCall, notice: PerpWalletNotice) -> Iterator[tuple[str, list[Json]]]:
        rules, settlement = self._exchange.rules[notice.symbol], self._exchange.settlement
        held = wallet_of(settlement, notice.account, notice.symbol).position(notice.symbol)
        mark = settlement.marks[notice.symbol]
        yield "positions", [views.position(call, held, rules, mark)]
        yield (
            "balances",
            [
                {
                    "balance": canonical(notice.balance),
                    "change": canonical(notice.change),
                    "text": f"{rules.venue_symbol}:0",
                    "time": notice.time_ms // 1000,
                    "time_ms": notice.time_ms,
                    "type": FUNDED[notice.reason],
                    "user": str(user_of(notice.account)),
                    "currency": SETTLE.lower(),
                }
            ],
        )


def _sizes_as_text(account: str) -> ApiCall:
    """What frames of perpetuals are written as: sizes are texts."""
    return ApiCall(
        market=Market.PERP, method="", path="", params={SIZES_AS_TEXT: "1"}, account=account
    )
