"""What the streams keep, for how long, and what happens when they are full: the data themselves."""

import re

import pytest

from opensqt.domain.subjects import order_events
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.bus.stream_usage import StreamUsageWatch
from opensqt.runtime.bus.streams import REPLICAS, STREAMS, replicas_of
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.envelope import MESSAGE_ID
from opensqt.runtime.telemetry.metrics import Metrics
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker
from tests.tidiness.source import ROOT

SPECS = {spec.name: spec for spec in STREAMS}
HOURS_S = 3600.0


def test_feed_is_kept_three_days_up_to_a_cap_and_never_by_message() -> None:
    """Old messages go by age or by the byte cap, from the oldest on; no message has a time to live of its own."""
    feed = SPECS[Stream.FEED]
    config = feed.config()
    assert config.max_age == 72 * HOURS_S
    assert 0 < feed.bytes_max == config.max_bytes
    assert not getattr(config, "allow_msg_ttl", None)
    assert not feed.work_queue
    assert not feed.in_memory


def test_intents_live_in_memory_and_commands_refuse_when_full() -> None:
    """An intent is said again by its author; a command that does not fit is refused; exits have four times the room."""
    assert SPECS[Stream.INTENTS].in_memory
    for name in (Stream.COMMANDS, Stream.EXITS):
        assert SPECS[name].work_queue
        assert SPECS[name].discard_new
        assert not SPECS[name].in_memory
    assert SPECS[Stream.EXITS].bytes_max >= 4 * SPECS[Stream.COMMANDS].bytes_max
    assert SPECS[Stream.EXITS].alarm_share == 0.1


@pytest.mark.parametrize("name", [Stream.FEED, Stream.COMMANDS, Stream.DLQ])
async def test_every_stream_alarms_before_it_cuts_or_refuses(name: Stream) -> None:
    """At its share of the cap, below the cap, the alarm comes."""
    spec = SPECS[name]
    broker = MemoryBroker(VirtualClock())
    bus = MemoryBus(broker)
    watch = StreamUsageWatch(bus, Metrics())
    piece = b"x" * (spec.bytes_max // 40)
    for number in range(40):
        await watch.check()
        if name in watch.alarmed:
            break
        broker.publish(spec.subjects[0].replace(">", "a.b"), {MESSAGE_ID: f"m{number}"}, piece)
    state = await bus.state(name)
    assert spec.alarm_share * spec.bytes_max <= state.size_bytes < spec.bytes_max
    assert state.first_sequence == 1, "nothing was cut before the alarm"


def test_a_symbol_becomes_a_token_in_one_place() -> None:
    """`BTC/USDT:USDT` is `BTC-USDT-USDT` on the bus, and nobody replaces marks by himself: two symbols could meet."""
    assert (
        order_events("binance", "main", "BTC/USDT:USDT") == "evt.order.binance.main.BTC-USDT-USDT"
    )
    replacing = re.compile(r"""replace\(\s*["'][/:]["']\s*,\s*["']-["']""")
    homes = {
        path.relative_to(ROOT).as_posix()
        for folder in ("opensqt", "services")
        for path in (ROOT / folder).rglob("*.py")
        if replacing.search(path.read_text(encoding="utf-8"))
    }
    assert homes == set()


def test_a_cluster_keeps_each_stream_on_as_many_servers_as_it_is_told() -> None:
    """One where nothing is said; a number that no cluster agrees with is refused by its name."""
    assert SPECS[Stream.FEED].config(replicas_of({})).num_replicas == 1
    assert SPECS[Stream.FEED].config(replicas_of({REPLICAS: "3"})).num_replicas == 3
    with pytest.raises(ValueError, match="OPENSQT_NATS_REPLICAS is '2', expected one of 1, 3, 5"):
        replicas_of({REPLICAS: "2"})
