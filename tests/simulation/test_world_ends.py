"""A World that would go on for ever is ended and named: nobody waits for it, and the range behind it is played."""

import pytest

from services.executor.service import Executor
from tests.world import world
from tests.world.world import run

TWIN_ACROSS_A_RESTORE = 75_015  # its journal ends before the head of an executor's lease


@pytest.mark.row("J02")
def test_an_executor_whose_journal_ends_before_its_lease_lets_others_run() -> None:
    """Reading again has a pause in it, in which the lease is seen to be lost."""
    assert run(TWIN_ACROSS_A_RESTORE).violations == ()


@pytest.mark.row("J02")
def test_a_world_that_does_not_end_is_named_with_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who goes round in one place, with no time passing, is ended there, and the place is said."""

    async def round_and_round(self: Executor, head: int) -> None:
        while True:
            await self._account.journal.read(head, 1)

    monkeypatch.setattr(Executor, "_bootstrap", round_and_round)
    monkeypatch.setattr(world, "CPU_S_MAX", 1.0)
    (broken,) = run(1).violations
    assert broken.name == "every World ends"
    assert "Executor._work" in broken.detail
