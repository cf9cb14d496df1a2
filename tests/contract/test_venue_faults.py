"""What becomes of a request when the wire fails: only proof is a refusal, only a failed connect is `NotSent`."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market
from opensqt.runtime.config_schema import Venue as VenueConfig
from opensqt.runtime.venue import ccxt_socket
from opensqt.runtime.venue.binance import BinanceVenue
from opensqt.runtime.venue.policy import policy_of
from opensqt.runtime.venue.port import (
    Held,
    InDoubt,
    NotFound,
    NotSent,
    OrderView,
    PrivateEvent,
    StreamDown,
    StreamUp,
    Throttled,
)
from opensqt.simulation.faults import FaultName, FaultRule, FaultScript, Match
from tests import conditions
from tests.contract.venues import PATIENCE_S, PERP, SPOT, House, binance_gate_to, open_house

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
async def broken_venue(house: House, answer: Answer, folder: Path) -> AsyncIterator[BinanceVenue]:
    """A venue at an address where every request gets this answer; the markets are known from before."""
    assert house.real is not None
    listing = await house.gate.listing()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "ca" / "server.pem")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            await answer(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    gate = binance_gate_to(
        port, house.real.ca_path, house.clock, frozenset(Market), VenueConfig(deadline_ms=200)
    )
    gate.client.set_markets(list(listing.values()))
    venue = BinanceVenue(gate, account="main", policy=policy_of("binance"))
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
    async with broken_venue(house, answer, tmp_path) as venue:
        outcome = await venue.place(house.request("qone"))
    assert isinstance(outcome, InDoubt), outcome


@pytest.mark.parametrize("status", ["429 Too Many Requests", "418 I'm a teapot"])
async def test_rate_limit_answers_name_their_wait(
    house: House, status: str, tmp_path: Path
) -> None:
    """The venue's Retry-After is taken over."""
    async with broken_venue(house, raw(b"<html>", status=status), tmp_path) as venue:
        outcome = await venue.place(house.request("qone"))
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after_ms == 7000


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


def hear(
    house: House, until: type[PrivateEvent], count: int
) -> tuple["asyncio.Task[list[PrivateEvent]]", asyncio.Event]:
    """Hear the private streams up to the `count`-th event of a kind; the event says that they are up."""
    up = asyncio.Event()

    async def listen() -> list[PrivateEvent]:
        events: list[PrivateEvent] = []
        async with asyncio.timeout(PATIENCE_S):
            async for event in house.venue.private():
                events.append(event)
                if isinstance(event, StreamUp):
                    up.set()
                if sum(isinstance(e, until) for e in events) == count:
                    break
        return events

    return asyncio.create_task(listen()), up


async def test_lost_private_stream_is_said_and_regained(house: House) -> None:
    """A disconnect is StreamDown, the regained connection StreamUp: then REST is read again."""
    hearing, up = hear(house, StreamUp, 2)
    await up.wait()
    assert house.real is not None
    house.real.server.disconnect("private")
    kinds = [type(e) for e in await hearing if isinstance(e, StreamUp | StreamDown)]
    assert kinds == [StreamUp, StreamDown, StreamUp]


async def test_mute_private_stream_counts_as_lost(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection without any frame for too long is not believed."""
    monkeypatch.setattr(ccxt_socket, "MUTE_MS_MAX", 100)
    events = await hear(house, StreamDown, 1)[0]
    (down,) = [event for event in events if isinstance(event, StreamDown)]
    assert "mute" in down.cause


async def test_duplicate_frames_are_passed_on_unchanged(house: House) -> None:
    """Nothing is conflated here: whoever folds is idempotent."""
    set_faults(
        house, FaultRule(fault=FaultName.DUPLICATE_FRAME, match=Match(kind="private"), count=100)
    )
    hearing, up = hear(house, OrderView, 2)
    await up.wait()
    await house.venue.place(house.request("qone"))
    first, second = [e for e in await hearing if isinstance(e, OrderView)]
    assert first == second
