"""One message from the future stops no strategy: its time never goes back, so that it must not go there at all."""

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.market import Time
from opensqt.domain.messages import Event
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.strategy.runner import StrategyRunner
from opensqt.strategies.tracked_intent import RetryPolicy
from services.grid.config import plays_of
from tests.conditions import until
from tests.relays import memory_house
from tests.simulation.strategy_facts import PERP, SPOT, tick_of
from tests.simulation.test_strategy_shell import context_of, desk, intents_of, show, tell

QUICK = RetryPolicy(valid_for_ms=200, dead_after_ms=200)  # nobody answers: it says them anew


@pytest.mark.row("K04")
@pytest.mark.parametrize("kind", [Time, type(tick_of(PERP, "45000", 0))])
@pytest.mark.parametrize("bit", [13, 18, 26])
async def test_a_time_with_one_bit_flipped_stops_no_grid(kind: type[Event], bit: int) -> None:
    """It is one dead letter that names the field; the grid decides on after the next good one, at its time."""
    house, config = memory_house(), parse_config(derive((SPOT, PERP), market="synthetic:7"), {})
    context = context_of(house, config)
    play = plays_of(config, house.clock)[0]
    setup = msgspec.structs.replace(play.beginning.setup, timing=QUICK)
    beginning = msgspec.structs.replace(play.beginning, setup=setup)
    runner = StrategyRunner(context, "grid", [msgspec.structs.replace(play, beginning=beginning)])
    async with desk(house, runner):
        await show(house)
        await until(lambda: runner.status()["strategies"][0]["trading"])
        now_ms = house.clock.market_ms()
        good: Event = Time(time_ms=now_ms) if kind is Time else tick_of(PERP, "45000", now_ms)
        await tell(house, msgspec.structs.replace(good, time_ms=now_ms + (1 << bit)))

        async def next_is_taken() -> bool:
            told_ms = house.clock.market_ms()
            # A price far away: whoever decides on it wants other levels than before.
            await tell(house, tick_of(PERP, "39000", told_ms))
            wished = [said for said in await intents_of(house) if isinstance(said, PlaceIntent)]
            return any(said.price < 39_000 and said.created_ms <= told_ms for said in wished)

        await until(next_is_taken)
    assert (await house.bus.state(Stream.DLQ)).messages == 1
    assert (
        b'opensqt_dead_letters_total{reason="Absurd",stream="FEED"} 1.0' in context.metrics.render()
    )
