"""The short form of the crash matrix: every named step x place and cancel, and kills at random instants."""

import pytest

from tests.crash import kills, matrix, steps, table
from tests.crash.scenarios import SCENARIOS

SHORT = ("place", "cancel")
KILLS_SHORT, KILLS_LONG = 50, 500
MISSED_SHARE_MAX = 0.05  # of the cells: a step whose turn came at another moment than in the survey

pytestmark = [pytest.mark.row("J01"), pytest.mark.row("A07"), pytest.mark.timeout(900)]


@pytest.mark.parametrize("service", steps.SERVICES)
async def test_a_process_may_die_at_every_step_of_placing_and_cancelling(
    service: str, postgres_session_dsn: str, postgres_template: str
) -> None:
    """Killed exactly there and started again: one venue order an intent, nothing lost, left open or wrong."""
    await _dies_everywhere(service, SHORT, postgres_session_dsn, postgres_template)


@pytest.mark.slow
@pytest.mark.parametrize("service", steps.SERVICES)
async def test_a_process_may_die_at_every_step_of_every_scenario(
    service: str, postgres_session_dsn: str, postgres_template: str
) -> None:
    """The same during fills, under a kill and with a twin that takes over; each step is reached or has a reason."""
    reached = await _dies_everywhere(
        service, tuple(SCENARIOS), postgres_session_dsn, postgres_template
    )
    for step in steps.STEPS[service]:
        assert (step in reached) != bool(steps.unreachable(step)), step


@pytest.mark.parametrize("count", [KILLS_SHORT, pytest.param(KILLS_LONG, marks=pytest.mark.slow)])
async def test_processes_may_die_at_any_instant(
    count: int, postgres_session_dsn: str, postgres_template: str
) -> None:
    """Executor, risk and relay are killed at random instants under places and cancels; the audit shows J01."""
    async with matrix.shared(postgres_session_dsn, postgres_template) as found:
        sprees = await kills.run(found, count, seed=1)
    assert [line for one in sprees for line in one.broken] == []
    assert sum(one.kills for one in sprees) == count
    assert all(one.accepted > 0 for one in sprees)


async def _dies_everywhere(
    service: str, scenarios: tuple[str, ...], dsn: str, template: str
) -> set[str]:
    """Run the cells of one service and return the steps at which it died."""
    told: list[str] = []
    async with matrix.shared(dsn, template) as found:
        outcomes = await matrix.outcomes(found, (service,), scenarios, told.append)
    assert [table.line_of(one) for one in outcomes if one.broken] == []
    missed = [table.line_of(one) for one in outcomes if not one.died]
    assert len(missed) <= MISSED_SHARE_MAX * len(outcomes), missed
    return {one.cell.step for one in outcomes if one.died}
