"""The simulated venue in this process tells what its wire tells, field by field, and is silent where the wire is."""

import asyncio
import contextlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import TimeInForce
from opensqt.domain.venue import OrderView, PrivateEvent, StreamUp
from tests.conditions import until
from tests.contract.venues import IN_PROCESS, PERP, SPOT, TWINNED, House, open_house

Told = list[tuple[str, Any]]
MOMENT = "a moment"
HEALTH_DIGITS = 6


def plain(told: Any) -> Any:
    """Return what was told as builtins; of a time only that there is one, of evidence whether there is some."""
    told = msgspec.to_builtins(told, builtin_types=(Decimal,))
    if isinstance(told, dict):
        return {name: _field(name, value) for name, value in told.items()}
    return [plain(one) for one in told] if isinstance(told, list | tuple) else told


def _field(name: str, value: Any) -> Any:
    if name == "time_ms":
        return MOMENT if value else value
    if name == "margin_health":
        # Venues write a rounded multiple, and nothing at all where no position binds anything.
        return Decimal(1) if value is None else round(value, HEALTH_DIGITS)
    return bool(value) if name == "evidence" else plain(value)


def is_last(event: PrivateEvent) -> bool:
    """Tell whether this is pushed of the last order of a story."""
    return isinstance(event, OrderView) and event.client_order_id == "qlast"


async def told_of_all(house: House, symbol: str) -> Told:
    """Ask everything that can be asked, and note every answer."""
    venue, told = house.venue, Told()
    began_ms = house.clock.market_ms() - 1000

    async def ask(what: str, answer: Any) -> None:
        told.append((what, type(found := await answer).__name__))
        told.append((what, plain(found)))

    def place(name: str, **terms: Any) -> Any:
        return venue.place(house.request(name, symbol, **terms))

    await ask("rest", place("qrest", price="59990"))
    await ask("again", place("qrest", price="59990"))
    house.trade(symbol, "59980", "0.004")
    await ask("part", venue.look(symbol, "qrest"))
    await ask("open", venue.open_orders(symbol))
    await ask("take", place("qtake", price="60001"))
    await ask("ioc", place("qioc", time_in_force=TimeInForce.IOC))
    await ask("fok", place("qfok", quantity="5", price="60001", time_in_force=TimeInForce.FOK))
    await ask("maker", place("qmaker", price="60005", time_in_force=TimeInForce.POST_ONLY))
    await ask("tick", place("qtick", price="59000.001"))
    await ask("dust", place("qdust", quantity="0.00001"))
    await ask("funds", place("qfunds", quantity="900", price="59000"))
    await ask("early", place("qearly", signed_ms=house.clock.market_ms() + 60_000))
    await ask("best", place("qbest", price="60000"))
    await ask("self", place("qself", side=Side.SELL, price="60000"))
    await ask("self again", venue.look(symbol, "qself"))
    await ask("exit", place("qexit", side=Side.SELL, price="60400", reduce_only=True))
    await ask("gone", venue.cancel(symbol, "qnever"))
    await ask("end", venue.cancel(symbol, "qrest"))
    await ask("ended", venue.look(symbol, "qrest"))
    await ask("never", venue.look(symbol, "qnever"))
    await ask("trades", venue.trades(symbol, after="", since_ms=began_ms))
    await ask("account", venue.account())
    await ask("funding", venue.funding_paid(PERP, since_ms=began_ms))
    await ask("rules", venue.rules((symbol,)))
    await ask("last", place("qlast"))
    return told


async def story(house: House, symbol: str) -> Told:
    """Live through all of it, and note what is pushed meanwhile, too."""
    pushed: list[Any] = []

    async def listen() -> None:
        events = house.venue.private()
        while True:
            pushed.append(await anext(events))

    listener = asyncio.create_task(listen())
    await until(lambda: any(isinstance(event, StreamUp) for event in pushed))
    told = await told_of_all(house, symbol)
    await until(lambda: any(is_last(event) for event in pushed))
    listener.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listener
    end = next(number for number, event in enumerate(pushed) if is_last(event))
    return told + [(type(event).__name__, plain(event)) for event in pushed[:end]]


@pytest.mark.parametrize("symbol", [SPOT, PERP])
@pytest.mark.parametrize("venue", TWINNED)
async def test_the_simulated_venue_tells_what_the_wire_tells_and_no_more(
    venue: str, symbol: str, tmp_path: Path
) -> None:
    """One story at both: every answer and every event is the same, whatever is absent included."""
    stories: list[Told] = []
    for kind in (venue, f"{IN_PROCESS}{venue}"):
        house = await open_house(kind, tmp_path)
        stories.append(await story(house, symbol))
        await house.close()
    wire, simulated = stories
    for there, here in zip(wire, simulated, strict=False):
        assert here == there
    assert len(simulated) == len(wire)
