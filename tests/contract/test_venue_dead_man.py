"""The dead-man timer of each venue that has one, over the wire: orders go on time, and never while it is renewed."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from opensqt.domain.capability import NotSupported
from opensqt.domain.instruments import Market, market_of
from opensqt.runtime.clock import ClockOrigin, RunClock
from opensqt.venues.engine.dialect import no_timer
from opensqt.venues.policy import policy_of
from opensqt.venues.registry import dialect_of
from tests.conditions import stays, until
from tests.contract.venues import PERP, SPOT, TAKEN, WIRED, House, open_house

SPEED = 20
SPAN_S = 60  # of market time, 3 s of the wall
TIMED = tuple(venue for venue in WIRED if policy_of(venue).dead_man is not None)


def resting(house: House) -> set[str]:
    """Return the symbols in which the account has open orders at the venue."""
    assert house.real is not None
    return {symbol for (_, symbol), orders in house.real.exchange.open.items() if orders}


@pytest.mark.row("I09")
@pytest.mark.parametrize("venue", TIMED)
async def test_orders_go_on_time_and_not_while_the_timer_is_renewed(
    venue: str, tmp_path: Path
) -> None:
    """On market time twenty times as fast: renewed it never fires, disarmed neither, left alone it does."""
    now_ms = RunClock().wall_ms()
    origin = ClockOrigin(origin_market_ms=now_ms, origin_wall_ms=now_ms, speed=Decimal(SPEED))
    house = await open_house(venue, tmp_path, RunClock(origin))
    timer = house.venue.policy.dead_man
    assert timer is not None
    symbols = [symbol for symbol in (SPOT, PERP) if market_of(symbol) in timer.markets]
    await house.venue.rules(symbols)
    for symbol in symbols:
        request = house.request("qone", symbol)
        request = msgspec.structs.replace(request, deadline_ms=request.signed_ms + 20_000)
        assert isinstance(await house.venue.place(request), TAKEN)
    for _ in range(4):
        await house.venue.arm_dead_man(symbols, span_s=SPAN_S)
        assert await stays(lambda: resting(house) == set(symbols), for_s=SPAN_S / SPEED / 3)
    await house.venue.arm_dead_man(symbols, span_s=0)
    assert await stays(lambda: resting(house) == set(symbols), for_s=SPAN_S / SPEED * 1.2)
    armed_ms = house.clock.market_ms()
    await house.venue.arm_dead_man(symbols, span_s=SPAN_S)
    await until(lambda: not resting(house))
    assert house.clock.market_ms() - armed_ms >= SPAN_S * 1000
    await house.close()


@pytest.mark.row("I09", "D02")
@pytest.mark.parametrize("venue,symbol", [("bybit", PERP), ("bybit", SPOT), ("binance", SPOT)])
async def test_a_market_without_a_timer_says_so(venue: str, symbol: str, tmp_path: Path) -> None:
    """Nothing is armed in silence."""
    house = await open_house(venue, tmp_path)
    with pytest.raises(NotSupported):
        await house.venue.arm_dead_man([symbol], span_s=30)
    await house.close()


@pytest.mark.row("I09")
@pytest.mark.parametrize("venue", WIRED)
def test_a_policy_with_a_timer_has_the_words_for_it(venue: str) -> None:
    """And each request that sets it names what it costs."""
    assert (dialect_of(venue).dead_man is not no_timer) is (venue in TIMED)
    assert set(TIMED) == {"binance", "bitget", "gate", "okx"}
    assert policy_of("binance").dead_man.markets == (Market.PERP,)  # type: ignore[union-attr]
