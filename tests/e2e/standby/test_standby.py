"""A hot standby takes over in time, in order, and nothing of the old leader comes behind it."""

import pytest

from tests.crash.house import Shared
from tests.e2e.standby.measure import measure
from tests.e2e.standby.pair import opened
from tests.e2e.standby.takeover import TAKEOVER_MS_MAX, Loss, lose

RUNS = 3
pytestmark = [
    pytest.mark.row("J03"),
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_paused_leader_and_a_deaf_one_are_followed(shared: Shared) -> None:
    """One leader is stopped and wakes up late, the next one loses NATS alone: the account is led again, in order."""
    async with opened(shared) as pair:
        for loss in (Loss.PAUSED, Loss.NO_BUS):
            found = await lose(pair, loss)
            assert found.broken == ()


@pytest.mark.slow
@pytest.mark.parametrize("loss", list(Loss))
async def test_a_standby_takes_over_in_time(shared: Shared, loss: Loss) -> None:
    """However the leader is lost: lease, deadline and a second later commands are obeyed again, in their order."""
    found = await measure(shared, loss, RUNS)
    assert [text for one in found for text in one.broken] == []
    assert max(one.millis for one in found) <= TAKEOVER_MS_MAX
