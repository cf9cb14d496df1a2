"""What becomes of a request when the wire fails: only proof is a refusal, only a failed connect is `NotSent`."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market
from opensqt.domain.venue import Held, InDoubt, NotFound, NotSent, Throttled, VenueDown
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match
from opensqt.venues.engine import rate_limit
from tests import conditions
from tests.contract.broken_venue import Answer, broken_venue, finish, hang, raw, reset
from tests.contract.venues import PERP, SPOT, TAKEN, WIRED, House, open_house

EDGE = raw(b"<html>", status="403 Forbidden")
BODY = b'{"symbol":"BTCUSDT","orderId":1,"clientOrderId":"qone"'


@pytest_asyncio.fixture(params=WIRED)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Each venue over the wire in turn."""
    opened = await open_house(request.param, tmp_path)
    yield opened
    await opened.close()


def set_faults(house: House, *rules: FaultRule) -> None:
    """Let the paper venue fail."""
    assert house.real is not None
    house.real.faults.load(FaultScript(rules=list(rules)))


def is_held(house: House, symbol: str) -> bool:
    """Look behind the wire: whether the venue holds an order."""
    assert house.real is not None
    return bool(house.real.exchange.open.get(("main", symbol)))


@pytest.mark.row("C06")
@pytest.mark.parametrize("symbol", [SPOT, PERP])
@pytest.mark.parametrize(
    "fault,answer,is_there",
    [
        (FaultName.LOST_ACK, InDoubt, True),
        (FaultName.LOST_REQUEST, InDoubt, False),
        (FaultName.ERROR_AFTER_ACCEPT, InDoubt, True),
        (FaultName.ERROR_REFUSED, InDoubt, False),
        (FaultName.LIMITED, Throttled, False),
        (FaultName.BANNED, Throttled, False),
    ],
)
async def test_lost_answers_leave_an_order_in_doubt(
    house: House, symbol: str, fault: FaultName, answer: type[object], is_there: bool
) -> None:
    """Whether the order was taken or not, what proves nothing concludes nothing."""
    await house.venue.open_orders(symbol)
    set_faults(house, FaultRule(fault=fault, match=Match(kind="place"), count=1))
    outcome = await house.venue.place(house.request("qone", symbol))
    assert isinstance(outcome, answer), outcome
    assert is_held(house, symbol) is is_there


@pytest.mark.row("C06")
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(finish, id="fin"),
        pytest.param(reset, id="rst"),
        pytest.param(hang, id="hang"),
        pytest.param(raw(BODY, 4096), id="truncated"),
        pytest.param(raw(BODY), id="broken json"),
        pytest.param(raw(b"<html>busy</html>"), id="200 html"),
        pytest.param(raw(b""), id="200 empty"),
        pytest.param(raw(b"{}"), id="200 without an order"),
        pytest.param(raw(b'{"code":-2019,"msg":"Margin is insufficient."}'), id="200 with a code"),
        pytest.param(EDGE, id="403 of the edge"),
        pytest.param(raw(b"", status="408 Request Timeout"), id="408"),
        pytest.param(raw(b"<html>", status="502 Bad Gateway"), id="502"),
        pytest.param(raw(b'{"code":-1006,"msg":"?"}', status="400 Bad Request"), id="-1006"),
        pytest.param(raw(b'{"code":-1007,"msg":"?"}', status="400 Bad Request"), id="-1007"),
        pytest.param(raw(b'{"code":-2010,"msg":"new text"}', status="400 Bad Request"), id="-2010"),
        pytest.param(raw(b'{"code":-9999,"msg":"?"}', status="400 Bad Request"), id="unknown code"),
    ],
)
async def test_whatever_proves_nothing_is_in_doubt(
    house: House, answer: Answer, tmp_path: Path
) -> None:
    """An answer that is not in the table is neither acceptance nor refusal; 403 is a limit where the venue says so."""
    limited = answer is EDGE and 403 in house.gate.dialect.errors[Market.PERP].throttle_statuses
    concluded = Throttled if limited else InDoubt
    calls: list[str] = []
    async with broken_venue(house, answer, tmp_path, calls) as venue:
        outcome = await venue.place(house.request("qone"))
        batch = await venue.place_batch([house.request("qone"), house.request("qtwo")])
    assert isinstance(outcome, concluded), outcome
    if limited:
        assert {type(one) for one in batch} == {NotSent}, "a limited address waits"
        return
    assert [type(one) for one in batch] == [InDoubt, InDoubt]
    assert len(calls) == 2, "each request is sent once"


async def test_rate_limit_answers_name_their_wait(house: House, tmp_path: Path) -> None:
    """The venue's Retry-After is taken over, with each status by which it says that we are too fast."""
    statuses = house.gate.dialect.errors[Market.PERP].throttle_statuses
    assert 429 in statuses
    for status in statuses:
        answer = raw(b"<html>", status=f"{status} Too Many Requests")
        async with broken_venue(house, answer, tmp_path, []) as venue:
            outcome = await venue.place(house.request("qone"))
        assert isinstance(outcome, Throttled)
        assert outcome.retry_after_ms == 7000


@pytest.mark.parametrize("venue", ["bitget", "okx"])
async def test_nothing_is_placed_while_a_clock_that_counts_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, venue: str
) -> None:
    """These take what a clock signed that is half a minute off: before their time is known no place leaves.

    Reads and cancels do, at once; and who does not tell its time is silent.
    """
    house = await open_house(venue, tmp_path)
    assert isinstance(await house.venue.place(house.request("qold")), TAKEN)
    set_faults(house, FaultRule(fault=FaultName.LOST_REQUEST, match=Match(kind="public")))
    monkeypatch.setattr(house.gate.time, "_measured_s", None)
    outcome = await house.venue.place(house.request("qone"))
    assert isinstance(outcome, NotSent), outcome
    assert "clock" in outcome.cause
    assert house.gate.time.unknown
    assert isinstance(await house.venue.look(PERP, "qold"), Held)
    assert isinstance(await house.venue.cancel(PERP, "qold"), Held)
    assert house.gate.time.unknown, "they did not ask for it"
    set_faults(house)
    assert isinstance(await house.venue.place(house.request("qtwo")), TAKEN)
    await house.close()


@pytest.mark.row("C03")
async def test_only_reads_are_sent_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted on the wire: one request for a place, a batch or cancels, five GETs for a read."""
    monkeypatch.setattr(rate_limit, "RETRY_FIRST_S", 0.01)
    calls: list[str] = []
    busy = raw(b"<html>", status="503 Service Unavailable")
    async with broken_venue(house, busy, tmp_path, calls) as venue:
        await venue.place(house.request("qone"))
        await venue.cancel(PERP, "qone")
        await venue.place_batch([house.request("qone"), house.request("qtwo")])
        await venue.cancel_batch(PERP, ("qone", "qtwo")[: venue.policy.cancels_at_once(PERP)])
        await venue.look(PERP, "qone")
        with pytest.raises(VenueDown):
            await venue.open_orders(PERP)
    verbs = [call.split()[0] for call in calls]
    cancels = "DELETE" if house.venue.policy.venue in ("binance", "gate") else "POST"
    assert verbs == ["POST", cancels] * 2 + ["GET"] * 6


async def test_refused_connection_was_not_sent(house: House) -> None:
    """Nothing listens: the request never left this machine."""
    assert house.real is not None
    await house.venue.open_orders(PERP)
    await house.real.stop()
    outcome = await house.venue.place(house.request("qone"))
    await house.real.start()
    assert isinstance(outcome, NotSent), outcome


async def test_cancelled_caller_still_learns_the_outcome(house: House) -> None:
    """Cancelling the task in the middle of a place neither stops the request nor loses its answer."""
    await house.venue.open_orders(PERP)
    set_faults(house, FaultRule(fault=FaultName.LATE_ACK, match=Match(kind="place"), ms=300))
    outcomes: list[object] = []

    async def place() -> None:
        outcomes.append(await house.venue.place(house.request("qone")))
        await asyncio.sleep(0)

    task = asyncio.create_task(place())
    await conditions.until(lambda: is_held(house, PERP))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(outcomes[0], TAKEN)


async def test_request_is_not_sent_after_its_deadline(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waited too long for the budget stays here."""
    await house.venue.open_orders(PERP)
    request = house.request("qone")
    monkeypatch.setattr(house.clock, "market_ms", lambda: request.deadline_ms)
    assert isinstance(await house.venue.place(request), NotSent)
    monkeypatch.undo()
    assert isinstance(await house.venue.look(PERP, "qone"), NotFound)
