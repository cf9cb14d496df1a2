"""The executor's ear on control: what is said while the bus is away or comes back changed is still heard."""

from collections.abc import Callable
from pathlib import Path

import pytest

from opensqt.domain.control import KillLatched
from opensqt.runtime.bus import subjects
from opensqt.runtime.bus.memory_broker import MemoryBroker
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.envelope import Envelope
from services.executor.state import DESK
from tests.unit.rig import Rig


def _anew(broker: MemoryBroker) -> None:
    broker.make_anew(Stream.FEED)


def _shorter(broker: MemoryBroker) -> None:
    broker.lose_tail(Stream.FEED, 2)


@pytest.mark.parametrize("change", [_anew, _shorter])
async def test_a_kill_said_while_the_ear_recovers_is_heard(
    tmp_path: Path, change: Callable[[MemoryBroker], None]
) -> None:
    """A FEED that was made anew or lost its tail neither ends the executor nor swallows a kill."""
    rig = Rig(tmp_path)
    async with rig.running(rig.executor()) as executor:
        await rig.clock.run_for(3)
        rig.broker.down()
        change(rig.broker)
        await rig.broker.up()
        await rig.clock.run_for(0.1)
        now_ms = rig.clock.market_ms()
        kill = KillLatched(scope=DESK, reason="test", actor="me", time_ms=now_ms)
        envelope = Envelope(event_id="kill", type="KillLatched", source="cli", time_ms=now_ms)
        await rig.bus.publish(subjects.KILL, kill, envelope)
        await rig.clock.run_for(2)
        assert executor.status()["killed"]
