"""What is open at the venue as the judge saw it taken: the worst case of a symbol, and orders of ours that cross."""

from collections.abc import Iterator
from decimal import Decimal

from tests.support.fakes.venue_exchange import Ending, MemoryExchange, MemoryOrder

PRICE_SLACK = Decimal("1.02")  # the price moves between a verdict and a fill


class Exposure:
    """Weighs each order that the venue takes."""

    def __init__(self, exchange: MemoryExchange, notional_max: Decimal) -> None:
        self._exchange = exchange
        self._notional_max = notional_max
        self._open: list[MemoryOrder] = []

    def weigh(self, taken: MemoryOrder, *, closes: bool) -> Iterator[tuple[str, str]]:
        """Yield what is broken if everything open fills, and what crosses; (invariant, detail)."""
        self._open = [one for one in self._open if one.ending is Ending.OPEN]
        request, still_open = taken.request, Decimal(0)
        name, symbol, side = request.client_order_id, request.symbol, request.side
        for other in self._open:
            if other.request.symbol != symbol:
                continue
            if other.request.side is side:
                still_open += other.request.quantity - other.filled
            elif (request.price - other.request.price) * side.sign >= 0:
                yield "nothing crosses our own", f"{name} and {other.request.client_order_id}"
        if taken.ending is Ending.OPEN:
            self._open.append(taken)
            still_open += request.quantity - taken.filled
        if closes:
            return
        held = self._exchange.wallet.position(symbol).quantity * side.sign
        worst = (held + still_open) * self._exchange.prices[symbol]
        if worst > self._notional_max * PRICE_SLACK:
            yield "exposure in the limit", f"{symbol} {side}: {worst} quote"
