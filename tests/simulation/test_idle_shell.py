"""What status and metric of a running strategy say while nothing comes of what it wants, over the in-memory twins."""

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.intent import PlaceIntent
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.strategy.runner import StrategyRunner
from opensqt.strategies.tracked_intent import RetryPolicy
from services.grid.config import plays_of
from tests.conditions import until
from tests.relays import memory_house
from tests.simulation.strategy_facts import PERP, SPOT, Evidence, placed_of, tick_of
from tests.simulation.test_strategy_shell import context_of, desk, intents_of, record, show, tell

IDLE_MS = 400


@pytest.mark.row("K03")
async def test_a_grid_that_nobody_answers_is_not_trading_until_an_order_rests() -> None:
    """Trading at first, then not and why, and again when the venue holds an order."""
    house, config = memory_house(), parse_config(derive((SPOT, PERP), market="synthetic:7"), {})
    play = plays_of(config, house.clock)[0]
    setup = msgspec.structs.replace(play.beginning.setup, timing=RetryPolicy(idle_after_ms=IDLE_MS))
    beginning = msgspec.structs.replace(play.beginning, setup=setup)
    context = context_of(house, config)
    runner = StrategyRunner(context, "grid", [msgspec.structs.replace(play, beginning=beginning)])

    def told() -> tuple[object, ...]:
        (line,) = runner.status()["strategies"]
        metric = context.metrics.registry.get_sample_value(
            "opensqt_strategy_trading", {"strategy": play.name}
        )
        return line["trading"], line["reason"], metric

    assert told() == (False, "starting", 0)
    async with desk(house, runner):
        await show(house)
        await until(lambda: told() == (True, "", 1))
        await until(lambda: told() == (False, "no order can be placed: risk has not answered", 0))

        async def one_rests() -> bool:
            now_ms = house.clock.market_ms()
            await tell(house, tick_of(PERP, "45000", now_ms))
            wished = [said for said in await intents_of(house) if isinstance(said, PlaceIntent)]
            venue, placed = Evidence(), placed_of(wished[-1], now_ms)
            venue.fold(placed)
            cid = placed.ref.client_order_id
            await record(house, placed, f"order/{cid}")
            await record(house, venue.accepted(cid), f"order/{cid}")
            return told() == (True, "", 1)

        await until(one_rests)
