"""A wire between a client and a server that a test can cut, mute or blacken, to lose answers on purpose."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit


class Proxy:
    """Forwards TCP to a server; while `deaf`, what the server says does not arrive.

    In the dark nothing arrives on either side and nobody is told, as when a network drops all packets; with the light
    what was on its way goes on.
    """

    def __init__(self, address: str) -> None:
        self._address = urlsplit(address)
        self._port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.deaf = False
        self.dark_before = b""  # the light goes out before these bytes of the client's go through
        self._lit = asyncio.Event()
        self._lit.set()

    @property
    def address(self) -> str:
        """The server's address by way of this wire."""
        user = f"{self._address.username}@" if self._address.username else ""
        return urlunsplit(self._address._replace(netloc=f"{user}127.0.0.1:{self._port}"))

    def cut(self) -> None:
        """End all connections."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    def say(self, words: bytes) -> None:
        """Say this to every client, as if the server did."""
        for writer in self._clients & self._writers:
            writer.write(words)

    def darken(self) -> None:
        """Let nothing pass, and tell nobody."""
        self._lit.clear()

    def light(self) -> None:
        """Let everything pass again."""
        self._lit.set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Proxy"]:
        """Listen on a free port."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.light()
            while self._tasks:  # who is being served may still bring two more
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
            ended = [writer.wait_closed() for writer in self._writers]
            self.cut()
            await asyncio.gather(*ended, return_exceptions=True)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._clients.add(writer)
        self._keep(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, port = self._address.hostname or "127.0.0.1", self._address.port
        await self._lit.wait()
        if writer.is_closing():
            return
        server_reader, server_writer = await asyncio.open_connection(host, port)
        self._writers.add(server_writer)
        if writer.is_closing():
            server_writer.close()
        for source, target, answers in (
            (reader, server_writer, False),
            (server_reader, writer, True),
        ):
            self._keep(asyncio.create_task(self._pump(source, target, answers=answers)))

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await self._lit.wait()
                if not answers and self.dark_before and data.endswith(self.dark_before):
                    target.write(data.removesuffix(self.dark_before))
                    data = self.dark_before
                    self.darken()
                    await self._lit.wait()
                if not (answers and self.deaf):
                    target.write(data)
        target.close()
