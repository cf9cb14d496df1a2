"""What a process says of a host whose time was set: by how much it is off, and what to do."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from opensqt.runtime.clock import NS_PER_MS, RunClock, VirtualClock
from opensqt.runtime.clock_watch import EVERY_S, clock_trouble, watch_clock
from opensqt.runtime.config.all import Config
from opensqt.runtime.environment import Environment
from opensqt.runtime.process import Needs, Process
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import Metrics


class OffClock(VirtualClock):
    """A clock whose host can be set."""

    host_ahead_ms = 0


@pytest.mark.parametrize(
    "set_ms, words",
    [(400, ""), (90_000, "90.0 s ahead of"), (-90_000, "90.0 s behind"), (-400, "")],
)
def test_a_host_that_was_set_is_told_of_with_what_to_do(set_ms: int, words: str) -> None:
    """A wrong time at the start that NTP corrects by minutes is beyond slewing: a person starts the desk again."""
    machine_ms = [1_000_000]
    clock = RunClock(host=lambda: machine_ms[0] * NS_PER_MS, counter=lambda: 0)
    machine_ms[0] += set_ms
    trouble = clock_trouble(clock)
    assert words in trouble
    assert ("start all processes of the desk again" in trouble) is bool(words)


async def test_the_difference_is_measured_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """The metric follows; the log has a line when they part and one when they agree again."""
    caplog.set_level("INFO", logger="opensqt")
    clock, metrics = OffClock(), Metrics()
    watching = asyncio.create_task(watch_clock(clock, Log("test"), metrics))
    for ahead_ms in (0, 2000, 2000, 10):
        clock.host_ahead_ms = ahead_ms
        await clock.run_for(EVERY_S)
        assert Decimal(metrics.clock_host_ahead_ms._value.get()) == ahead_ms
    watching.cancel()
    told = [line.message for line in caplog.records if "clock" in line.message]
    assert told == ["clock_differs_from_host", "clock_agrees_with_host"]


class Steady:
    """A service at work."""

    ready = True

    def status(self) -> dict[str, Any]:
        """Return what it says of itself."""
        return {"why": "three orders are unresolved"}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`."""
        await stop.wait()


def test_a_status_says_so_beside_what_the_service_says() -> None:
    """The process is as ready as before: its own clock goes on rightly, nobody is stopped by somebody's hand."""
    config = Config(schema=1, desk="test", venues={}, accounts={}, strategies={})
    process = Process("risk", lambda _: Steady(), Needs(), Environment(), config)
    process._service = Steady()
    assert process.status()["why"] == "three orders are unresolved"
    process._clock = RunClock(host=iter([0, 10**12, 10**12]).__next__, counter=lambda: 0)
    status = process.status()
    assert status["ready"]
    assert status["why"].startswith(
        "three orders are unresolved; the host's time is 1000.0 s ahead"
    )
