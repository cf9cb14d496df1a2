"""Trades that name no order of ours, kept until the venue's id of an order tells whose they are. Pure.

A trade read by REST may name its order by the venue's id alone, and be read before anybody has told us that id.
"""

from opensqt.domain.order_events import Fill

STRAYS_MAX = 10_000  # trades of others on the account are never claimed


class UnattributedTrades:
    """The newest `STRAYS_MAX` orders of the venue that traded and are nobody's yet."""

    def __init__(self) -> None:
        self._fills: dict[tuple[str, str, str], dict[str, Fill]] = {}

    def add(self, fill: Fill) -> None:
        """Keep a trade; one that names no order at all can never be claimed."""
        if not fill.venue_order_id:
            return
        key = (fill.ref.account, fill.ref.symbol, fill.venue_order_id)
        self._fills.setdefault(key, {})[fill.trade_id] = fill
        if len(self._fills) > STRAYS_MAX:
            del self._fills[next(iter(self._fills))]

    def claim(self, account: str, symbol: str, venue_order_id: str) -> tuple[Fill, ...]:
        """Take out the trades of an order whose venue id has become known, in the order in which they came."""
        return tuple(self._fills.pop((account, symbol, venue_order_id), {}).values())
