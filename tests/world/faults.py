"""The grammar of faults and the seeded plan of one World: what goes wrong, when, with whom and for how long."""

import random
from enum import StrEnum

import msgspec

from opensqt.runtime.bus.port import Stream
from tests.world.register import PHASES, UNRESOLVED


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
    READS_BLIND = "reads see nothing"
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
    PUBLISH_LOST = "publish lost"
    PUBLISH_ACK_LOST = "publish ack lost"
    COMMAND_AGAIN = "command repeated"
    CRASH = "crash"
    FREEZE = "freeze"
    STANDBY = "standby takes over"
    MARKET_SILENT = "market silent"
    TWIN = "twin of one holder"
    VENUE_SKEWED = "venue clock skewed"
    VENUE_STEPS = "venue clock steps"
    HALT = "symbol halted"
    RESTORE = "restored from a backup"
    KILL = "kill"
    OUR_CLOCK = "our clock set"
    FUNDING = "funding booked"
    MOVED = "position moved by the venue"
    NOISE = "noise on the bus"
    STREAM_LOST = "bus loses a stream"
    BUS_LOST = "bus loses its store"
    RELEASE = "kill and release"
    LATCH = "latch beside an executor"


AT_VENUE = tuple(kind for kind in Kind if kind.startswith(("place ", "cancel ", "look ", "reads ")))
OFTEN = (Kind.CRASH, Kind.CRASH, Kind.CRASH, Kind.FREEZE)
SPANS_MS = (200, 700, 1500, 3000)
LATE_MS = (200, 700, 3000, 6000, 9000)  # before and behind deadline and fence
PUBLISHERS = ("relay", "relay", "risk")
PROCESS = (Kind.CRASH, Kind.FREEZE, Kind.ANSWER_LOST)
AIMED = 0.6  # share of faults that wait for an order to be in a certain state
DOUBTS = (Kind.PLACE_ACK_LOST, Kind.PLACE_LOST, Kind.PLACE_ACK_LATE)
# ms that the venue's clock is before ours (behind it, if negative); what it refuses is refused for good.
CLOCKS = {Kind.VENUE_SKEWED: (-900, -400, 400, 900), Kind.VENUE_STEPS: (-7000, -2500, 2500, 7000)}
CLOCKS[Kind.OUR_CLOCK] = CLOCKS[Kind.VENUE_STEPS]
RARE = (Kind.KILL, Kind.RESTORE)
# Drawn by themselves, so that the other faults of a seed are what they were: share of Worlds.
LATER = {Kind.OUR_CLOCK: 0.3, Kind.FUNDING: 0.5, Kind.MOVED: 0.5}
LATER |= {Kind.NOISE: 0.3, Kind.STREAM_LOST: 0.2, Kind.BUS_LOST: 0.1}
LATER |= {Kind.RELEASE: 0.15, Kind.LATCH: 0.05}
LATE = (Kind.KILL, Kind.LATCH)  # nothing trades behind them
SELDOM = 0.1  # share of Worlds
EXECUTOR_HIT = 0.5  # share of the faults of processes
LONG_MS = (3500, 5000, 6500)  # longer than a lease lives


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault: at `at_ms` after the load began, for `span_ms`, `count` times, hitting `whom`."""

    kind: Kind
    at_ms: int
    span_ms: int = 0
    count: int = 1
    whom: str = ""
    aim: str = ""  # where a process is hit: between commit and send, or while the request leaves
    when: str = ""  # from `at_ms` on, as soon as an order is in this state

    def __str__(self) -> str:
        whom = f" {self.whom}" if self.whom else ""
        when = f" when {self.when}" if self.when else ""
        what = f"{self.kind}{whom} x{self.count} for {self.span_ms} ms {self.aim}"
        return f"{self.at_ms} ms{when}: {what}"


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What faults come over: who can be hit, and for how long."""

    services: tuple[str, ...]
    length_ms: int


def plan_of(
    draw: random.Random, scene: Scene, count: int, focus: tuple[Kind, ...] = ()
) -> tuple[Fault, ...]:
    """Draw a plan, with each kind in `focus` beside it; a kill is rare and comes late: nothing trades behind it."""
    kinds = [kind for kind in Kind if kind not in RARE and kind not in LATER]
    drawn = [draw.choice((*kinds, *OFTEN, *AT_VENUE)) for _ in range(count)]
    found = [_fault(draw, kind, scene) for kind in (*drawn, *focus)]
    for fault in tuple(found):
        if fault.when == UNRESOLVED:
            # Nothing would be in doubt by itself.
            doubt = _fault(draw, draw.choice(DOUBTS), scene)
            found.append(msgspec.structs.replace(doubt, at_ms=fault.at_ms, when=""))
    rare = [kind for kind in RARE if draw.random() < SELDOM]
    found += [_fault(draw, kind, scene) for kind in rare]
    return tuple(sorted(found, key=lambda fault: fault.at_ms))


def later_of(draw: random.Random, scene: Scene) -> tuple[Fault, ...]:
    """Draw what a venue does by itself and who sets our clock; only a reconciler sees a position that moved."""
    kinds = [kind for kind, share in LATER.items() if draw.random() < share]
    if "reconciler" not in scene.services and Kind.MOVED in kinds:
        kinds.remove(Kind.MOVED)
    return tuple(_fault(draw, kind, scene) for kind in kinds)


def _when(draw: random.Random, kind: Kind) -> str:
    if kind is Kind.READS_BLIND and draw.random() < AIMED:
        return UNRESOLVED  # who is looked for then would be taken for absent
    return draw.choice(PHASES) if draw.random() < AIMED else ""


def _fault(draw: random.Random, kind: Kind, scene: Scene) -> Fault:
    length_ms = scene.length_ms
    whom = aim = ""
    # How often for requests and frames; how many callbacks from now for a crash.
    count = draw.randrange(1, 60) if kind is Kind.CRASH else draw.randrange(1, 4)
    if kind in PROCESS:
        whom = "executor" if draw.random() < EXECUTOR_HIT else draw.choice(scene.services)
    if kind in (Kind.PUBLISH_LOST, Kind.PUBLISH_ACK_LOST):
        whom = draw.choice(PUBLISHERS)
    if kind is Kind.STANDBY or (kind in PROCESS and whom == "executor"):
        aim = draw.choice(("", "commit", "commit", "send"))
    if kind in CLOCKS:
        count = draw.choice(CLOCKS[kind])
    if kind is Kind.STREAM_LOST:
        whom = draw.choice(list(Stream)).value
    late = kind in LATE
    spans = {
        Kind.STANDBY: LONG_MS,
        Kind.PLACE_ACK_LATE: LATE_MS,
        Kind.READS_BLIND: LONG_MS,
        Kind.MARKET_SILENT: LONG_MS,
    }.get(kind, SPANS_MS)
    return Fault(
        kind=kind,
        at_ms=draw.randrange(length_ms * 2 // 3 if late else 0, length_ms),
        span_ms=draw.choice(spans),
        count=count,
        whom=whom,
        aim=aim,
        when=_when(draw, kind),
    )
