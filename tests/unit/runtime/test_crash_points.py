"""Named steps: every effect of every port lies between two of them, and a process can be made to die at each."""

import inspect
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from opensqt.domain.market import Time
from opensqt.runtime.bus.port import Bus, Start, Stream
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.crash_points import CrashPoints, CrashRefused, all_steps, stepped
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.port import Journal, Leases
from opensqt.venues.feed_port import Feed
from opensqt.venues.port import Venue
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker


class Dead(Exception):
    """Stands for SIGKILL in tests."""


def die() -> None:
    """Die as far as a test can."""
    raise Dead


def bus_with(steps: CrashPoints) -> Bus:
    """An in-memory bus between steps."""
    return stepped(MemoryBus(MemoryBroker(VirtualClock())), Bus, steps)


async def publish(bus: Bus, subject: str) -> None:
    """Publish one time."""
    envelope = Envelope(event_id=subject, type="Time", source="test", time_ms=1)
    await bus.publish(subject, Time(time_ms=1), envelope)


async def test_every_effect_passes_two_steps() -> None:
    """Before and after, with the names of service, port and method; a queue of the bus too."""
    steps = CrashPoints("executor")
    bus = bus_with(steps)
    await publish(bus, "cmd.open.v.a.S")
    queue = await bus.queue(Stream.COMMANDS, "executor-a-1", [])
    (delivery,) = await queue.fetch(1, 1.0)
    await queue.ack(delivery)
    effects = ("bus.publish", "bus.queue", "queue.fetch", "queue.ack")
    assert list(steps.passed) == [
        f"executor.{effect}.{side}" for effect in effects for side in ("before", "after")
    ]
    assert set(steps.passed) <= set(all_steps("executor", Bus))


class UrgentVenue:
    """A venue whose urgent side is another one like it."""

    looks = 0

    @property
    def urgent(self) -> "UrgentVenue":
        """A new one each time."""
        return UrgentVenue()

    def __getattr__(self, name: str) -> Callable[..., Awaitable[None]]:
        async def look(*_: str) -> None:
            UrgentVenue.looks += 1

        return look


@pytest.mark.row("J01")
async def test_the_urgent_side_of_a_venue_passes_the_steps_of_the_venue() -> None:
    """Whoever looks for an order in doubt looks from there, and may die over it as well."""
    steps = CrashPoints("executor")
    venue: Any = stepped(UrgentVenue(), Venue, steps)
    await venue.urgent.look("BTC/USDT", "a")
    await venue.urgent.look("BTC/USDT", "b")
    assert (UrgentVenue.looks, steps.passed) == (
        2,
        {"executor.venue.look.before": 2, "executor.venue.look.after": 2},
    )


async def test_what_is_no_effect_is_passed_through() -> None:
    """Followers read, callbacks are registered: neither is stepped, both work."""
    steps = CrashPoints("risk")
    bus = bus_with(steps)

    async def on_reconnect() -> None:
        return

    bus.on_reconnect(on_reconnect)
    follower = await bus.follow(Stream.FEED, [], Start())
    await publish(bus, "evt.time")
    assert (await anext(aiter(follower))).subject == "evt.time"
    assert not any("follower" in step or "on_reconnect" in step for step in steps.passed)


@pytest.mark.parametrize("side,stored", [("before", 0), ("after", 1)])
async def test_dying_before_an_effect_leaves_no_trace_and_after_it_all(
    side: str, stored: int
) -> None:
    """The effect happened exactly when the step after it was reached."""
    bus = bus_with(
        CrashPoints("risk", crash_at=f"risk.bus.publish.{side}", may_crash=True, die=die)
    )
    with pytest.raises(Dead):
        await publish(bus, "evt.time")
    assert (await bus.state(Stream.FEED)).messages == stored


async def test_the_nth_time_counts() -> None:
    """`step:3` passes twice."""
    bus = bus_with(
        CrashPoints("risk", crash_at="risk.bus.publish.before:3", may_crash=True, die=die)
    )
    await publish(bus, "evt.time")
    await publish(bus, "evt.a")
    with pytest.raises(Dead):
        await publish(bus, "evt.b")


def test_killing_is_sigkill() -> None:
    """Outside tests the process dies as from kill -9, with nothing cleaned up."""
    code = (
        "from opensqt.runtime.crash_points import CrashPoints; "
        "CrashPoints('x', crash_at='x.y', may_crash=True).reach('x.y')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, env=dict(os.environ), timeout=20
    )
    assert done.returncode == -signal.SIGKILL


def test_crashing_is_refused_where_it_was_not_allowed() -> None:
    """One line that names the variable and the fix."""
    with pytest.raises(CrashRefused, match="OPENSQT_CRASH_AT=a is refused outside profile paper"):
        CrashPoints("x", crash_at="a")


def test_pausing_is_sigstop_and_refused_like_dying() -> None:
    """The process stands still at the step and goes on from there; never where money is at stake."""
    with pytest.raises(CrashRefused, match="OPENSQT_PAUSE_AT=a is refused outside profile paper"):
        CrashPoints("x", pause_at="a")
    code = (
        "from opensqt.runtime.crash_points import CrashPoints\n"
        "s = CrashPoints('x', pause_at='x.y:2', may_crash=True)\n"
        "s.reach('x.y'); print('once', flush=True); s.reach('x.y')"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    out, _ = process.communicate(timeout=20)
    assert out == b"once\n"
    assert process.returncode == 0


@pytest.mark.parametrize("count", ["0", "-1", "x", "1.5"])
def test_a_count_that_is_none_is_refused(count: str) -> None:
    """Expected step[:n]."""
    with pytest.raises(CrashRefused, match="expected step"):
        CrashPoints("x", crash_at=f"a:{count}", may_crash=True)


@pytest.mark.parametrize("protocol", [Bus, Journal, Leases, Venue, Feed])
def test_all_steps_names_every_async_method_of_a_port(protocol: type) -> None:
    """Nothing a port does is without a step."""
    names = all_steps("executor", protocol)
    for method, _ in inspect.getmembers(protocol, inspect.iscoroutinefunction):
        if not method.startswith("_"):
            effect = f"executor.{protocol.__name__.lower()}.{method}"
            assert {f"{effect}.before", f"{effect}.after"} <= set(names)
