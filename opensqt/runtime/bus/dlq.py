"""Dead letters: what could not be understood, kept with its headers and counted. Never loses the original."""

from opensqt.runtime.bus.port import Bus, Delivery, Queue
from opensqt.runtime.bus.subjects import token
from opensqt.runtime.envelope import MESSAGE_ID
from opensqt.runtime.logs import Log
from opensqt.runtime.metrics import Metrics

STRIKES_MAX = 3
_STRIKE, _REASON, _STREAM, _SEQUENCE, _SUBJECT = (
    f"Dlq-{name}" for name in ("Strike", "Reason", "Stream", "Sequence", "Subject")
)

_log = Log("dlq")


class Poison(RuntimeError):
    """A message of an ordered path that cannot be understood; the process ends and tries again."""


async def bury(bus: Bus, service: str, delivery: Delivery, reason: str, *, strike: int = 1) -> bool:
    """Copy a message to the service's dead letters; False when that very strike was there already.

    Raises `BusDown`.
    """
    headers = {name: value for name, value in delivery.headers.items() if name != MESSAGE_ID}
    headers |= {
        MESSAGE_ID: f"dlq/{service}/{delivery.stream}/{delivery.sequence}/{strike}",
        _STRIKE: str(strike),
        _REASON: reason.replace("\n", " ")[:400],
        _STREAM: delivery.stream.value,
        _SEQUENCE: str(delivery.sequence),
        _SUBJECT: delivery.subject,
    }
    published = await bus.send(f"dlq.{token(service)}", delivery.data, headers)
    return not published.duplicate


async def refuse(
    bus: Bus, queue: Queue, service: str, delivery: Delivery, error: Exception, metrics: Metrics
) -> None:
    """Deal with a command that cannot be understood: raise `Poison` twice, take it out of the queue the third time.

    The strikes are counted in the dead letters themselves, so they survive restarts and new durables.
    Raises `BusDown`.
    """
    strike = 1
    while not await bury(bus, service, delivery, str(error), strike=strike):
        strike += 1
        if strike > STRIKES_MAX:
            break
    metrics.dead_letters.labels(delivery.stream.value, type(error).__name__).inc()
    fields = {
        "stream": delivery.stream,
        "sequence": delivery.sequence,
        "subject": delivery.subject,
        "strike": min(strike, STRIKES_MAX),
        "detail": str(error),
        "fix": f"read it with `opensqt tail dlq.{token(service)}`; its sender is broken or newer",
    }
    if strike < STRIKES_MAX:
        _log.error("message not understood", **fields)
        raise Poison(f"{delivery.subject} {delivery.sequence}: {error}") from error
    _log.error("message given up, moved to the dead letters", **fields)
    await queue.ack(delivery)
