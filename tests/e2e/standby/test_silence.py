"""An executor that hears nothing from risk, or nothing from the journal, takes the openings off by itself."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from opensqt.domain import subjects
from opensqt.domain.control import Heartbeat
from tests.conditions import until
from tests.crash.desk import Desk, Seat
from tests.crash.house import Shared
from tests.crash.intents import Author
from tests.crash.judge import open_at_venue
from tests.e2e import audit
from tests.proxy import Proxy

SILENCE_S = 5.0
MARGIN_S = 2.0
ORDERS = 5
BEAT_S = 0.5
RISK_TTL_MS = 60_000
pytestmark = [pytest.mark.timeout(200), pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.row("E10")
async def test_openings_go_when_risk_or_the_journal_is_silent(shared: Shared) -> None:
    """Five seconds, not less: then the executor alone cancels every opening; when both speak it trades again."""
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(Desk(shared))
        desk.play_market()
        author = Author(desk, await desk.house.leases.acquire("risk", "test", RISK_TTL_MS))
        dsn = desk.house.environment()["OPENSQT_POSTGRES_DSN"]
        journal = await stack.enter_async_context(Proxy(dsn).open())
        beating = asyncio.create_task(_beat(desk))
        await desk.start(Seat(service="executor", env={"OPENSQT_POSTGRES_DSN": journal.address}))
        await _silenced(desk, author, beating.cancel)
        beating = asyncio.create_task(_beat(desk))
        stack.callback(beating.cancel)
        await _silenced(desk, author, journal.darken)
        journal.light()
        await author.surely()


async def _silenced(desk: Desk, author: Author, silence: Callable[[], object]) -> None:
    """Let orders rest, then somebody be silent, and judge when the orders go."""
    for _ in range(ORDERS):
        await author.surely()
    assert len(_open(desk)) == ORDERS
    began_s = desk.house.clock.monotonic_s()
    silence()
    await until(lambda: not _open(desk), within_s=SILENCE_S + MARGIN_S)
    assert desk.house.clock.monotonic_s() - began_s > SILENCE_S - 1


async def _beat(desk: Desk) -> None:
    """Be risk's heart."""
    house = desk.house
    while True:
        beat = Heartbeat(generation=1, head_position=0, time_ms=house.clock.market_ms())
        await house.publish(subjects.RISK_ALIVE, beat)
        await house.clock.sleep(BEAT_S)


def _open(desk: Desk) -> set[str]:
    return open_at_venue(audit.rows(desk.house.folder))
