"""Which messages of the bus are believed: sound bytes, of a type that belongs on the subject, with values that mean
something. Anybody may write on a bus; what is not admitted is set aside and stops nobody.

A message with a journal position is a copy of a fact: the journal vouches for its values, only its place is judged.
"""

from decimal import Decimal

from opensqt.domain import subjects
from opensqt.domain.control import Heartbeat, KillLatched
from opensqt.domain.decimals import ONE
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.messages import Event, Instruction, Message
from opensqt.domain.plausible import absurdity
from opensqt.domain.verdict import Command
from opensqt.runtime.bus.port import Delivery, Stream
from opensqt.runtime.codec import Undecodable, decode
from opensqt.runtime.envelope import BadEnvelope, Envelope, from_headers

ALIVE = "ctl.alive."
# Everything else on FEED is in the journal first, and travels with its position.
_UNRECORDED = subjects.Interest(
    ("md.>", f"{ALIVE}*", subjects.TIME, subjects.FEED_GENERATION, subjects.HEARTBEAT)
)
NEVER_RECORDED = "{} carries nothing that has a place in the journal"
_NEVER_RECORDED = subjects.Interest(("md.>", f"{ALIVE}*", subjects.TIME))


class Misplaced(ValueError):
    """A sound message that does not belong where it was said."""


class Absurd(ValueError):
    """A sound message whose values mean nothing."""


NOT_ADMITTED = (Undecodable, BadEnvelope, Misplaced, Absurd)


def admitted(delivery: Delivery, now_ms: int, speed: Decimal = ONE) -> tuple[Message, Envelope]:
    """Return what a delivery says and its envelope; raise one of `NOT_ADMITTED` for what nobody may act on.

    `now_ms` is our market time, `speed` its pace.
    """
    envelope = from_headers(delivery.headers)
    return content(delivery, envelope.position, now_ms, speed), envelope


def content(delivery: Delivery, position: int, now_ms: int, speed: Decimal = ONE) -> Message:
    """Return what a delivery says, `position` being its place in the journal (0 = none); raise like `admitted`."""
    message = decode(delivery.data)
    if why := _misplaced(message, delivery, position):
        raise Misplaced(why)
    # A kill is obeyed wherever it says that it stands: what it says must mean something.
    is_said_only = position == 0 or delivery.subject == subjects.KILL
    if is_said_only and (why := absurdity(message, now_ms, speed)):
        raise Absurd(why)
    return message


def is_never_recorded(subject: str) -> bool:
    """Tell whether nothing on a subject stands in the journal: who claims a place there would not be checked."""
    return _NEVER_RECORDED.wants(subject)


def event_of(delivery: Delivery, position: int, now_ms: int, speed: Decimal) -> Event:
    """Return the event that a delivery of FEED tells; raise like `content`, also for an instruction."""
    message = content(delivery, position, now_ms, speed)
    if isinstance(message, Instruction):
        raise Misplaced(f"{type(message).__name__} is no event, and does not belong on FEED")
    return message


def _misplaced(message: Message, delivery: Delivery, position: int) -> str:
    """Tell why a message does not belong where it was said; empty if it does."""
    subject = delivery.subject
    if not _belongs(message, subject):
        return f"{type(message).__name__} does not belong on {subject}"
    if position and is_never_recorded(subject):
        return NEVER_RECORDED.format(subject)
    is_fact = delivery.stream is Stream.FEED and not _may_be_unrecorded(message, subject)
    if position == 0 and is_fact:
        return f"{subject} carries facts of the journal; this has no position"
    return ""


def _belongs(message: Message, subject: str) -> bool:
    try:
        match message:
            case PlaceIntent() | CancelIntent():
                return subjects.intent_subject(message) == subject
            case Command(approval=approval):
                intent = approval.place or approval.cancel
                return intent is not None and subject in (
                    subjects.command_subject(intent, is_exit=is_exit) for is_exit in (True, False)
                )
            case KillLatched():
                return subject in (subjects.KILL, subjects.LATCH)
            case Heartbeat() if subject.startswith(ALIVE):
                return True
            case _:
                return subjects.subject_of(message) == subject
    except ValueError:
        return False  # it names what can be no subject


def _may_be_unrecorded(message: Message, subject: str) -> bool:
    return isinstance(message, KillLatched) or _UNRECORDED.wants(subject)
