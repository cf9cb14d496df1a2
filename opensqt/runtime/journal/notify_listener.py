"""The wake-up call of Postgres (LISTEN): tells that the journal grew. A hint only: whoever waits also looks."""

import asyncio
import contextlib
from typing import Any

from opensqt.runtime.journal.connection import Connection, border, open_connection
from opensqt.runtime.journal.port import JournalDown

CHANNEL = "journal"
RETRY_S = 0.2


class NotifyListener:
    """Listens on a connection of its own, made again by itself when it is lost."""

    def __init__(self, dsn: str, role: str = "") -> None:
        self._dsn = dsn
        self._role = role
        self._position = 0
        self._rung = asyncio.Event()
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def wait_beyond(self, position: int, wait_s: float) -> None:
        """Return when a position beyond this one was announced, after `wait_s` (wall) at the latest."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._listen())
        if self._position > position:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while self._position <= position:
                    await self._rung.wait()

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self) -> None:
        while True:
            with contextlib.suppress(JournalDown):
                connection = await open_connection(self._dsn, self._role)
                try:
                    await self._hear(connection)
                finally:
                    connection.terminate()  # a listener holds nothing, and a farewell may hang
            await asyncio.sleep(RETRY_S)

    async def _hear(self, connection: Connection) -> None:
        """Listen until the connection is lost; raise `JournalDown` when it is lost before it listens."""
        self._lost.clear()
        connection.add_termination_listener(self._on_lost)
        with border("listen to the journal"):
            await connection.add_listener(CHANNEL, self._on_notify)
            self._ring(await connection.fetchval("SELECT position FROM journal_head"))
        await self._lost.wait()

    def _on_notify(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        self._ring(int(str(payload)))

    def _on_lost(self, _connection: Any) -> None:
        self._lost.set()

    def _ring(self, position: int) -> None:
        self._position = max(self._position, position)
        self._rung.set()
        self._rung.clear()
