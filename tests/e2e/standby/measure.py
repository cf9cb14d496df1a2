"""Many take-overs on one desk, and what they come to."""

import statistics
from collections.abc import Callable

from tests.crash.house import Shared
from tests.e2e.standby.pair import opened
from tests.e2e.standby.takeover import Loss, TakeOver, lose


def _silent(_: TakeOver) -> None:
    return


async def measure(
    shared: Shared, loss: Loss, runs: int, told: Callable[[TakeOver], None] = _silent
) -> list[TakeOver]:
    """Lose the leader so often in one way; raise `AssertionError` when `verify` does not hold in the end."""
    found = []
    async with opened(shared) as pair:
        for _ in range(runs):
            found.append(await lose(pair, loss))
            told(found[-1])
        false = await pair.verified()
        assert not false, f"{loss}: verify says {false}"
    return found


def table(found: list[TakeOver]) -> list[str]:
    """Return the lines of the table, a way of losing the leader a line."""
    lines = ["leader lost by  runs   p50 ms   max ms   unacked commands (median)   broken"]
    for loss in Loss:
        mine = [one for one in found if one.loss is loss]
        if mine:
            times = [one.millis for one in mine]
            unacked = statistics.median(one.unacked for one in mine)
            broken = sum(len(one.broken) for one in mine)
            lines.append(
                f"{loss:<14} {len(mine):>5} {statistics.median(times):>8.0f} {max(times):>8}"
                f" {unacked:>27.0f} {broken:>8}"
            )
    return lines
