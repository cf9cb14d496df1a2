"""The bus on NATS JetStream. Never invents an acknowledgement, never buffers what it could not send."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import nats.errors
from nats.aio.client import Client
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from opensqt.domain.messages import Message
from opensqt.runtime.bus.nats_acks import Acks
from opensqt.runtime.bus.nats_connection import Connection
from opensqt.runtime.bus.nats_follower import NatsFollower, stream_state
from opensqt.runtime.bus.nats_queue import NatsQueue
from opensqt.runtime.bus.port import (
    BusDown,
    Published,
    Start,
    Stream,
    StreamState,
    epoch_in,
)
from opensqt.runtime.bus.upkeep import RETRY_S, Upkeep
from opensqt.runtime.cancelling import ended, heeding
from opensqt.runtime.codec import encode
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.metrics import Metrics

PUBLISH_TIMEOUT_S = 2.0
IN_FLIGHT_MAX = 256
CLOSE_S_MAX = 2.0


class NatsBus:
    """The bus of one process, over one connection that comes back by itself."""

    def __init__(self, connection: Connection, metrics: Metrics) -> None:
        self._connection = connection
        self._metrics = metrics
        self._client = connection.client
        self._js: JetStreamContext = self._client.jetstream()
        self._acks = Acks(self._client, in_flight_max=IN_FLIGHT_MAX, timeout_s=PUBLISH_TIMEOUT_S)
        self._followers: list[NatsFollower] = []
        self._queues: list[NatsQueue] = []
        self._upkeep = Upkeep(self._client, self._js, metrics)
        self._restoring: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.dropped = 0  # unconfirmed messages that were not sent because the bus was down

    @classmethod
    async def connect(
        cls,
        url: str,
        name: str,
        *,
        monotonic_s: Callable[[], float],
        metrics: Metrics | None = None,
    ) -> "NatsBus":
        """Connect, waiting for the server as long as it takes; raise `ServerTooOld` when it is too old."""
        connection = Connection(url, name, monotonic_s)
        bus = cls(connection, metrics or Metrics())
        connection.on_lost(lambda: bus._acks.fail_all("the connection to NATS was lost"))
        connection.on_regained(bus._reset)
        await connection.open()
        await bus._acks.open()
        return bus

    @property
    def missing(self) -> tuple[str, ...]:
        return self._upkeep.missing

    def keep_streams(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Look from now on whether every stream is there, and make again what is not."""
        self._keeping = asyncio.create_task(self._upkeep.keep(sleep), name="keep streams")

    @property
    def client(self) -> Client:
        """The connection itself: for declaring streams and for the services API only."""
        return self._client

    async def publish(
        self, subject: str, message: Message, envelope: Envelope, *, confirmed: bool = True
    ) -> Published | None:
        data, headers = encode(message), envelope.headers()
        if confirmed:
            return await self.send(subject, data, headers)
        try:
            await self._client.publish(subject, data, headers=headers)
        except nats.errors.Error:
            self.dropped += 1
        return None

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        if not self._client.is_connected:
            raise BusDown(f"{subject} was not sent: no connection to NATS")
        return await self._acks.publish(subject, data, headers)

    async def follow(self, stream: Stream, filters: Sequence[str], start: Start) -> NatsFollower:
        follower = NatsFollower(self._client, self._js, stream, filters, start)
        await follower.open()
        self._followers = [one for one in self._followers if not one.closed]
        self._followers.append(follower)
        return follower

    async def queue(self, stream: Stream, durable: str, filters: Sequence[str]) -> NatsQueue:
        queue = NatsQueue(self._client, self._js, stream, durable, self._metrics)
        for former in [one for one in self._queues if one.key == queue.key]:
            # A second reader of the same durable would swallow what the first had asked for.
            await former.detach()
            self._queues.remove(former)
        await queue.open(filters)
        self._queues.append(queue)
        return queue

    async def drop_queues(self, stream: Stream, *, prefix: str, keep: str) -> tuple[str, ...]:
        dropped: list[str] = []
        try:
            for info in await heeding(self._js.consumers_info(stream.value)):
                if info.name != keep and epoch_in(info.name, prefix) is not None:
                    try:
                        await heeding(self._js.delete_consumer(stream.value, info.name))
                    except NotFoundError:
                        continue
                    dropped.append(info.name)
        except (nats.errors.Error, OSError) as error:
            raise BusDown(f"durables of {stream} not dropped: {error!r}") from error
        return tuple(sorted(dropped))

    async def state(self, stream: Stream) -> StreamState:
        try:
            return await stream_state(self._js, stream)
        except (nats.errors.Error, OSError) as error:
            raise BusDown(f"state of {stream} unknown: {error!r}") from error

    def on_reconnect(self, call: Callable[[], Awaitable[None]]) -> None:
        self._connection.on_regained(call)

    async def close(self) -> None:
        for follower in self._followers:
            await follower.close()
        for queue in self._queues:
            await queue.detach()
        for task in (self._restoring, self._keeping):
            if task is not None:
                await ended(task, within_s=CLOSE_S_MAX)
        await self._connection.close()

    async def _reset(self) -> None:
        if self._restoring is None or self._restoring.done():
            self._restoring = asyncio.create_task(self._restore(), name="restore streams")
        for follower in self._followers:
            follower.reset()
        for queue in self._queues:
            queue.reset()

    async def _restore(self) -> None:
        # A server that just started answers only after its files are read.
        restored = False
        while not restored:
            with contextlib.suppress(BusDown):
                restored = await self._upkeep.look()
            if not restored:
                await asyncio.sleep(RETRY_S)
