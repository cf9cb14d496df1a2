"""A kill on a cold start, before NATS or Postgres has ever answered: the orders go, and the latch is on disk."""

import pytest

from opensqt.domain import subjects
from opensqt.domain.control import KillLatched
from opensqt.runtime import latch
from tests.conditions import until
from tests.crash.desk import KILL, Desk, Seat
from tests.crash.house import Shared
from tests.crash.intents import Author
from tests.crash.judge import open_at_venue
from tests.e2e import audit
from tests.e2e.standby import port

NOWHERE = {
    "OPENSQT_NATS_URL": "nats://127.0.0.1:1",
    "OPENSQT_POSTGRES_DSN": "postgresql://opensqt@127.0.0.1:1/opensqt",
}
ORDERS = 5
GONE_S = 1.0
SAID_S = 20.0
pytestmark = [
    pytest.mark.row("E10"),
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_cold_executor_obeys_its_own_port_without_any_server(shared: Shared) -> None:
    """Neither NATS nor Postgres has answered this process: a kill by its port empties the venue within a second."""
    async with Desk(shared) as desk:
        seat = await _left_open(desk)
        await _cold(desk, seat, NOWHERE)
        await until(lambda: _answers(seat), within_s=SAID_S)
        assert await port.kill(seat)
        await until(lambda: not _open(desk), within_s=GONE_S)
        assert latch.read(desk.house.folder) is not None
        said = await port.status(seat)
        assert (said["ready"], said["why"]) == (False, "waiting for NATS and Postgres")


@pytest.mark.slow
async def test_a_cold_executor_obeys_the_bus_without_a_journal(shared: Shared) -> None:
    """Postgres has never answered: a kill on `ctl.kill` empties the venue within a second and is on disk."""
    async with Desk(shared) as desk:
        seat = await _left_open(desk)
        without = {"OPENSQT_POSTGRES_DSN": NOWHERE["OPENSQT_POSTGRES_DSN"]}
        await _cold(desk, seat, without)
        await until(
            lambda: desk.passed(seat.name)["executor.bus.follow.after"] >= 4, within_s=SAID_S
        )
        kill = KillLatched(**KILL, time_ms=desk.house.clock.market_ms())
        await desk.house.publish(subjects.KILL, kill)
        await until(lambda: not _open(desk), within_s=GONE_S)
        assert latch.read(desk.house.folder) is not None


@pytest.mark.slow
async def test_a_cold_executor_finishes_the_kill_that_its_latch_file_holds(shared: Shared) -> None:
    """Killed while no executor lived: the next one cancels before any server has answered it."""
    async with Desk(shared) as desk:
        seat = await _left_open(desk)
        now_ms = desk.house.clock.market_ms()
        latch.latch(desk.house.folder, latch.Latch(**KILL, time_ms=now_ms))
        await _cold(desk, seat, NOWHERE)
        await until(lambda: not _open(desk), within_s=SAID_S)


async def _left_open(desk: Desk) -> Seat:
    """Place orders and let the executor die over them; its seat stays empty."""
    desk.play_market()
    author = Author(desk, await desk.play_risk())
    seat = Seat(service="executor", vacant=True)
    await desk.start(seat)
    for _ in range(ORDERS):
        await author.place()
    await until(lambda: len(_open(desk)) == ORDERS, within_s=SAID_S)
    assert seat.child is not None
    await seat.child.kill()
    return seat


async def _cold(desk: Desk, seat: Seat, env: dict[str, str]) -> None:
    seat.env = env
    await desk.start(seat)


async def _answers(seat: Seat) -> bool:
    return bool(await port.status(seat))


def _open(desk: Desk) -> set[str]:
    return open_at_venue(audit.rows(desk.house.folder))
