"""The bus on NATS JetStream. Never invents an acknowledgement, never buffers what it could not send."""

from collections.abc import Awaitable, Callable, Sequence

import nats.errors
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from opensqt.domain.messages import Message
from opensqt.runtime.bus.nats_acks import Acks
from opensqt.runtime.bus.nats_connection import Connection
from opensqt.runtime.bus.nats_follower import NatsFollower, stream_state
from opensqt.runtime.bus.nats_queue import NatsQueue
from opensqt.runtime.bus.nats_upkeep import NatsStreams
from opensqt.runtime.bus.port import (
    BusDown,
    Published,
    Start,
    Stream,
    StreamState,
    epoch_in,
)
from opensqt.runtime.bus.upkeep import Upkeep
from opensqt.runtime.cancelling import heeding
from opensqt.runtime.codec import encode
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.progress import Progress
from opensqt.runtime.telemetry.metrics import Metrics

PUBLISH_TIMEOUT_S = 2.0
IN_FLIGHT_MAX = 256


class NatsBus:
    """The bus of one process, over one connection that comes back by itself."""

    def __init__(
        self,
        url: str,
        name: str,
        *,
        monotonic_s: Callable[[], float],
        metrics: Metrics | None = None,
        progress: Progress | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self._progress = progress or Progress()
        self.connection = Connection(url, name, monotonic_s, self._progress)
        # The connection itself: for declaring streams and for the services API only.
        self.client = self._client = self.connection.client
        self._js: JetStreamContext = self._client.jetstream()
        self._acks = Acks(self._client, in_flight_max=IN_FLIGHT_MAX, timeout_s=PUBLISH_TIMEOUT_S)
        self._followers: list[NatsFollower] = []
        self._queues: list[NatsQueue] = []
        self.upkeep = Upkeep(NatsStreams(self._client, self._js), self._metrics)
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
        """Return an opened bus."""
        bus = cls(url, name, monotonic_s=monotonic_s, metrics=metrics)
        await bus.open()
        return bus

    async def open(self) -> None:
        """Connect, waiting for the server as long as it takes; raise `ServerTooOld` when it is too old.

        Until then every other call fails as while the server is away.
        """
        self.connection.on_lost(lambda: self._acks.fail_all("the connection to NATS was lost"))
        self.connection.on_regained(self._reset)
        await self.connection.open()
        await self._acks.open()
        self.connection.is_open = True

    @property
    def missing(self) -> tuple[str, ...]:
        return self.upkeep.missing

    async def publish(
        self, subject: str, message: Message, envelope: Envelope, *, confirmed: bool = True
    ) -> Published | None:
        data, headers = encode(message), envelope.headers()
        if not self.connection.is_open and not confirmed:
            self.dropped += 1
            return None
        if confirmed:
            return await self.send(subject, data, headers)
        try:
            await self._client.publish(subject, data, headers=headers)
        except nats.errors.Error:
            self.dropped += 1
        return None

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        self.connection.check()
        if not self._client.is_connected:
            raise BusDown(f"{subject} was not sent: no connection to NATS")
        return await self._acks.publish(subject, data, headers)

    async def follow(self, stream: Stream, filters: Sequence[str], start: Start) -> NatsFollower:
        self.connection.check()
        follower = NatsFollower(self._client, self._js, stream, filters, start, self._progress)
        await follower.open()
        self._followers = [one for one in self._followers if not one.closed]
        self._followers.append(follower)
        return follower

    async def queue(self, stream: Stream, durable: str, filters: Sequence[str]) -> NatsQueue:
        self.connection.check()
        queue = NatsQueue(self._client, self._js, stream, durable, self._metrics)
        for former in [one for one in self._queues if one.key == queue.key]:
            # A second reader of the same durable would swallow what the first had asked for.
            await former.detach()
            self._queues.remove(former)
        await queue.open(filters)
        self._queues.append(queue)
        return queue

    async def drop_queues(self, stream: Stream, *, prefix: str, keep: str) -> tuple[str, ...]:
        self.connection.check()
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
        self.connection.check()
        try:
            return await stream_state(self._js, stream)
        except (nats.errors.Error, OSError) as error:
            raise BusDown(f"state of {stream} unknown: {error!r}") from error

    def on_reconnect(self, call: Callable[[], Awaitable[None]]) -> None:
        self.connection.on_regained(call)

    async def close(self) -> None:
        for follower in self._followers:
            await follower.close()
        for queue in self._queues:
            await queue.detach()
        await self.upkeep.close()
        await self.connection.close()

    async def _reset(self) -> None:
        self.upkeep.restore()
        for follower in self._followers:
            follower.reset()
        for queue in self._queues:
            queue.reset()
