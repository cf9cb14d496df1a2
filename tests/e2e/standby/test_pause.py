"""A leader that stands still inside any step holds nobody up: whoever else appends waits for at most a second."""

import signal
from pathlib import Path

import pytest

from opensqt.domain.control import Heartbeat
from opensqt.domain.journal import Entry, NewEvent
from opensqt.runtime.crash_points import PAUSE_AT
from tests.conditions import until
from tests.crash.desk import Desk, Seat
from tests.crash.house import Shared
from tests.crash.intents import Author
from tests.crash.steps import STEPS, unreachable

WAIT_MS_MAX = 1000
STOPS = 25
REACHED_S = 30.0
STEP_OF_A_COMMIT = "executor.journal.append.after"
JOURNAL_STEPS = [
    step
    for step in STEPS["executor"]
    if (".journal." in step or ".leases." in step)
    and not unreachable(step)
    and "release" not in step  # passed while it stops, when it holds nothing any more
]
pytestmark = [
    pytest.mark.row("J03"),
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.mark.parametrize(
    "step",
    [
        step if step == STEP_OF_A_COMMIT else pytest.param(step, marks=pytest.mark.slow)
        for step in JOURNAL_STEPS
    ],
)
async def test_a_leader_paused_at_a_step_blocks_nobody(shared: Shared, step: str) -> None:
    """Stopped exactly there, it holds no lock: another process's append and a standby's question are answered."""
    async with Desk(shared) as desk:
        author = await _author(desk)
        seat = Seat(service="executor", env={PAUSE_AT: step})
        await desk.start(seat)
        await author.place()
        await until(lambda: _stopped(seat), within_s=REACHED_S)
        assert await _waited_ms(desk) < WAIT_MS_MAX


async def test_a_leader_paused_at_any_instant_blocks_nobody(shared: Shared) -> None:
    """Stopped in the middle of its commits, wherever it is, it holds no lock across a round trip."""
    async with Desk(shared) as desk:
        author = await _author(desk)
        seat = Seat(service="executor")
        await desk.start(seat)
        await until(lambda: desk.ready(seat), within_s=REACHED_S)
        assert seat.child is not None
        for _ in range(STOPS):
            await author.place()
            seat.child.signal(signal.SIGSTOP)
            await until(lambda: _stopped(seat))
            assert await _waited_ms(desk) < WAIT_MS_MAX
            seat.child.signal(signal.SIGCONT)


async def _author(desk: Desk) -> Author:
    desk.play_market()
    return Author(desk, await desk.play_risk())


def _stopped(seat: Seat) -> bool:
    """Tell whether the process stands still."""
    if seat.child is None or not seat.child.started.done():
        return False
    stat = Path(f"/proc/{seat.child.started.result()}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


async def _waited_ms(desk: Desk) -> float:
    """Append as another process does, ask for the leader's lease as a standby does; return the longer of both waits."""
    house = desk.house
    began_s = house.clock.monotonic_s()
    now_ms = house.clock.market_ms()
    event = NewEvent(
        event_id=f"other-{began_s}",
        stream="control",
        message=Heartbeat(generation=1, head_position=0, time_ms=now_ms),
        subject="ctl.other",
        actor="other",
        occurred_at_ms=now_ms,
    )
    await house.journal.append(Entry(events=(event,)))
    appended_s = house.clock.monotonic_s()
    await house.leases.acquire("executor/binance/main", "another", 1)
    return max(appended_s - began_s, house.clock.monotonic_s() - appended_s) * 1000
