"""What the judge of the worlds never wants to see, made on purpose: a position that no trade explains."""

from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.domain.instruments import Side
from opensqt.runtime.journal.reading import decode_row
from tests.support.venue.incidents import move_position
from tests.world.checkers import Judge
from tests.world.chronicle import Violation
from tests.world.instruments import LOADED
from tests.world.load import Step
from tests.world.loop import WorldClock, WorldLoop
from tests.world.world import DEADLINE_MS, START_MS, World, quietly

SEED = 45  # with a reconciler
MOVED = Decimal(3)  # base units, far more than 5 % of what is held
PATIENCE_S = 60
STEP_S = 0.5


class Drifting(World):
    """A World without faults in which the venue moves a position by itself."""

    refused = ""  # why the opening behind the halt was refused

    async def play(self) -> None:
        """Trade, drift, wait for the halt, and wish for one more opening."""
        desk = self._desk
        desk.outside(self._market.run(self._load))
        for name in list(desk.posts):
            desk.start(name)
        await self._until_ready()
        desk.outside(self._load.repeat(desk.setting.again_s))
        await self._load.run(self._script[:20])
        move_position(desk.exchange, LOADED, MOVED)
        await self._until("Halted")
        await self._clock.sleep(STEP_S)
        side = Side.SELL if desk.net(LOADED) < 0 else Side.BUY  # what would add to the position
        step = Step(at_ms=0, number=999, side=side, offset_ticks=50, quantity=Decimal("0.01"))
        await self._load.run([step])
        await self._until("RiskRefused", "place-999")

    async def _until(self, kind: str, intent_id: str = "") -> None:
        until_s = self._clock.monotonic_s() + PATIENCE_S
        while self._clock.monotonic_s() < until_s:
            for row in self._desk.store.rows:
                if row.type == kind and (not intent_id or row.correlation_id == intent_id):
                    self.refused = getattr(decode_row(row), "reason", "")
                    return
            await self._clock.sleep(STEP_S)
        raise AssertionError(f"no {kind} within {PATIENCE_S} s: {self._judge.violations}")


def drift(folder: Path) -> tuple[list[Violation], str]:
    """Play the drift; return what the judge said, and why the opening behind the halt was refused."""
    clock = WorldClock(START_MS)
    loop, judge = WorldLoop(clock), Judge(clock, DEADLINE_MS)
    world = Drifting(SEED, (), clock, judge, folder, loop)
    try:
        loop.run_until_complete(world.play())
    finally:
        loop.close()
    return judge.violations, world.refused


@pytest.mark.row("J02")
@pytest.mark.row("E13")
def test_a_position_that_no_trade_explains_halts_openings(tmp_path: Path) -> None:
    """The shipped reconciler tells of it, two looks halt the symbol, and the shipped gate opens nothing there."""
    with quietly():  # nothing of the world may outlive this: it is swept away without a word
        violations, refused = drift(tmp_path)
    told = [one.detail.split(":")[0] for one in violations if one.name.startswith("the reconciler")]
    names = {one.name for one in violations}
    # What was under way when the position moved makes it larger than anybody allowed.
    assert names - {"exposure in the limit"} == {"the reconciler invents nothing"}
    assert told[0] == "Discrepancy"
    assert told[-1] == "Halted"
    assert "Adjustment" not in told
    assert refused == "reducing"
