"""The crash matrix: every step x place and cancel, a share of them x exits in one and two symbols, random kills."""

from collections.abc import Sequence

import pytest

from opensqt.runtime.config.schema import PaperRules
from tests.crash import kills, matrix, steps, table
from tests.crash.cell import Cell
from tests.crash.house import Shared
from tests.crash.progress import Progress
from tests.crash.scenarios import SCENARIOS

SHORT = ("place", "cancel")
EXITS = ("exits", "two symbols")
EXITS_SHARE = 4  # one step in so many of those that a scenario itself passes
KILLS_SHORT, KILLS_LONG = 24, 500
# Of the cells: a step whose turn came at another moment than in the survey, as that of two cancels that share a request
# only if both are due at once. A table of a dozen cells may miss one.
MISSED_SHARE_MAX, MISSED_MAX = 0.05, 1

pytestmark = [
    *(pytest.mark.row("J01"), pytest.mark.row("A06"), pytest.mark.row("A07")),
    pytest.mark.timeout(900),
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.mark.parametrize("service", steps.SERVICES)
async def test_a_process_may_die_at_every_step_of_placing_and_cancelling(
    service: str, shared: Shared
) -> None:
    """Killed exactly there and started again: one venue order an intent, nothing lost, left open or wrong."""
    cells = await matrix.surveyed(shared, (service,), SHORT, (PaperRules.BINANCE,))
    await _dies_at(shared, service, matrix.without_repetition(cells))


@pytest.mark.parametrize("service", steps.SERVICES)
async def test_a_process_may_die_while_positions_are_left(service: str, shared: Shared) -> None:
    """The same at a share of the steps of reduce-only exits, and of two strategies that leave coin and perpetual."""
    cells = await matrix.surveyed(shared, (service,), EXITS, (PaperRules.BINANCE,))
    await _dies_at(shared, service, [one for one in cells if one.within][::EXITS_SHARE])


@pytest.mark.slow
@pytest.mark.parametrize("service", steps.SERVICES)
async def test_a_process_may_die_at_every_step_of_every_scenario(
    service: str, shared: Shared
) -> None:
    """The same in batches, fills, exits, two symbols, under a kill, with a twin, and under Gate's rules on ids.

    Each step is reached or has a reason.
    """
    cells = await matrix.surveyed(shared, (service,), tuple(SCENARIOS), tuple(PaperRules))
    reached = await _dies_at(shared, service, cells)
    for step in steps.STEPS[service]:
        assert (step in reached) != bool(steps.unreachable(step)), step


async def test_processes_may_die_at_any_instant(shared: Shared) -> None:
    """Executor, risk and relay are killed at random instants under the rules of both venues; the audit shows J01."""
    await _die_at_random(shared, KILLS_SHORT)


@pytest.mark.slow
async def test_five_hundred_processes_may_die_at_any_instant(shared: Shared) -> None:
    """The same for long."""
    await _die_at_random(shared, KILLS_LONG)


async def _die_at_random(found: Shared, count: int) -> None:
    sprees = await kills.run(found, count, 1, tuple(PaperRules), Progress("kills", count))
    assert [line for one in sprees for line in one.broken] == []
    assert sum(one.kills for one in sprees) == count
    assert all(one.accepted > 0 for one in sprees)
    assert sum(one.left for one in sprees) > 0
    assert sum(one.covered for one in sprees) > 0


async def _dies_at(found: Shared, service: str, cells: Sequence[Cell]) -> set[str]:
    """Run cells of one service and return the steps at which it died."""
    outcomes = await matrix.outcomes(found, cells, Progress(service, len(cells)))
    assert [table.line_of(one) for one in outcomes if one.broken] == []
    missed = [table.line_of(one) for one in outcomes if not one.died]
    assert len(missed) <= max(MISSED_MAX, MISSED_SHARE_MAX * len(outcomes)), missed
    return {one.cell.step for one in outcomes if one.died}
