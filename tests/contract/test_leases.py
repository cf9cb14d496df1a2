"""What every lease promises, in Postgres and in memory."""

from collections.abc import AsyncIterator

import pytest

from opensqt.domain.journal import Appended, Fenced, Lease
from opensqt.runtime.journal.checkpoint import Checkpoint
from tests.conditions import until
from tests.journals import KINDS, Desk, entry, event, open_desk

TTL_MS = 60_000


@pytest.fixture(params=KINDS)
def dsn(request: pytest.FixtureRequest) -> str:
    """The database of the desk; empty for the one in memory."""
    return str(request.getfixturevalue("postgres_dsn")) if request.param == "postgres" else ""


@pytest.fixture
async def desk(dsn: str) -> AsyncIterator[Desk]:
    """An empty desk."""
    async with open_desk(dsn) as opened:
        yield opened


async def take(desk: Desk, holder: str, ttl_ms: int = TTL_MS) -> Lease:
    """Take the lease of the tests, which must succeed."""
    lease = await desk.leases.acquire("executor/main", holder, ttl_ms)
    assert lease is not None
    return lease


async def test_a_held_lease_is_refused_to_others(desk: Desk) -> None:
    """While one holds it, another holder gets nothing."""
    await take(desk, "one")
    assert await desk.leases.acquire("executor/main", "two", TTL_MS) is None


async def test_every_acquisition_is_a_new_epoch(desk: Desk) -> None:
    """A restart of the holder is a take-over too: its own earlier epoch is dead."""
    old = await take(desk, "one")
    new = await take(desk, "one")
    assert (old.epoch, new.epoch) == (1, 2)
    refused = Fenced(name="executor/main", epoch=1, current_epoch=2)
    assert await desk.journal.append(entry(event("a"), fence=old.fence)) == refused
    assert await desk.journal.append(entry(event("a"), fence=new.fence)) == Appended(positions=(1,))


async def test_a_lease_that_stands_still_is_free(desk: Desk) -> None:
    """Whoever has seen it without a renewal for its time to live gets it; at first sight nobody does."""
    old = await take(desk, "one", ttl_ms=1)
    assert await desk.leases.acquire("executor/main", "two", TTL_MS) is None

    async def taken_over() -> bool:
        return await desk.leases.acquire("executor/main", "two", TTL_MS) is not None

    await until(taken_over)
    assert not await desk.leases.renew(old)


async def test_a_released_lease_is_free_at_once(desk: Desk) -> None:
    """Releasing lets a standby in without waiting, and cannot harm a successor."""
    old = await take(desk, "one")
    await desk.leases.release(old)
    await take(desk, "two")
    await desk.leases.release(old)
    assert await desk.leases.acquire("executor/main", "three", TTL_MS) is None


async def test_a_renewed_lease_stays(desk: Desk) -> None:
    """Renewal extends a lease by its own time to live."""
    lease = await take(desk, "one", ttl_ms=TTL_MS)
    assert await desk.leases.renew(lease)
    assert await desk.leases.acquire("executor/main", "two", TTL_MS) is None


async def test_a_take_over_names_the_head_beyond_which_nothing_old_exists(desk: Desk) -> None:
    """The successor learns how far it must fold."""
    old = await take(desk, "one")
    await desk.journal.append(entry(event("a"), event("b"), fence=old.fence))
    new = await take(desk, "one")
    assert new.head_position == 2
    await desk.journal.append(entry(event("c"), fence=old.fence))
    assert (await desk.journal.head()).position == 2


async def test_leases_are_independent(desk: Desk) -> None:
    """Each name has its own holder and epoch."""
    await take(desk, "one")
    other = await desk.leases.acquire("risk", "two", TTL_MS)
    assert other is not None
    assert other.epoch == 1


def checkpoint(position: int, sequence: int, created_ms: int = 5) -> Checkpoint:
    """Return a checkpoint of generation 1."""
    return Checkpoint(
        desk="desk",
        generation=1,
        position=position,
        sequence=sequence,
        event_id=f"e{position}",
        created_ms=created_ms,
    )


async def test_checkpoints_are_kept_in_order_and_fenced(desk: Desk) -> None:
    """A relay that lost its lease cannot move the checkpoint."""
    old = await take(desk, "one")
    assert await desk.checkpoints.save(old, checkpoint(1, 10))
    assert await desk.checkpoints.save(old, checkpoint(2, 12))
    await take(desk, "one")
    assert not await desk.checkpoints.save(old, checkpoint(3, 14))
    assert await desk.checkpoints.history() == [checkpoint(1, 10), checkpoint(2, 12)]


async def test_checkpoints_of_a_lost_feed_are_forgotten(desk: Desk) -> None:
    """Going back, or beginning another FEED, drops what no longer holds."""
    lease = await take(desk, "one")
    for position, sequence in ((1, 10), (2, 12), (3, 14)):
        await desk.checkpoints.save(lease, checkpoint(position, sequence))
    await desk.checkpoints.save(lease, checkpoint(1, 10))
    assert await desk.checkpoints.history() == [checkpoint(1, 10), checkpoint(1, 10)]
    await desk.checkpoints.save(lease, checkpoint(0, 0, created_ms=6))
    assert await desk.checkpoints.history() == [checkpoint(0, 0, created_ms=6)]
