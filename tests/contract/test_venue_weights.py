"""What each request costs and in which lane it waits, compared with the venue's documentation, endpoint by endpoint."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market, Side
from opensqt.domain.venue import Held, StreamUp
from opensqt.venues.engine.feed import VenueFeed
from opensqt.venues.engine.rate_limit import ORDERS, Priority
from opensqt.venues.engine.request import RestRequest
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from tests.contract.venues import PATIENCE_S, PERP, SPOT, House, open_house

S, P = Market.SPOT.value, Market.PERP.value

# Request weights of the documentation (rest-api.md of spot; "IP weight" of each USDⓈ-M endpoint). Where USDⓈ-M counts
# an order and no weight it is 0; a batch of places counts as five orders of the ten seconds.
DOCUMENTED: dict[tuple[str, str, str], tuple[dict[str, float], Priority]] = {
    ("private", "POST", "order"): ({ORDERS: 1, S: 1}, Priority.OPEN),
    ("private", "DELETE", "order"): ({ORDERS: 1, S: 1}, Priority.CANCEL),
    ("private", "GET", "order"): ({S: 4}, Priority.READ),
    ("private", "GET", "openOrders"): ({S: 6}, Priority.READ),
    ("private", "GET", "allOrders"): ({S: 20}, Priority.READ),
    ("private", "GET", "myTrades"): ({S: 20}, Priority.READ),
    ("private", "GET", "account"): ({S: 20}, Priority.READ),
    ("private", "GET", "account/commission"): ({S: 20}, Priority.READ),
    ("public", "GET", "depth"): ({S: 50}, Priority.READ),
    ("fapiPrivate", "POST", "order"): ({ORDERS: 1, P: 0}, Priority.OPEN),
    ("fapiPrivate", "POST", "batchOrders"): ({ORDERS: 5, P: 5}, Priority.OPEN),
    ("fapiPrivate", "DELETE", "order"): ({ORDERS: 1, P: 1}, Priority.CANCEL),
    ("fapiPrivate", "DELETE", "batchOrders"): ({ORDERS: 1, P: 1}, Priority.CANCEL),
    ("fapiPrivate", "GET", "order"): ({P: 1}, Priority.READ),
    ("fapiPrivate", "GET", "openOrders"): ({P: 1}, Priority.READ),
    ("fapiPrivate", "GET", "allOrders"): ({P: 5}, Priority.READ),
    ("fapiPrivate", "GET", "userTrades"): ({P: 5}, Priority.READ),
    ("fapiPrivateV3", "GET", "account"): ({P: 5}, Priority.READ),
    ("fapiPrivateV3", "GET", "positionRisk"): ({P: 5}, Priority.READ),
    ("fapiPrivate", "GET", "positionSide/dual"): ({P: 30}, Priority.READ),
    ("fapiPrivate", "GET", "commissionRate"): ({P: 20}, Priority.READ),
    ("fapiPrivate", "GET", "income"): ({P: 30}, Priority.READ),
    ("fapiPrivate", "POST", "listenKey"): ({P: 1}, Priority.READ),
    ("fapiPublic", "GET", "depth"): ({P: 20}, Priority.READ),
    # Documented with 0 and a limit of its own (500 in five minutes): 1 errs on the safe side.
    ("fapiPublic", "GET", "fundingInfo"): ({P: 1}, Priority.READ),
}


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Binance over the wire, whose ids name open orders only: a look asks for the listing as well."""
    opened = await open_house("binance", tmp_path)
    policy = policy_of("binance")
    opened.venue = VenueAccount(
        opened.gate,
        account="main",
        policy=type(policy)(**_fields(policy) | {"by_id_query": "open"}),
    )
    yield opened
    await opened.close()


def _fields(policy: Any) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in policy.__struct_fields__}


class Turns:
    """Every request that waited for its turn at a gate, as it was when it waited."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests: list[RestRequest] = []
        turn = house.gate.turn

        async def waited(request: RestRequest, **named: Any) -> bool:
            self.requests.append(request)
            return await turn(request, **named)

        monkeypatch.setattr(house.gate, "turn", waited)

    def told(self) -> dict[tuple[str, str, str], tuple[dict[str, float], Priority]]:
        """Return cost and lane by endpoint."""
        return {(r.section[0], r.verb, r.path): (dict(r.cost), r.lane) for r in self.requests}


async def ask_for_everything(house: House) -> None:
    """Make each request that the platform can make, once or more."""
    venue, since_ms = house.venue, house.clock.market_ms()
    await venue.rules((SPOT, PERP))
    await venue.account()
    async with asyncio.timeout(PATIENCE_S), aclosing(venue.private()) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, StreamUp):
                break
    for symbol in (SPOT, PERP):
        assert isinstance(await venue.place(house.request("qone", symbol)), Held)
        await venue.look(symbol, "qnobody")
        await venue.open_orders(symbol)
        await venue.trades(symbol, after="", since_ms=since_ms)
        await venue.cancel(symbol, "qone")
    batch = [house.request(f"qbatch{number}", PERP) for number in range(5)]
    await venue.place_batch(batch)
    await venue.cancel_batch(PERP, [one.client_order_id for one in batch])
    await venue.funding_paid(PERP, since_ms=since_ms)
    wanted = {SPOT, PERP}
    feed = VenueFeed(house.gate)
    async with asyncio.timeout(PATIENCE_S), aclosing(feed.watch((SPOT, PERP))) as observed:  # type: ignore[type-var]
        async for seen in observed:
            if type(seen).__name__ == "BookTop":
                wanted.discard(seen.symbol)
            if not wanted:
                break


@pytest.mark.row("C07")
async def test_each_endpoint_costs_what_is_documented(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All endpoints that we use and no other, each with the weight and the lane of the table above."""
    turns = Turns(house, monkeypatch)
    await ask_for_everything(house)
    assert turns.told() == DOCUMENTED


@pytest.mark.parametrize(
    "name,sides,lane",
    [
        ("an opening", (False,), Priority.OPEN),
        ("a reducing order", (True,), Priority.EXIT),
        ("a batch that only reduces", (True, True), Priority.EXIT),
        ("a batch with an opening", (True, False), Priority.OPEN),
    ],
)
async def test_an_order_waits_with_its_kind(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    sides: tuple[bool, ...],
    lane: Priority,
) -> None:
    """What only reduces has a lane of its own; one opening among them makes a batch an opening."""
    turns = Turns(house, monkeypatch)
    orders = [
        house.request(f"q{number}", PERP, side=Side.SELL, price="61000", reduce_only=reduce_only)
        for number, reduce_only in enumerate(sides)
    ]
    if len(orders) == 1:
        await house.venue.place(orders[0])
    else:
        await house.venue.place_batch(orders)
    assert [request.lane for request in turns.requests if request.verb == "POST"] == [lane], name


@pytest.mark.parametrize("symbol", [SPOT, PERP])
async def test_an_urgent_cancel_waits_for_no_budget(
    house: House, monkeypatch: pytest.MonkeyPatch, symbol: str
) -> None:
    """A kill's cancels cost nothing that they would wait for."""
    turns = Turns(house, monkeypatch)
    await house.venue.cancel(symbol, "qnobody", urgent=True)
    assert [(one.lane, one.cost) for one in turns.requests] == [(Priority.CANCEL, {})]
