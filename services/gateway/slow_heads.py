"""Cuts off who takes too long to say what he wants: half requests of one stranger must not keep all others out."""

import asyncio
from collections.abc import Callable
from typing import Any


class SlowHeads:
    """The connections of a server of whose first request the head has not come to its end."""

    def __init__(self, head_s_max: float) -> None:
        self._head_s_max = head_s_max
        self._waiting: set[int] = set()

    def watched(self, make: Callable[[], Any]) -> Callable[[], asyncio.Protocol]:
        """Return a maker of connections that are cut off unless `heard` in time."""

        def begun() -> asyncio.Protocol:
            connection: asyncio.Protocol = make()
            self._waiting.add(id(connection))
            loop = asyncio.get_running_loop()
            loop.call_later(self._head_s_max, self._judge, connection)
            return connection

        return begun

    def heard(self, connection: asyncio.BaseProtocol) -> None:
        """Note that a request came whole."""
        self._waiting.discard(id(connection))

    def _judge(self, connection: asyncio.Protocol) -> None:
        transport = getattr(connection, "transport", None)
        if id(connection) in self._waiting and transport is not None:
            transport.abort()
        self._waiting.discard(id(connection))
