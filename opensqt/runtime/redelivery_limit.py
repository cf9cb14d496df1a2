"""What to do when a service fails at a message that it understands: die twice, then set it aside and stop openings.

Such a message is a fault of ours. Trading on without what it said is a decision of a person: closing goes on meanwhile.
"""

from collections.abc import Awaitable, Callable

from opensqt.domain import ids
from opensqt.domain.control import CONTROL_STREAM
from opensqt.domain.journal import NewEvent
from opensqt.domain.recon_events import Halted
from opensqt.domain.subjects import subject_of
from opensqt.domain.trading_controls import REDUCING
from opensqt.runtime.bus.dead_letters import digest, strike
from opensqt.runtime.bus.feed_items import FeedItem
from opensqt.runtime.bus.port import Bus, Delivery, Stream
from opensqt.runtime.codec import encode
from opensqt.runtime.telemetry.metrics import Metrics

Record = Callable[[NewEvent], Awaitable[None]]


class RedeliveryLimit:
    """The failures of one service; `record` brings the halt of its scope into the journal."""

    def __init__(
        self, bus: Bus, service: str, scope: str, metrics: Metrics, record: Record
    ) -> None:
        self._bus = bus
        self._service = service
        self._scope = scope
        self._metrics = metrics
        self._record = record

    async def count(self, delivery: Delivery, error: Exception, now_ms: int) -> None:
        """Raise `Poison` for the first two failures at a message; halt the scope for the third. Raises `BusDown`."""
        await strike(self._bus, self._service, delivery, error, self._metrics)
        message = Halted(
            scope=self._scope,
            mode=REDUCING,
            reason=f"{self._service} failed at a message on {delivery.subject}: {error!r:.200}",
            time_ms=now_ms,
        )
        await self._record(
            NewEvent(
                event_id=ids.event_id("strikes", self._service, digest(delivery)),
                stream=CONTROL_STREAM,
                message=message,
                subject=subject_of(message),
                actor=self._service,
                occurred_at_ms=now_ms,
                causation_id=delivery.headers.get("ce-id", ""),
                correlation_id=delivery.headers.get("ce-correlationid", ""),
            )
        )


def delivery_of(item: FeedItem) -> Delivery:
    """Return an item of FEED as it travelled."""
    return Delivery(
        stream=Stream.FEED,
        sequence=item.sequence or item.envelope.position,
        subject=item.subject,
        headers=item.envelope.headers(),
        data=encode(item.message),
    )
