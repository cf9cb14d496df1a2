"""Every capability of the port, at every venue and market: it does what it says, or raises `NotSupported`."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from opensqt.domain.capability import Capability, NotSupported, supports
from opensqt.domain.instruments import Market
from opensqt.domain.venue import Held, StreamUp
from opensqt.venues.policy import policy_of
from opensqt.venues.port import Venue
from tests.contract.venues import (
    ALL,
    IN_PROCESS,
    PATIENCE_S,
    PERP,
    SPOT,
    TAKEN,
    WIRED,
    House,
    open_house,
)

SYMBOLS = {Market.SPOT: SPOT, Market.PERP: PERP}
Ask = Callable[[House, str], Awaitable[object]]


async def place(house: House, symbol: str) -> object:
    """Place one order."""
    return isinstance(await house.venue.place(house.request("qone", symbol)), TAKEN)


async def place_batch(house: House, symbol: str) -> object:
    """Place two orders with one request."""
    requests = [house.request(name, symbol) for name in ("qtwo", "qthree")]
    return all(isinstance(one, TAKEN) for one in await house.venue.place_batch(requests))


async def look(house: House, symbol: str) -> object:
    """Find the order that was placed."""
    return isinstance(await house.venue.look(symbol, "qone"), Held)


async def open_orders(house: House, symbol: str) -> object:
    """List the order that was placed."""
    return await house.venue.open_orders(symbol)


async def cancel(house: House, symbol: str) -> object:
    """Cancel the order that was placed."""
    return isinstance(await house.venue.cancel(symbol, "qone"), Held)


async def cancel_batch(house: House, symbol: str) -> object:
    """Cancel two orders, placed one by one, with one request."""
    names = ("qfour", "qfive")
    for name in names:
        assert isinstance(await house.venue.place(house.request(name, symbol)), TAKEN)
    return all(isinstance(one, Held) for one in await house.venue.cancel_batch(symbol, names))


async def trades(house: House, symbol: str) -> object:
    """Trade, and read the trade."""
    since_ms = house.clock.market_ms() - 1000
    assert isinstance(await house.venue.place(house.request("qsix", symbol, price="60001")), TAKEN)
    return await house.venue.trades(symbol, after="", since_ms=since_ms)


async def account(house: House, symbol: str) -> object:
    """Read the wallets."""
    del symbol
    return (await house.venue.account()).balances


async def funding_paid(house: House, symbol: str) -> object:
    """Read payments; that what is paid is read is held by test_venue_pages."""
    return await house.venue.funding_paid(symbol, since_ms=house.clock.market_ms() - 1000) == []


async def rules(house: House, symbol: str) -> object:
    """Read the filters."""
    return await house.venue.rules((symbol,))


async def private(house: House, symbol: str) -> object:
    """Hear the private stream come up."""
    del symbol
    async with asyncio.timeout(PATIENCE_S):
        async for event in house.venue.private():
            if isinstance(event, StreamUp):
                return True
    return False


async def arm_dead_man(house: House, symbol: str) -> object:
    """Arm the timer and take it away; that it fires is held by test_venue_dead_man."""
    for span_s in (60, 0):
        await house.venue.arm_dead_man((symbol,), span_s=span_s)
    return True


ASKS: dict[Capability, Ask] = {
    Capability.PLACE: place,
    Capability.PLACE_BATCH: place_batch,
    Capability.LOOK: look,
    Capability.OPEN_ORDERS: open_orders,
    Capability.CANCEL: cancel,
    Capability.CANCEL_BATCH: cancel_batch,
    Capability.TRADES: trades,
    Capability.ACCOUNT: account,
    Capability.FUNDING_PAID: funding_paid,
    Capability.RULES: rules,
    Capability.PRIVATE: private,
    Capability.ARM_DEAD_MAN: arm_dead_man,
}


@pytest.mark.row("D02")
@pytest.mark.parametrize("market", Market)
@pytest.mark.parametrize("kind", ALL)
async def test_a_capability_works_or_raises(kind: str, market: Market, tmp_path: Path) -> None:
    """Each ask of the port has its effect where the venue has it, else it names venue, market and capability."""
    house = await open_house(kind, tmp_path)
    venue = kind.removeprefix(IN_PROCESS)
    for capability, ask in ASKS.items():
        if supports(house.venue.policy, market, capability):
            assert await ask(house, SYMBOLS[market]), capability
            continue
        before = await house.venue.open_orders(SYMBOLS[market])
        with pytest.raises(NotSupported) as raised:
            await ask(house, SYMBOLS[market])
        told = raised.value
        assert (told.venue, told.market, told.capability) == (venue, market, capability)
        assert all(word in str(told) for word in (venue, market, capability))
        new = {one.client_order_id for one in await house.venue.open_orders(SYMBOLS[market])}
        new -= {one.client_order_id for one in before}
        assert new == ({"qfour", "qfive"} if capability is Capability.CANCEL_BATCH else set())
    await house.close()


@pytest.mark.row("D02")
def test_every_capability_of_the_port_is_asked_for() -> None:
    """Each is a method of the port, and none stays untried."""
    assert set(ASKS) == set(Capability)
    assert all(callable(getattr(Venue, capability)) for capability in Capability)


@pytest.mark.row("D02")
def test_what_each_venue_lacks_is_known() -> None:
    """Batches where a venue documents none, and funding of what has no funding."""
    lacking = {
        (venue, market.value, capability.value)
        for venue in WIRED
        for market in Market
        for capability in Capability
        if not supports(policy_of(venue), market, capability)
    }
    assert lacking == {
        ("binance", "spot", "place_batch"),
        ("binance", "spot", "cancel_batch"),
        ("gate", "spot", "cancel_batch"),
        ("gate", "perp", "cancel_batch"),
        ("binance", "spot", "arm_dead_man"),
        ("bybit", "spot", "arm_dead_man"),
        ("bybit", "perp", "arm_dead_man"),
        *((venue, "spot", "funding_paid") for venue in WIRED),
    }
