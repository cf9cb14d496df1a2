"""What becomes of a request when the wire fails: only proof is a refusal, only a failed connect is `NotSent`."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market
from opensqt.domain.intent import TimeInForce
from opensqt.domain.venue import Held, InDoubt, NotFound, NotSent, Throttled, VenueDown
from opensqt.runtime.config.schema import VenueConfig
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match
from opensqt.venues.engine import rate_limit
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from tests import conditions
from tests.contract.venues import PERP, SPOT, House, binance_gate_to, open_house

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
BODY = b'{"symbol":"BTCUSDT","orderId":1,"clientOrderId":"qone"'


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Binance over the wire."""
    opened = await open_house("binance", tmp_path)
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


def raw(text: bytes, length: int | None = None, status: str = "200 OK") -> Answer:
    """Answer with this body, claiming this length."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        size = len(text) if length is None else length
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n"
        writer.write(head.encode() + b"Retry-After: 7\r\n\r\n" + text)
        await writer.drain()
        writer.close()

    return answer


async def hang(writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await writer.wait_closed()


async def finish(writer: asyncio.StreamWriter) -> None:
    """Close without an answer."""
    writer.close()


async def reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection without an answer."""
    writer.transport.abort()


@contextlib.asynccontextmanager
async def broken_venue(
    house: House, answer: Answer, folder: Path, calls: list[str]
) -> AsyncIterator[VenueAccount]:
    """A venue that answers every request like this; `calls` gets request lines and bodies."""
    assert house.real is not None
    listing = await house.gate.listing.load()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "ca" / "server.pem")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"Content-Length: (\d+)", head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            calls.append(f"{head.splitlines()[0]}\n{body.decode()}")
            await answer(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    gate = binance_gate_to(
        port, house.real.ca_path, house.clock, frozenset(Market), VenueConfig(deadline_ms=200)
    )
    gate.clients.client.set_markets(list(listing.values()))
    venue = VenueAccount(gate, account="main", policy=policy_of("binance"))
    try:
        yield venue
    finally:
        await venue.close()
        server.close()


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
        pytest.param(raw(b"<html>", status="403 Forbidden"), id="403 of the edge"),
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
    """An answer that is not in the table is neither acceptance nor refusal."""
    calls: list[str] = []
    async with broken_venue(house, answer, tmp_path, calls) as venue:
        outcome = await venue.place(house.request("qone"))
        batch = await venue.place_batch([house.request("qone"), house.request("qtwo")])
    assert isinstance(outcome, InDoubt), outcome
    assert [type(one) for one in batch] == [InDoubt, InDoubt]
    assert len(calls) == 2, "each request is sent once"


@pytest.mark.parametrize("status", ["429 Too Many Requests", "418 I'm a teapot"])
async def test_rate_limit_answers_name_their_wait(
    house: House, status: str, tmp_path: Path
) -> None:
    """The venue's Retry-After is taken over."""
    async with broken_venue(house, raw(b"<html>", status=status), tmp_path, []) as venue:
        outcome = await venue.place(house.request("qone"))
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after_ms == 7000


@pytest.mark.row("C03")
async def test_only_reads_are_sent_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted on the wire: one POST for a place or a batch, one DELETE for cancels, five GETs for a read."""
    monkeypatch.setattr(rate_limit, "RETRY_FIRST_S", 0.01)
    calls: list[str] = []
    busy = raw(b"<html>", status="503 Service Unavailable")
    async with broken_venue(house, busy, tmp_path, calls) as venue:
        await venue.place(house.request("qone"))
        await venue.cancel(PERP, "qone")
        await venue.place_batch([house.request("qone"), house.request("qtwo")])
        await venue.cancel_batch(PERP, ("qone", "qtwo"))
        await venue.look(PERP, "qone")
        with pytest.raises(VenueDown):
            await venue.open_orders(PERP)
    verbs = [call.split()[0] for call in calls]
    assert verbs == ["POST", "DELETE"] * 2 + ["GET"] * 6


@pytest.mark.parametrize(
    "symbol,time_in_force,wire",
    [
        (SPOT, TimeInForce.POST_ONLY, {"type": "LIMIT_MAKER"}),
        (PERP, TimeInForce.POST_ONLY, {"type": "LIMIT", "timeInForce": "GTX"}),
        (SPOT, TimeInForce.IOC, {"type": "LIMIT", "timeInForce": "IOC"}),
        (PERP, TimeInForce.GTC, {"type": "LIMIT", "timeInForce": "GTC", "reduceOnly": "true"}),
    ],
)
async def test_every_order_names_its_deadline_and_self_trade_mode(
    house: House, tmp_path: Path, symbol: str, time_in_force: TimeInForce, wire: dict[str, str]
) -> None:
    """Signed with our time and window, our id, and an explicit self-trade mode; nothing is added or rounded."""
    calls: list[str] = []
    async with broken_venue(house, finish, tmp_path, calls) as venue:
        request = house.request(
            "qone",
            symbol,
            price="59000.10",
            time_in_force=time_in_force,
            reduce_only="reduceOnly" in wire,
        )
        await venue.place(request)
    sent = dict(parse_qsl(calls[0].partition("\n")[2]))
    assert len(sent.pop("signature")) == 64
    assert sent == {
        "timestamp": str(request.signed_ms),
        "recvWindow": "2000",
        "symbol": "BTCUSDT",
        "side": "BUY",
        "newClientOrderId": "qone",
        "newOrderRespType": "RESULT",
        "selfTradePreventionMode": "EXPIRE_TAKER",
        "quantity": "0.01",
        "price": "59000.1",
        **wire,
    }


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
    assert isinstance(outcomes[0], Held)


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
