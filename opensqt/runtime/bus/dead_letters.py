"""Dead letters: what nobody may act on, kept with its headers, counted and alarmed. One letter a message.

What is not admitted is set aside at once and costs nobody a restart. An understood message that its reader dies of is
a fault of ours: it ends the process twice, is set aside the third time, and openings stop. Letters and strikes are
known by what they are about, so that restarts, and several readers of one message, count them once.
"""

import hashlib
from collections.abc import Mapping

from opensqt.domain.subjects import token
from opensqt.runtime.bus.port import Delivery, FeedSource, Queue
from opensqt.runtime.envelope import MESSAGE_ID
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import Metrics

STRIKES_MAX = 3
DATA_BYTES_MAX = 512 * 1024  # a letter must fit where its message did
HEADER_BYTES_MAX = 16 * 1024
_SERVERS = "nats-"  # headers that tell the server what to do with a message
_REASON, _STREAM, _SEQUENCE, _SUBJECT, _SIZE = (
    f"Dlq-{name}" for name in ("Reason", "Stream", "Sequence", "Subject", "Bytes")
)

_log = Log("dlq")


class PoisonMessage(RuntimeError):
    """A message that its reader died of; the process ends and tries again."""


async def set_aside(
    bus: FeedSource, service: str, delivery: Delivery, error: Exception, metrics: Metrics
) -> None:
    """Put a message that nobody may act on to the dead letters; count and alarm the first time. Raises `BusDown`."""
    identity = f"{delivery.stream}/{delivery.sequence}/{digest(delivery)}"
    if await _bury(bus, service, delivery, f"letter/{identity}", str(error)):
        _alarm(service, delivery, error, metrics, "message set aside")


async def strike(
    bus: FeedSource, service: str, delivery: Delivery, error: Exception, metrics: Metrics
) -> None:
    """Count that a service failed at an understood message: raise `PoisonMessage` twice, set it aside the third time.

    The strikes are kept beside the dead letters, so they survive restarts and new durables. Raises `BusDown`.
    """
    identity = f"{service}/{digest(delivery)}"
    for count in range(1, STRIKES_MAX):
        if await _bury(
            bus, f"{service}-strikes", delivery, f"strike/{identity}/{count}", str(error)
        ):
            _log.error("message failed", strike=count, **_fields(service, delivery, error))
            raise PoisonMessage(f"{delivery.subject} {delivery.sequence}: {error!r}") from error
    if await _bury(bus, service, delivery, f"strike/{identity}/{STRIKES_MAX}", repr(error)):
        _alarm(service, delivery, error, metrics, "message given up, set aside")


async def refuse(
    bus: FeedSource,
    queue: Queue,
    service: str,
    delivery: Delivery,
    error: Exception,
    metrics: Metrics,
) -> None:
    """Take a command that nobody may act on out of its queue, into the dead letters. Raises `BusDown`."""
    await set_aside(bus, service, delivery, error, metrics)
    await queue.ack(delivery)


async def _bury(bus: FeedSource, name: str, delivery: Delivery, identity: str, reason: str) -> bool:
    """Copy a message to `dlq.<name>`; tell whether it was not there yet."""
    headers = _kept(delivery.headers) | {
        MESSAGE_ID: identity,
        _REASON: " ".join(reason.split())[:400],
        _STREAM: delivery.stream.value,
        _SEQUENCE: str(delivery.sequence),
        _SUBJECT: delivery.subject,
        _SIZE: str(len(delivery.data)),
    }
    data = delivery.data[:DATA_BYTES_MAX]
    return not (await bus.send(f"dlq.{token(name)}", data, headers)).duplicate


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that a letter can carry: none that the server obeys, none that would split the head."""
    kept: dict[str, str] = {}
    left = HEADER_BYTES_MAX
    for name, value in headers.items():
        text = " ".join(value.split())
        left -= len(name) + len(text.encode("utf-8", "replace"))
        if left >= 0 and not name.lower().startswith(_SERVERS) and name != "Status":
            kept[name] = text
    return kept


def digest(delivery: Delivery) -> str:
    """Return what tells a message from every other: where it was said, and its bytes."""
    # A stream that is made anew gives old numbers again; an intent that is said again has a new one.
    return hashlib.sha256(delivery.subject.encode() + b"\0" + delivery.data).hexdigest()[:32]


def _alarm(
    service: str, delivery: Delivery, error: Exception, metrics: Metrics, event: str
) -> None:
    metrics.dead_letters.labels(delivery.stream.value, type(error).__name__).inc()
    _log.error(event, **_fields(service, delivery, error))


def _fields(service: str, delivery: Delivery, error: Exception) -> dict[str, object]:
    return {
        "stream": delivery.stream,
        "sequence": delivery.sequence,
        "subject": delivery.subject,
        "detail": str(error),
        "fix": f"read it with `opensqt tail dlq.{token(service)}`; its sender is broken or newer",
    }
