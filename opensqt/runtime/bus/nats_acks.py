"""Acknowledgements of confirmed publishing: many in flight, all failed at once when the connection drops."""

import asyncio
import itertools

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from opensqt.runtime.bus.port import BusDown, Published, StreamFull

# Where a stored message wants its ack. Anybody may give a message the header of a status.
STORED_REPLY = "$JS.ACK."
_FULL = frozenset({10077, 10122})  # JetStream: maximum bytes / messages exceeded
_NO_RESPONDERS = "503"
_RETRY_S = 0.1


class _Ack(msgspec.Struct, kw_only=True):
    seq: int = 0
    duplicate: bool = False
    error: "_AckError | None" = None


class _AckError(msgspec.Struct, kw_only=True):
    code: int = 0
    err_code: int = 0
    description: str = ""


_DECODER = msgspec.json.Decoder(_Ack)


class _NotReady(Exception):
    """No stream listens yet: the server is starting."""


class Acks:
    """Publishes on one connection and matches the streams' answers to the callers."""

    def __init__(self, client: Client, *, in_flight_max: int, timeout_s: float) -> None:
        self._client = client
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(in_flight_max)
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Future[Published]] = {}
        self._prefix = ""

    async def open(self) -> None:
        """Subscribe to the answers; once, after connecting."""
        self._prefix = client_inbox(self._client)
        await self._client.subscribe(f"{self._prefix}.*", cb=self._on_answer)

    async def publish(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        """Publish and wait for the stream; raise `BusDown`, or `StreamFull` when it refused for good."""
        async with self._slots:
            try:
                async with asyncio.timeout(self._timeout_s):
                    while True:
                        try:
                            return await self._once(subject, data, headers)
                        except _NotReady:
                            await asyncio.sleep(_RETRY_S)
            except TimeoutError as error:
                raise BusDown(f"no stream confirmed {subject} in {self._timeout_s} s") from error
            except nats.errors.Error as error:
                raise BusDown(f"{subject} was not sent: {error!r}") from error

    def fail_all(self, reason: str) -> None:
        """Answer everyone who waits with `BusDown`: the connection that carried the message is gone."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(BusDown(reason))

    async def _once(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        number = str(next(self._numbers))
        answer: asyncio.Future[Published] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            await self._client.publish(
                subject, data, reply=f"{self._prefix}.{number}", headers=dict(headers)
            )
            return await answer
        finally:
            del self._waiting[number]

    async def _on_answer(self, message: Msg) -> None:
        waiting = self._waiting.get(message.subject.rpartition(".")[2])
        if waiting is None or waiting.done():
            return
        if (message.headers or {}).get("Status") == _NO_RESPONDERS:
            waiting.set_exception(_NotReady())
            return
        try:
            ack = _DECODER.decode(message.data)
        except msgspec.DecodeError as error:
            waiting.set_exception(BusDown(f"unreadable acknowledgement: {error}"))
            return
        if ack.error is None:
            waiting.set_result(Published(sequence=ack.seq, duplicate=ack.duplicate))
        elif ack.error.err_code in _FULL:
            waiting.set_exception(StreamFull(ack.error.description))
        elif ack.error.code == int(_NO_RESPONDERS):
            waiting.set_exception(_NotReady())
        else:
            waiting.set_exception(BusDown(f"the stream refused: {ack.error.description}"))


def client_inbox(client: Client) -> str:
    """Return a fresh inbox subject of a connection."""
    inbox: str = client.new_inbox()
    return inbox
