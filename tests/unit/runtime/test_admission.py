"""What is believed of the bus: on each subject what belongs there and means something; nothing else kills anybody."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from opensqt.domain.control import FeedGeneration, Heartbeat, KillLatched, KillReleased
from opensqt.domain.market import Mark, Tick, Time
from opensqt.domain.messages import Message, name_of
from opensqt.runtime.bus.admission import NOT_ADMITTED, Absurd, Misplaced, admitted
from opensqt.runtime.bus.port import Delivery, Stream
from opensqt.runtime.codec import encode
from opensqt.runtime.envelope import BadEnvelope, Envelope, claimed_position, from_headers

NOW_MS = 1_800_000_000_000
TICK = Tick(
    venue="v",
    symbol="BTC/USDT",
    bid_price=Decimal(99),
    bid_quantity=Decimal(1),
    ask_price=Decimal(101),
    ask_quantity=Decimal(1),
    time_ms=NOW_MS,
    book_sequence=7,
)
MARK = Mark(
    venue="v",
    symbol="BTC/USDT",
    mark_price=Decimal(100),
    index_price=Decimal(100),
    time_ms=NOW_MS,
)
PLACES: dict[str, Message] = {
    "md.v.BTC-USDT.tick": TICK,
    "md.v.BTC-USDT.mark": MARK,
    "evt.time": Time(time_ms=NOW_MS),
    "ctl.heartbeat": Heartbeat(generation=1, head_position=1, time_ms=NOW_MS),
    "ctl.alive.risk": Heartbeat(generation=1, head_position=1, time_ms=NOW_MS),
    "ctl.feed": FeedGeneration(generation=1, position=1, reason="x", time_ms=NOW_MS),
    "ctl.kill": KillLatched(scope="desk", reason="x", actor="me", time_ms=NOW_MS),
}
KILL = PLACES["ctl.kill"]


def said(subject: str, message: Message, position: int = 0) -> Delivery:
    """A message as it comes from FEED."""
    envelope = Envelope(
        event_id="e", type=name_of(message), source="x", time_ms=NOW_MS, position=position
    )
    return Delivery(
        stream=Stream.FEED,
        sequence=1,
        subject=subject,
        headers=envelope.headers(),
        data=encode(message),
    )


@pytest.mark.row("K04")
@pytest.mark.parametrize("subject", list(PLACES))
def test_each_message_is_believed_where_it_belongs_and_nowhere_else(subject: str) -> None:
    """The type must fit the subject, and the subject the names inside."""
    message = PLACES[subject]
    assert admitted(said(subject, message), NOW_MS)[0] == message
    for other, fits in PLACES.items():
        if type(fits) is not type(message):
            with pytest.raises(Misplaced):
                admitted(said(other, message), NOW_MS)


@pytest.mark.row("K04")
@pytest.mark.parametrize(
    "change",
    [
        {"bid_price": Decimal(0)},
        {"ask_price": Decimal(-1)},
        {"bid_quantity": Decimal(-1)},
        {"ask_price": Decimal("9" * 38)},
        {"time_ms": 2**63 - 1},
        {"time_ms": -1},
        {"time_ms": NOW_MS + 2 * 86_400_000},
        {"time_ms": NOW_MS + (372 << 10)},
        {"time_ms": NOW_MS + 5_001},
        {"book_sequence": 2**63 - 1},
    ],
)
def test_values_that_mean_nothing_are_not_believed(change: dict[str, object]) -> None:
    """They are named with what was expected; a place in the journal, where none can be, makes them no better."""
    tick = msgspec.structs.replace(TICK, **change)
    with pytest.raises(Absurd, match=next(iter(change))):
        admitted(said("md.v.BTC-USDT.tick", tick), NOW_MS)
    with pytest.raises(Misplaced):
        admitted(said("md.v.BTC-USDT.tick", tick, position=5), NOW_MS)


@pytest.mark.row("K04")
@pytest.mark.parametrize("subject", ["md.v.BTC-USDT.tick", "md.v.BTC-USDT.mark", "evt.time"])
def test_clocks_may_be_seconds_apart_and_no_more(subject: str) -> None:
    """In wall time: where market time passes faster, more of it; of anybody else only a time of another age is odd."""
    for ahead_ms, speed in ((5_000, 1), (5_000, Decimal("0.5")), (50_000, 10)):
        early = msgspec.structs.replace(PLACES[subject], time_ms=NOW_MS + ahead_ms)
        assert admitted(said(subject, early), NOW_MS, Decimal(speed))[0] == early
        late = msgspec.structs.replace(early, time_ms=NOW_MS + ahead_ms + 1)
        with pytest.raises(Absurd, match=f"at most {ahead_ms} ms after it"):
            admitted(said(subject, late), NOW_MS, Decimal(speed))
    beat = msgspec.structs.replace(PLACES["ctl.heartbeat"], time_ms=NOW_MS + 3_600_000)
    assert admitted(said("ctl.heartbeat", beat), NOW_MS)[0] == beat


@pytest.mark.row("K04")
def test_a_fact_without_a_position_is_none_and_a_kill_is_always_heard() -> None:
    """Nobody lifts a latch by saying so; whatever the words and the time of a kill, it kills."""
    release = KillReleased(scope="desk", reason="x", actor="me", time_ms=NOW_MS)
    with pytest.raises(Misplaced, match="no position"):
        admitted(said("ctl.latch", release), NOW_MS)
    assert admitted(said("ctl.latch", release, position=9), NOW_MS)[0] == release
    for change in ({"reason": "\x00\x1b[2J" * 9999}, {"time_ms": 9 * 10**15}):
        kill = msgspec.structs.replace(KILL, **change)
        assert admitted(said("ctl.kill", kill), NOW_MS)[0] == kill


@pytest.mark.row("K04")
@pytest.mark.parametrize("number", ["9" * 5000, "-1", "1e5", "", "٣", "1.0", "9" * 19])
def test_a_number_in_a_header_that_is_none_is_named(number: str) -> None:
    """No text of a header is more than a bad envelope."""
    headers = said("evt.time", PLACES["evt.time"]).headers | {"ce-position": number}
    with pytest.raises(BadEnvelope, match="ce-position"):
        from_headers(headers)


@pytest.mark.row("K04")
@given(
    some.sampled_from(
        [*PLACES, "evt.order.v.a.S", "intent.s.v.a.S", "cmd.open.v.a.S", "evt", "x.y"]
    ),
    some.one_of(some.binary(max_size=60), some.sampled_from([encode(m) for m in PLACES.values()])),
    some.dictionaries(
        some.sampled_from(["ce-id", "ce-type", "ce-source", "ce-time", "ce-position", "ce-prev"]),
        some.text(max_size=20),
    ),
)
def test_any_bytes_under_any_head_are_admitted_or_refused(
    subject: str, data: bytes, headers: dict[str, str]
) -> None:
    """Nothing else can come of reading a message."""
    delivery = Delivery(stream=Stream.FEED, sequence=1, subject=subject, headers=headers, data=data)
    try:
        admitted(delivery, NOW_MS)
    except NOT_ADMITTED:
        return


@pytest.mark.row("K04")
@pytest.mark.parametrize("subject", ["md.v.BTC-USDT.tick", "evt.time", "ctl.alive.risk"])
def test_what_is_only_said_claims_no_place_in_the_journal(subject: str) -> None:
    """Facts of the journal were judged before they were written: nobody passes for one where none can be."""
    with pytest.raises(Misplaced, match="nothing that has a place in the journal"):
        admitted(said(subject, PLACES[subject], position=1), NOW_MS)


@pytest.mark.row("K04", "E10")
def test_a_kill_is_obeyed_wherever_it_claims_to_stand_if_it_means_something() -> None:
    """A scope that nobody has is refused with and without a position."""
    assert admitted(said("ctl.kill", KILL, position=5), NOW_MS)[0] == KILL
    nobody = msgspec.structs.replace(KILL, scope="dEsk")
    with pytest.raises(Absurd, match="scope"):
        admitted(said("ctl.kill", nobody, position=5), NOW_MS)


@pytest.mark.row("K04")
def test_a_claimed_position_that_is_no_number_is_none() -> None:
    """Python refuses to read thousands of digits, and that refusal is no dead letter."""
    for text in ("", "x", "-1", "٣", "9" * 4301):
        assert claimed_position({"ce-position": text}) == 0
    assert claimed_position({"ce-position": "17"}) == 17
