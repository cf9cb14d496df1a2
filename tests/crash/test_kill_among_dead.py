"""A kill while another process is dead or a server unreachable, one after the other on one desk; the audit judges.

Of a whole desk only what an executor talks to lives here; `tests/e2e/test_kill_switch.py` kills one with everything.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.conditions import stays, until
from tests.crash import judge
from tests.crash.desk import Desk, Seat
from tests.crash.house import Shared
from tests.crash.intents import Author
from tests.e2e import audit
from tests.proxy import Proxy

ORDERS = 5
LAST_CANCEL_S_MAX = 1.0
GONE_S = 5.0
APPEAR_S = 1.0  # more than deadline 0.5 s + visibility lag 0.2 s
BACK_S = 30.0
pytestmark = [
    pytest.mark.row("E10"),
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_kill_works_while_any_other_process_or_server_is_dead(shared: Shared) -> None:
    """All orders are gone within a second and none appears later, without risk, relay, bus or journal."""
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(Desk(shared))
        told = desk.house.environment()
        bus = await stack.enter_async_context(Proxy(told["OPENSQT_NATS_URL"]).open())
        journal = await stack.enter_async_context(Proxy(told["OPENSQT_POSTGRES_DSN"]).open())
        wires = {"OPENSQT_NATS_URL": bus.address, "OPENSQT_POSTGRES_DSN": journal.address}
        desk.play_market()
        seats = {name: Seat(service=name) for name in ("relay", "risk")}
        for seat in (*seats.values(), Seat(service="executor", env=wires)):
            await desk.start(seat)
        author = Author(desk, None)
        for without in (
            *(_dead(desk, seat) for seat in seats.values()),
            _dark(bus),
            _dark(journal),
        ):
            await _orders(author)
            async with without:
                await _killed(desk)
            await until(desk.resume, within_s=BACK_S)
        await author.surely()
        found = [await judge.quiet(desk), await judge.unheard(desk)]
        found += judge.broken(desk.house.record, audit.rows(desk.house.folder), author.places)
        assert [text for text in found if text] == []


async def _orders(author: Author) -> None:
    """Place so many orders that rest."""
    await asyncio.gather(*(author.surely() for _ in range(ORDERS)))


async def _killed(desk: Desk) -> None:
    """Kill the desk and judge: the last cancel within a second, nothing open, and nothing appears later."""
    folder, clock = desk.house.folder, desk.house.clock
    assert len(audit.open_orders(folder)) >= ORDERS
    began_ms = clock.market_ms()
    await desk.kill()
    await until(lambda: not audit.open_orders(folder), within_s=GONE_S)
    last_s = max(audit.cancel_times_s(folder, began_ms / 1000))
    assert last_s - began_ms / 1000 < LAST_CANCEL_S_MAX
    assert await stays(lambda: not audit.open_orders(folder), for_s=APPEAR_S)


@asynccontextmanager
async def _dead(desk: Desk, seat: Seat) -> AsyncIterator[None]:
    """Kill a process, and start it again at the end."""
    seat.vacant = True
    assert seat.child is not None
    await seat.child.kill()
    try:
        yield
    finally:
        seat.vacant = False
        await desk.start(seat)


@asynccontextmanager
async def _dark(wire: Proxy) -> AsyncIterator[None]:
    """Let nothing of the executor's reach a server or come from it."""
    wire.darken()
    try:
        yield
    finally:
        wire.light()
