"""Batches: what was committed together leaves together, and each order of it lives or fails for itself."""

import asyncio
from pathlib import Path

import pytest

from opensqt.domain.life import Phase
from opensqt.domain.order import NeverPlaced, Rejected, Submitting, Unresolved
from opensqt.runtime.venue.memory import Fault
from tests.unit.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory."""
    return Rig(tmp_path)


async def approve_many(rig: Rig, *numbers: int) -> None:
    """Queue places that are taken in one turn."""
    for number in numbers:
        await rig.approve(rig.place(number))


@pytest.mark.row("C07")
async def test_places_of_one_turn_leave_in_batches_of_the_venues_size(rig: Rig) -> None:
    """Seven places that are committed together are two requests, five orders and two, each sent once."""
    async with rig.running(rig.executor()):
        await approve_many(rig, *range(1, 8))
        await rig.clock.run_for(0.5)
        assert rig.venue.batches == [5, 2]
        assert len({request.client_order_id for request in rig.venue.sent}) == 7
        assert {rig.order_of(number).phase for number in range(1, 8)} == {Phase.LIVE}


@pytest.mark.row("C07")
async def test_a_single_place_waits_for_nobody(rig: Rig) -> None:
    """A place that is alone leaves in the turn after its commit; the clock does not move."""
    async with rig.running(rig.executor()):
        before_ms = rig.clock.wall_ms()
        await rig.approve(rig.place())
        await rig.clock.run_for(0)
        while not rig.venue.sent:
            await asyncio.sleep(0)
        assert rig.clock.wall_ms() == before_ms
        assert rig.venue.batches == [1]


@pytest.mark.row("C07")
async def test_each_order_of_a_batch_has_its_own_outcome(rig: Rig) -> None:
    """One leg is refused; its neighbours live, and the refused one is not sent again."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("order", None, Fault.REFUSED)
        await approve_many(rig, 1, 2, 3)
        await rig.clock.run_for(1)
        phases = [rig.order_of(number).phase for number in (1, 2, 3)]
        assert phases == [Phase.LIVE, Phase.REJECTED, Phase.LIVE]
        assert len(rig.venue.sent) == 3


@pytest.mark.row("C07")
async def test_a_leg_that_was_throttled_goes_again_alone(rig: Rig) -> None:
    """A rate-limit refusal of one leg makes a new attempt of that leg only."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("order", None, Fault.THROTTLED)
        await approve_many(rig, 1, 2, 3)
        await rig.clock.run_for(2)
        assert rig.venue.batches == [3, 1]
        assert [rig.order_of(number).placed.ref.attempt for number in (1, 2, 3)] == [1, 2, 1]  # type: ignore[union-attr]


@pytest.mark.row("C07")
@pytest.mark.parametrize("fault", [Fault.LOST_ACK, Fault.LOST_REQUEST])
async def test_a_batch_without_an_answer_leaves_every_leg_in_doubt(rig: Rig, fault: Fault) -> None:
    """All legs are Unresolved, are looked for one by one, and none is ever sent again."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", fault)
        await approve_many(rig, 1, 2, 3)
        await rig.clock.run_for(10)
        facts = rig.facts()
        assert sum(isinstance(fact, Unresolved) for fact in facts) == 3
        absent = sum(isinstance(fact, NeverPlaced) for fact in facts)
        assert absent == (3 if fault is Fault.LOST_REQUEST else 0)
        assert len(rig.venue.sent) == 3


@pytest.mark.row("C07")
async def test_a_margin_error_stops_what_has_not_left_yet(rig: Rig) -> None:
    """Five leave and one of them finds no margin; the rest of the group waited for its turn and ends not sent."""
    async with rig.running(rig.executor()):
        rig.venue.line = asyncio.Lock()
        rig.venue.faults.set("order", None, Fault.NO_FUNDS)
        await approve_many(rig, *range(1, 9))
        await rig.clock.run_for(1)
        assert rig.venue.batches == [5]
        phases = [rig.order_of(number).phase for number in range(1, 9)]
        assert phases[:5] == [Phase.LIVE, Phase.REJECTED, *[Phase.LIVE] * 3]
        assert phases[5:] == [Phase.REJECTED] * 3
        rejected = [fact for fact in rig.facts() if isinstance(fact, Rejected)]
        unsent = [fact for fact in rejected if fact.code == "not_sent"]
        assert len(unsent) == 3
        assert all(fact.reason.startswith("margin: ") for fact in unsent)
        assert sum(isinstance(fact, Submitting) for fact in rig.facts()) == 8
