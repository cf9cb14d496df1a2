"""Where messages of the bus come in: what is not admitted goes to the dead letters, and its reader goes on."""

from decimal import Decimal

from opensqt.domain.decimals import ONE
from opensqt.domain.messages import Message
from opensqt.runtime.bus.admission import NOT_ADMITTED, admitted
from opensqt.runtime.bus.dead_letters import set_aside
from opensqt.runtime.bus.port import Bus, Delivery
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.telemetry.metrics import Metrics


async def let_in(
    bus: Bus,
    service: str,
    delivery: Delivery,
    now_ms: int,
    metrics: Metrics,
    *,
    speed: Decimal = ONE,
) -> tuple[Message, Envelope] | None:
    """Return what a delivery says, or set it aside and return nothing. Raises `BusDown`.

    `now_ms` is our market time, `speed` its pace.
    """
    try:
        return admitted(delivery, now_ms, speed)
    except NOT_ADMITTED as error:
        await set_aside(bus, service, delivery, error, metrics)
        return None
