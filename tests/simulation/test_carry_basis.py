"""A carry in its shell, over bus and journal: it says that the basis stands against it, hears books, records both."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.market import BookLevel, BookTop
from opensqt.domain.strategy_events import SagaStep
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.strategy.runner import StrategyRunner
from services.arb.config import plays_of
from tests.conditions import until
from tests.relays import House, memory_house
from tests.simulation.carry_rig import funding_of
from tests.simulation.strategy_facts import PERP, SPOT, d, rules_of, tick_of
from tests.simulation.test_strategy_shell import context_of, desk, intents_of, journal_of, tell


async def show(house: House, symbol: str, price: str) -> None:
    """Show a leg with hardly anything at its best prices, and 5 more one quote unit beyond."""
    now_ms, few, many = house.clock.market_ms(), d("0.0001"), d("5")
    tick = msgspec.structs.replace(
        tick_of(symbol, price, now_ms), bid_quantity=few, ask_quantity=few
    )
    bids, asks = (
        (BookLevel(price=best, quantity=few), BookLevel(price=best + away, quantity=many))
        for best, away in ((tick.bid_price, -1), (tick.ask_price, 1))
    )
    await tell(
        house,
        tick,
        BookTop(
            venue=tick.venue,
            symbol=symbol,
            bids=bids,
            asks=asks,
            time_ms=now_ms,
            book_sequence=tick.book_sequence,
        ),
    )


@pytest.mark.row("F03")
async def test_a_desk_with_spot_above_the_perpetual_waits_until_the_basis_turns() -> None:
    """Funding pays 33 % a year all the time; nothing is bought at -10 bps, and at 2 the step says what was seen."""
    config, house = parse_config(derive((SPOT, PERP), market="synthetic:7"), {}), memory_house()
    runner = StrategyRunner(context_of(house, config), "arb", plays_of(config, house.clock))

    def says_the_basis() -> bool:
        (carry,) = runner.status()["strategies"]
        return bool(
            carry["reason"]
            == "basis -10.0 bps below -1 bps: the perpetual's bid is 59940.0, the spot's ask 60000.1"
        )

    async def wishes() -> bool:
        return bool(await intents_of(house))

    async with desk(house, runner):
        await tell(house, rules_of(SPOT, taker_fee="0.001"), rules_of(PERP))
        await tell(house, funding_of("0.0003", house.clock.market_ms()))
        await show(house, SPOT, "60000")
        await show(house, PERP, "59940.1")
        await until(says_the_basis)
        assert not await wishes()
        assert await journal_of(house, SagaStep) == []
        await show(house, PERP, "60012.1")
        await until(wishes)
        (step,) = await journal_of(house, SagaStep)
        (leg,) = await intents_of(house)
        assert isinstance(leg, PlaceIntent)
    seen = step.outlook
    assert (step.step, seen.spot_ask, seen.perp_bid) == ("entering", d("60000.1"), d("60012.0"))
    assert (seen.basis_bps, seen.fees_bps, seen.funding_bps) == (d("1.9833"), d("30"), d("126"))
    # Nearly all of it one quote unit beyond the best, in four trades: 4 / 60 000, and half spreads of 0.1.
    assert Decimal("0.66") < seen.slippage_bps < Decimal("0.70")
    assert seen.return_bps == d("97.9833") - seen.slippage_bps
    assert leg.quantity == seen.quantity
    assert (
        leg.reason
        == "entering: 97.3 bps over 336 h: funding 126.0, basis 2.0, fees -30.0, slippage -0.7"
    )
