"""What every venue does with batches: one outcome an order, in their order, over the wire and in memory."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from opensqt.domain.venue import (
    Acknowledged,
    CancelOutcome,
    Held,
    InDoubt,
    NotFound,
    NotSent,
    OrderRequest,
    Refusal,
    Refused,
)
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match
from opensqt.venues.engine.request import RestRequest
from tests.contract.venues import ALL, PERP, SPOT, TAKEN, TAKES_TWICE, WIRED, House, open_house


@pytest_asyncio.fixture(params=ALL)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Each venue in turn."""
    opened = await open_house(request.param, tmp_path)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def binance(tmp_path: Path) -> AsyncIterator[House]:
    """Binance over the wire."""
    opened = await open_house("binance", tmp_path)
    yield opened
    await opened.close()


@pytest_asyncio.fixture(params=WIRED)
async def wired(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Each venue over the wire in turn."""
    opened = await open_house(request.param, tmp_path)
    yield opened
    await opened.close()


def three(house: House) -> list[OrderRequest]:
    """Return three places; the second is off the grid of prices."""
    wrong = house.request("qtwo", price="59000.001")
    return [house.request("qone"), wrong, house.request("qthree", price="58900")]


def names_of(held: Held | Acknowledged) -> str:
    """Return our id of the order that an answer holds, as far as it shows the order."""
    shown = held.order if isinstance(held, Held) else None
    return "" if shown is None else shown.client_order_id


async def canceled(house: House, ids: tuple[str, ...]) -> list[CancelOutcome]:
    """Cancel orders with as many requests as the venue needs."""
    at_once = house.venue.policy.cancels_at_once(PERP)
    outcomes: list[CancelOutcome] = []
    for start in range(0, len(ids), at_once):
        outcomes += await house.venue.cancel_batch(PERP, ids[start : start + at_once])
    return outcomes


@pytest.mark.row("C07")
async def test_each_order_of_a_batch_is_judged_for_itself(house: House) -> None:
    """One refused order does not keep its neighbours from the book, and outcomes come in the order of requests."""
    one, two, other = await house.venue.place_batch(three(house))
    assert isinstance(one, TAKEN)
    assert names_of(one) in ("", "qone")
    assert isinstance(two, Refused), two
    assert two.kind is Refusal.FILTER
    assert isinstance(other, TAKEN)
    assert names_of(other) in ("", "qthree")
    assert one.venue_order_id != other.venue_order_id
    assert one.evidence
    assert two.evidence
    assert one.evidence != other.evidence
    names = {view.client_order_id for view in await house.venue.open_orders(PERP)}
    assert names == {"qone", "qthree"}


@pytest.mark.row("C07", "I10")
async def test_a_duplicate_in_a_batch_proves_the_presence_of_its_order(house: House) -> None:
    """The id that is open already is `Held` as a duplicate; the other order of the batch is placed. Not so at Gate."""
    unique = house.venue.policy.venue not in TAKES_TWICE
    await house.venue.place(house.request("qone"))
    again, fresh = await house.venue.place_batch([house.request("qone"), house.request("qtwo")])
    assert isinstance(again, Held)
    assert again.duplicate is unique
    assert isinstance(fresh, TAKEN)
    assert not (isinstance(fresh, Held) and fresh.duplicate)
    assert len(await house.venue.open_orders(PERP)) == (2 if unique else 3)


@pytest.mark.row("C07")
async def test_an_order_with_an_obstacle_stays_out_of_the_batch(house: House) -> None:
    """What may not leave any more when the turn has come is `NotSent`; the rest leaves."""

    def obstacle(client_order_id: str) -> str:
        return "killed" if client_order_id == "qtwo" else ""

    requests = [house.request(name) for name in ("qone", "qtwo", "qthree")]
    outcomes = await house.venue.place_batch(requests, obstacle=obstacle)
    assert [isinstance(outcome, TAKEN) for outcome in outcomes] == [True, False, True]
    assert outcomes[1] == NotSent(cause="killed")
    names = {view.client_order_id for view in await house.venue.open_orders(PERP)}
    assert names == {"qone", "qthree"}


@pytest.mark.row("C06")
async def test_a_single_place_with_an_obstacle_does_not_leave(house: House) -> None:
    """The check is made when the request would leave, not when it was asked for."""
    outcome = await house.venue.place(house.request("qone"), obstacle=lambda _: "killed")
    assert outcome == NotSent(cause="killed")
    assert await house.venue.open_orders(PERP) == []


@pytest.mark.row("C08")
async def test_a_batch_cancel_reports_each_order(house: House) -> None:
    """What is gone already is `NotFound`, which is no failure; the others end under their own ids."""
    requests = [house.request(name) for name in ("qone", "qtwo", "qthree")]
    await house.venue.place_batch(requests)
    await house.venue.cancel(PERP, "qtwo")
    ids = ("qone", "qtwo", "qnever", "qthree")
    one, gone, never, other = await canceled(house, ids)
    for outcome, name in ((one, "qone"), (other, "qthree")):
        assert isinstance(outcome, Held)
        if outcome.order is not None:
            assert (outcome.order.client_order_id, outcome.order.status) == (name, "canceled")
    assert isinstance(gone, NotFound)
    assert isinstance(never, NotFound)
    assert await house.venue.open_orders(PERP) == []


async def test_a_policy_says_how_many_orders_one_request_holds(house: House) -> None:
    """Of places and cancels: usdm five and ten, Binance's spot one each, Gate ten and one; others are alike."""
    policy = house.venue.policy
    alike = {"bitget": (20, 20), "bybit": (10, 10), "gate": (10, 1), "okx": (20, 20)}
    both = alike.get(policy.venue)
    perp, spot = (both, both) if both else ((5, 10), (1, 1))
    assert (policy.places_at_once(PERP), policy.cancels_at_once(PERP)) == perp
    assert (policy.places_at_once(SPOT), policy.cancels_at_once(SPOT)) == spot


def set_fault(house: House, fault: FaultName, kind: str) -> None:
    """Let the next request of a kind fail."""
    assert house.real is not None
    rule = FaultRule(fault=fault, match=Match(kind=kind), count=1)
    house.real.faults.load(FaultScript(rules=[rule]))


@pytest.mark.row("C07")
@pytest.mark.parametrize(
    "fault,held",
    [(FaultName.LOST_ACK, 2), (FaultName.LOST_REQUEST, 0), (FaultName.ERROR_AFTER_ACCEPT, 2)],
)
@pytest.mark.parametrize("kind", ["place", "place_batch"])
async def test_a_batch_without_an_answer_is_in_doubt_as_a_whole(
    wired: House, fault: FaultName, held: int, kind: str
) -> None:
    """A fault of the request is the fault of every order in it."""
    await wired.venue.open_orders(PERP)
    set_fault(wired, fault, kind)
    outcomes = await wired.venue.place_batch([wired.request("qone"), wired.request("qtwo")])
    assert [type(outcome) for outcome in outcomes] == [InDoubt, InDoubt]
    assert len(await wired.venue.open_orders(PERP)) == held


@pytest.mark.row("C07")
async def test_a_batch_on_the_wire_names_every_order_and_one_deadline(
    binance: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time of signing and deadline are the earliest of the orders; each order has its id and self-trade mode."""
    await binance.venue.open_orders(PERP)
    sent: list[dict[str, Any]] = []
    call = binance.gate.clients.client.call

    async def noted(request: RestRequest, signed_ms: int = 0) -> Any:
        sent.append({"verb": request.verb, "path": request.path, **request.params})
        sent[-1]["signed_ms"] = signed_ms
        return await call(request, signed_ms)

    monkeypatch.setattr(binance.gate.clients.client, "call", noted)
    first_ms = binance.clock.market_ms()
    requests = [
        binance.request("qone", signed_ms=first_ms + 50),
        binance.request("qtwo", signed_ms=first_ms),
    ]
    await binance.venue.place_batch(requests)
    (request,) = sent
    orders = request.pop("batchOrders")
    assert request == {
        "verb": "POST",
        "path": "batchOrders",
        "signed_ms": first_ms,
        "recvWindow": "2000",
    }
    assert [order["newClientOrderId"] for order in orders] == ["qone", "qtwo"]
    assert {order["selfTradePreventionMode"] for order in orders} == {"EXPIRE_TAKER"}
    assert not any("timestamp" in order for order in orders)


@pytest.mark.row("C07")
async def test_the_smallest_deadline_holds_for_the_whole_batch(
    binance: House, tmp_path: Path
) -> None:
    """A batch whose oldest order was signed too long ago is refused by the venue with all its orders."""
    await binance.venue.open_orders(PERP)  # the markets are loaded
    old = binance.request("qold", signed_ms=binance.clock.market_ms() - 1000)
    assert binance.real is not None
    rule = FaultRule(fault=FaultName.CLOCK_SKEW, match=Match(kind="place_batch"), ms=1200)
    binance.real.faults.load(FaultScript(rules=[rule]))
    outcomes = await binance.venue.place_batch([binance.request("qnew"), old])
    assert [(type(one), getattr(one, "code", "")) for one in outcomes] == [(Refused, "-1021")] * 2
    assert await binance.venue.open_orders(PERP) == []
    assert tmp_path.joinpath("venue-audit.jsonl").read_text().count('"-1021"') == 2


@pytest.mark.row("C08")
async def test_a_fill_that_races_a_batch_cancel_takes_one_order_only(wired: House) -> None:
    """The order that is filled meanwhile is gone, the other one is cancelled."""
    requests = [wired.request("qone"), wired.request("qtwo")]
    await wired.venue.place_batch(requests)
    set_fault(wired, FaultName.FILL_BEFORE_CANCEL, "cancel")
    one, two = await canceled(wired, ("qone", "qtwo"))
    assert isinstance(one, NotFound), one
    assert isinstance(two, Held), two
    looked = await wired.venue.look(PERP, "qone")
    assert isinstance(looked, Held)
    assert looked.order is not None
    assert looked.order.status == "filled"


@pytest.mark.row("C07")
async def test_the_audit_holds_a_row_for_each_order_of_a_batch(
    wired: House, tmp_path: Path
) -> None:
    """Accepted and refused orders stand side by side, each with its own id and code."""
    await wired.venue.place_batch(three(wired))
    await canceled(wired, ("qone", "qnever"))
    lines = (tmp_path / "venue-audit.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if row["kind"] in ("place", "cancel")]
    told = [(row["kind"], row["client_order_id"], row["result"], row["code"]) for row in rows]
    off_grid, unknown = {
        "binance": ("-1111", "-2011"),
        "bitget": ("25244", "25204"),
        "bybit": ("10001", "110001"),
        "gate": ("INVALID_PRECISION", "ORDER_NOT_FOUND"),
        "okx": ("51006", "51400"),
    }[wired.venue.policy.venue]
    assert {row["market"] for row in rows} == {"perp"}
    assert told == [
        ("place", "qone", "accepted", ""),
        ("place", "qtwo", "refused", off_grid),
        ("place", "qthree", "accepted", ""),
        ("cancel", "qone", "accepted", ""),
        ("cancel", "qnever", "refused", unknown),
    ]


@pytest.mark.row("C09")
async def test_many_errors_make_the_venue_degraded(wired: House) -> None:
    """Fifty-one requests without an answer are more than is borne."""
    assert wired.venue.trouble() == ""
    assert wired.real is not None
    rule = FaultRule(fault=FaultName.ERROR_REFUSED, match=Match(kind="query"))
    wired.real.faults.load(FaultScript(rules=[rule]))
    for _ in range(51):
        assert isinstance(await wired.venue.look(PERP, "qnone"), InDoubt)
    assert "51 venue errors in 5 minutes" in wired.venue.trouble()
    assert "http_503" in wired.venue.trouble()
