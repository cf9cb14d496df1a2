"""The short form of the crash matrix: every named step x place and cancel, and kills at random instants."""

import pytest

from opensqt.runtime.config_schema import PaperRules
from tests.crash import kills, matrix, steps, table
from tests.crash.house import Shared
from tests.crash.progress import Progress
from tests.crash.scenarios import SCENARIOS

SHORT = ("place", "cancel")
KILLS_SHORT, KILLS_LONG = 24, 500
MISSED_SHARE_MAX = 0.05  # of the cells: a step whose turn came at another moment than in the survey

pytestmark = [
    *(pytest.mark.row("J01"), pytest.mark.row("A06"), pytest.mark.row("A07")),
    pytest.mark.timeout(900),
]


@pytest.mark.parametrize("service", steps.SERVICES)
async def test_a_process_may_die_at_every_step_of_placing_and_cancelling(
    service: str, postgres_session_dsn: str, postgres_template: str
) -> None:
    """Killed exactly there and started again: one venue order an intent, nothing lost, left open or wrong."""
    async with matrix.shared(postgres_session_dsn, postgres_template) as found:
        await _dies_everywhere(found, service, SHORT, (PaperRules.BINANCE,))


@pytest.mark.slow
@pytest.mark.parametrize("service", steps.SERVICES)
async def test_a_process_may_die_at_every_step_of_every_scenario(
    service: str, postgres_session_dsn: str, postgres_template: str
) -> None:
    """The same in batches, during fills, under a kill, with a twin that takes over, and under Gate's rules on ids.

    Each step is reached or has a reason.
    """
    async with matrix.shared(postgres_session_dsn, postgres_template) as found:
        reached = await _dies_everywhere(found, service, tuple(SCENARIOS), tuple(PaperRules))
    for step in steps.STEPS[service]:
        assert (step in reached) != bool(steps.unreachable(step)), step


async def test_processes_may_die_at_any_instant(
    postgres_session_dsn: str, postgres_template: str
) -> None:
    """Executor, risk and relay are killed at random instants under the rules of both venues; the audit shows J01."""
    async with matrix.shared(postgres_session_dsn, postgres_template) as found:
        await _die_at_random(found, KILLS_SHORT)


@pytest.mark.slow
async def test_five_hundred_processes_may_die_at_any_instant(
    postgres_session_dsn: str, postgres_template: str
) -> None:
    """The same for long."""
    async with matrix.shared(postgres_session_dsn, postgres_template) as found:
        await _die_at_random(found, KILLS_LONG)


async def _die_at_random(found: Shared, count: int) -> None:
    sprees = await kills.run(found, count, 1, tuple(PaperRules), Progress("kills", count))
    assert [line for one in sprees for line in one.broken] == []
    assert sum(one.kills for one in sprees) == count
    assert all(one.accepted > 0 for one in sprees)


async def _dies_everywhere(
    found: Shared, service: str, scenarios: tuple[str, ...], rules: tuple[PaperRules, ...]
) -> set[str]:
    """Run the cells of one service and return the steps at which it died."""
    cells = await matrix.surveyed(found, (service,), scenarios, rules)
    outcomes = await matrix.outcomes(found, cells, Progress(service, len(cells)))
    assert [table.line_of(one) for one in outcomes if one.broken] == []
    missed = [table.line_of(one) for one in outcomes if not one.died]
    assert len(missed) <= MISSED_SHARE_MAX * len(outcomes), missed
    return {one.cell.step for one in outcomes if one.died}
