"""The private streams: what the exchange noticed goes to every connection of its account. Spot comes wrapped by the
WebSocket API, USDⓈ-M plain on the listen key's socket. It formats nothing itself.
"""

from collections.abc import Mapping

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.binance.private_frames import spot_frame, usdm_frame
from opensqt.simulation.engine.notices import Notice, market_of
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.faults import Match


class PrivateStreamHub:
    """Connections by market and account."""

    def __init__(self, rules: Mapping[str, InstrumentRules]) -> None:
        self._rules = rules
        self._wires: dict[tuple[Market, str], dict[ClientSocket, int]] = {}
        self._subscriptions = 0

    def attach(self, wire: ClientSocket, market: Market, account: str) -> int:
        """Send this account's frames to a connection from now on; return the subscription's id."""
        subscription = self._subscriptions
        self._subscriptions += 1
        self._wires.setdefault((market, account), {})[wire] = subscription
        return subscription

    @property
    def attached(self) -> int:
        """How many connections listen to private frames."""
        return sum(len(wires) for wires in self._wires.values())

    def detach(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        for wires in self._wires.values():
            wires.pop(wire, None)

    def publish(self, notices: list[Notice]) -> None:
        """Send what happened; called by the exchange after each commit."""
        for notice in notices:
            market = market_of(notice)
            wires = self._wires.get((market, notice.account))
            if not wires:
                continue
            make = spot_frame if market is Market.SPOT else usdm_frame
            frame = make(notice, self._rules)
            if frame is None:
                continue
            occasion = Match(kind="private", market=market.value, account=notice.account)
            for wire, subscription in list(wires.items()):
                wrapped = (
                    {"subscriptionId": subscription, "event": frame}
                    if market is Market.SPOT
                    else frame
                )
                wire.emit(msgspec.json.encode(wrapped), occasion)
