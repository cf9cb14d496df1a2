"""The last span of an order's trace: its fills stand in the ledger. Told once a fill is in the projections."""

from collections import deque

from opensqt.domain.journal import Recorded
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.runtime.telemetry.provider import Tracer

WAITING_MAX = 1000  # of a whole journal that is folded again only the newest are told


class LedgerTraces:
    """Fills that were folded and are not projected yet."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._waiting: deque[tuple[Recorded, Fill]] = deque(maxlen=WAITING_MAX)

    def fold(self, row: Recorded, message: Event) -> None:
        """Remember a fill of a traced order."""
        if isinstance(message, Fill) and row.traceparent:
            self._waiting.append((row, message))

    def booked(self, after: int) -> None:
        """Tell of what was projected; what stood at journal position `after` or before was told by another life."""
        for row, fill in self._waiting:
            if row.position > after:
                with self._tracer.span(
                    "reconciler.book",
                    row.traceparent,
                    order=fill.ref.client_order_id,
                    symbol=fill.ref.symbol,
                    position=row.position,
                ):
                    pass
        self._waiting.clear()
