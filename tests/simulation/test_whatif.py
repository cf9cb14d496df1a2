"""The recorded feed under another configuration: the same configuration changes nothing, another one is told."""

import asyncio
import json

import pytest

from opensqt.replay.replaying import Replay, ReplayWindow
from opensqt.replay.whatif import Compared, Specs, compared
from opensqt.strategies.grid.strategy import GRID
from tests.recorded_desk import Lived, live


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """One life for all tests of this file."""
    return asyncio.run(live(tmp_path_factory.mktemp("lived")))


async def under(lived: Lived, specs: Specs, window: ReplayWindow | None = None) -> list[Compared]:
    """Decide the life again as these strategies."""
    archives, record = await lived.record()
    replay = Replay(lived.journal, archives, record, None)
    return [one async for one in compared(replay, record.sessions, specs, window or ReplayWindow())]


@pytest.mark.row("J06")
async def test_under_the_configuration_that_it_had_no_decision_is_another(lived: Lived) -> None:
    """Everything was decided, and nothing differs."""
    found = await under(lived, {})
    assert sum(part.decisions for part in found) >= 2
    assert [part.differing for part in found] == [()] * len(found)


@pytest.mark.row("J06")
async def test_each_decision_that_differs_shows_what_was_said_and_what_would_have_been(
    lived: Lived,
) -> None:
    """A grid of larger orders: the same levels in other sizes; the other grid is as it was."""
    _, record = await lived.record()
    name = "grid-perp"
    told = json.loads(record.sessions[0].runs[name].start.told)
    told["settings"]["order_notional_quote"] = "900"
    found = await under(lived, {name: GRID.spec_again(name, json.dumps(told))})
    differing = [one for part in found for one in part.differing]
    assert {one.strategy for one in differing} == {name}
    first = differing[0]
    sides = [{one["slot"]: one for one in side} for side in (first.recorded, first.decided)]
    both = sides[0].keys() & sides[1].keys()
    assert both
    assert all(sides[0][slot]["price"] == sides[1][slot]["price"] for slot in both)
    assert all(sides[0][slot]["quantity"] != sides[1][slot]["quantity"] for slot in both)


async def test_a_window_asks_for_one_strategy(lived: Lived) -> None:
    """The other one is not compared."""
    found = await under(lived, {}, ReplayWindow(strategy="grid-spot"))
    whole = await under(lived, {})
    assert 0 < sum(part.decisions for part in found) < sum(part.decisions for part in whole)
