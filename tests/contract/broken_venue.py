"""A venue that answers every request in one wrong way."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from opensqt.domain.instruments import Market
from opensqt.runtime.config.schema import VenueConfig
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from tests.contract.venues import House, gate_to

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


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
    name, config = house.venue.policy.venue, VenueConfig(deadline_ms=200)
    gate = gate_to(port, house.real.ca_path, house.clock, frozenset(Market), config, venue=name)
    gate.clients.client.set_markets(list(listing.values()))
    venue = VenueAccount(gate, account="main", policy=policy_of(name))

    async def told() -> int:
        return house.clock.market_ms()

    if gate.dialect.measures_clock:
        assert await gate.time.measure(told)  # this venue tells no time
    try:
        yield venue
    finally:
        await venue.close()
        server.close()
