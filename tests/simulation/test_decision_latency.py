"""How long the cause of a decision is ago, as the shell of strategies measures it, over the in-memory twins."""

import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.intent import PlaceIntent
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.strategy.runner import StrategyRunner
from services.arb.config import plays_of as carries_of
from tests.conditions import until
from tests.relays import memory_house
from tests.simulation.carry_rig import funding_of
from tests.simulation.strategy_facts import PERP, SPOT, Evidence, placed_of
from tests.simulation.test_strategy_shell import context_of, desk, intents_of, record, show, tell


@pytest.mark.row("H03")
async def test_the_hops_of_a_carry_are_measured() -> None:
    """From the market's word to the entry, and from the fill of that leg to the hedge; nothing else is counted."""
    house, config = memory_house(), parse_config(derive((SPOT, PERP), market="synthetic:7"), {})
    context = context_of(house, config)
    runner = StrategyRunner(context, "arb", carries_of(config, house.clock))

    def measured(hop: str) -> tuple[float | None, float | None]:
        read = context.metrics.registry.get_sample_value
        labels = {"strategy": "carry"}
        return read(f"opensqt_{hop}_seconds_count", labels), read(
            f"opensqt_{hop}_seconds_sum", labels
        )

    async with desk(house, runner):
        await show(house)
        await tell(house, funding_of("0.0003", house.clock.market_ms()))

        async def wished() -> bool:
            return any(one.symbol == SPOT for one in await intents_of(house))

        await until(wished)
        await until(lambda: measured("tick_to_decision")[0] == 1)
        assert measured("fill_to_hedge")[0] is None
        leg = next(one for one in await intents_of(house) if isinstance(one, PlaceIntent))
        venue = Evidence()
        venue.now_ms = house.clock.market_ms()
        placed = placed_of(leg, venue.now_ms)
        venue.fold(placed)
        cid = placed.ref.client_order_id
        for fact in (placed, venue.accepted(cid)):
            await record(house, fact, f"order/{cid}")
        venue.now_ms = house.clock.market_ms() - 700
        await record(house, venue.fill_of(cid), f"order/{cid}")

        async def hedged() -> bool:
            return any(one.symbol == PERP for one in await intents_of(house))

        await until(hedged)
        await until(lambda: measured("fill_to_hedge")[0] == 1)
        assert 0.7 <= (measured("fill_to_hedge")[1] or 0.0) < 10
