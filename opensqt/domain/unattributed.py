"""Trades that name no order of ours, kept until the venue's id of an order tells whose they are. Pure.

A trade read by REST may name its order by the venue's id alone, and be read before anybody has told us that id.
"""

from opensqt.domain.order_events import Fill

STRAYS_MAX = 10_000  # trades of others on the account are never claimed


class UnattributedTrades:
    """The trades of the newest `STRAYS_MAX` orders that are nobody's yet, by our id of the order or by the venue's."""

    def __init__(self) -> None:
        self._fills: dict[tuple[str, str, str], dict[str, Fill]] = {}

    def add(self, fill: Fill) -> None:
        """Keep a trade; one that names no order at all can never be claimed."""
        name = fill.ref.client_order_id or fill.venue_order_id
        if not name:
            return
        key = (fill.ref.account, fill.ref.symbol, name)
        self._fills.setdefault(key, {})[fill.trade_id] = fill
        if len(self._fills) > STRAYS_MAX:
            del self._fills[next(iter(self._fills))]

    def claim(
        self, account: str, symbol: str, client_order_id: str, venue_order_id: str
    ) -> tuple[Fill, ...]:
        """Take out the trades of an order that has become known, in the order in which they came."""
        claimed: tuple[Fill, ...] = ()
        for name in (client_order_id, venue_order_id):
            claimed += tuple(self._fills.pop((account, symbol, name), {}).values())
        return claimed
