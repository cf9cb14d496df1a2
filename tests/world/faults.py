"""The grammar of faults and the seeded plan of one World: what goes wrong, when, with whom and for how long."""

import random
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """Everything that can go wrong here."""

    PLACE_ACK_LOST = "place ack lost"
    PLACE_ACK_LATE = "place arrives late"
    PLACE_LOST = "place lost"
    PLACE_NOT_SENT = "place not sent"
    PLACE_THROTTLED = "place throttled"
    PLACE_REFUSED = "place refused"
    CANCEL_ACK_LOST = "cancel ack lost"
    CANCEL_LOST = "cancel lost"
    CANCEL_THROTTLED = "cancel throttled"
    LOOK_LOST = "look lost"
    READS_DOWN = "reads down"
    STREAM_DOWN = "stream down"
    STREAM_MUTE = "stream mute"
    STREAM_LOSES = "stream drops frames"
    STREAM_REPEATS = "stream repeats frames"
    STREAM_SWAPS = "stream swaps frames"
    LAG = "visibility lag"
    STORE_DOWN = "store down"
    ANSWER_LOST = "answer lost after commit"
    BROKER_DOWN = "broker down"
    FEED_TAIL = "FEED tail lost"
    FEED_ANEW = "FEED made anew"
    COMMAND_AGAIN = "command repeated"
    CRASH = "crash"
    FREEZE = "freeze"
    STANDBY = "standby takes over"
    KILL = "kill"


SERVICES = ("executor", "risk", "relay", "grid")
AT_VENUE = tuple(kind for kind in Kind if kind.startswith(("place ", "cancel ", "look ", "reads ")))
OFTEN = (Kind.CRASH, Kind.CRASH, Kind.CRASH, Kind.FREEZE)
SPANS_MS = (200, 700, 1500, 3000)
LONG_MS = (3500, 5000, 6500)  # longer than a lease lives


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: at `at_ms` after the load began, for `span_ms`, `count` times, hitting `whom`."""

    kind: Kind
    at_ms: int
    span_ms: int = 0
    count: int = 1
    whom: str = ""

    def __str__(self) -> str:
        whom = f" {self.whom}" if self.whom else ""
        return f"{self.at_ms} ms: {self.kind}{whom} x{self.count} for {self.span_ms} ms"


def plan_of(draw: random.Random, length_ms: int, count: int) -> tuple[Fault, ...]:
    """Draw a plan; a kill is rare and comes last, because nothing trades behind it."""
    kinds = [kind for kind in Kind if kind is not Kind.KILL]
    found = []
    for _ in range(count):
        kind = draw.choice((*kinds, *OFTEN, *AT_VENUE))
        whom = draw.choice(SERVICES) if kind in (Kind.CRASH, Kind.FREEZE, Kind.ANSWER_LOST) else ""
        if kind in (Kind.CRASH, Kind.FREEZE) and draw.random() < 0.4:  # a weight
            whom = "executor"
        spans = LONG_MS if kind is Kind.STANDBY else SPANS_MS
        found.append(
            Fault(
                kind=kind,
                at_ms=draw.randrange(length_ms),
                span_ms=draw.choice(spans),
                # How often for requests and frames; how many callbacks from now for a crash.
                count=draw.randrange(1, 60) if kind is Kind.CRASH else draw.randrange(1, 4),
                whom=whom,
            )
        )
    if draw.random() < 0.1:  # a weight
        found.append(Fault(kind=Kind.KILL, at_ms=draw.randrange(length_ms * 3 // 4, length_ms)))
    return tuple(sorted(found, key=lambda fault: fault.at_ms))
