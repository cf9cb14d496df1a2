"""What is open at the venue as the judge saw it taken: the worst case of a symbol, and orders of ours that cross."""

from collections.abc import Iterator
from decimal import Decimal

from opensqt.simulation.engine.orders import VenueOrder
from tests.support.venue.exchange import RiggedExchange

PRICE_SLACK = Decimal("1.02")  # the price moves between a verdict and a fill


class Exposure:
    """Weighs each order that the venue takes."""

    def __init__(self, exchange: RiggedExchange, notional_max: Decimal) -> None:
        self._exchange = exchange
        self._notional_max = notional_max

    def weigh(self, taken: VenueOrder, *, closes: bool) -> Iterator[tuple[str, str]]:
        """Yield what is broken if everything open fills, and what crosses; (invariant, detail)."""
        symbol, side, still_open = taken.symbol, taken.side, Decimal(0)
        for other in self._exchange.open.get((taken.account, symbol), {}).values():
            if other.side is side:
                still_open += other.remaining
            elif (taken.price - other.price) * side.sign >= 0:
                yield (
                    "nothing crosses our own",
                    f"{taken.client_order_id} and {other.client_order_id}",
                )
        if closes:
            return
        held = self._exchange.position(symbol).quantity * side.sign
        worst = (held + still_open) * self._exchange.price(symbol)
        if worst > self._notional_max * PRICE_SLACK:
            yield "exposure in the limit", f"{symbol} {side}: {worst} quote"
