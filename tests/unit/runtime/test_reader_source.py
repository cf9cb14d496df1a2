"""While a consumer runs, FEED is its only input."""

import asyncio

from opensqt.domain.strategy_events import AnchorSet
from opensqt.runtime.bus.reader import CaughtUp, FeedItem, FeedReset
from tests.conditions import until
from tests.contract.buses import house_at
from tests.contract.test_bus_reader import GRID, Desk


async def test_the_journal_is_read_at_the_bootstrap_and_never_while_running() -> None:
    """A row that the relay has not published is unknown to a running reader, and a dead journal does not stop it."""
    house = await house_at("")
    desk = Desk(house, await house.connect())
    (old,) = await desk.anchors(GRID)
    seen: list[object] = []

    async def read() -> None:
        async for item in desk.reader(GRID):
            seen.insert(len(seen), item)

    task = asyncio.create_task(read())
    await until(lambda: any(isinstance(item, CaughtUp) for item in seen))
    (fresh,) = await desk.anchors(GRID)
    desk.journal.down = True
    await desk.relay(old)
    assert _positions(seen) == [old.position]
    await desk.relay(fresh)
    await until(lambda: len(_positions(seen)) == 2)
    assert not any(isinstance(item, FeedReset) for item in seen)
    assert _positions(seen) == [old.position, fresh.position]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await house.close()


def _positions(seen: list[object]) -> list[int]:
    items = [item for item in seen if isinstance(item, FeedItem)]
    return [item.envelope.position for item in items if isinstance(item.message, AnchorSet)]
