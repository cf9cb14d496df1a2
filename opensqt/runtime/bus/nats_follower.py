"""An ordered reader of one JetStream stream. Never skips: what it cannot continue, it reports as `StreamChanged`.

The client library's own ordered consumer is not used: it needs two missed default heartbeats to notice a
restarted server, cannot be reset from outside, and continues silently behind the end of a restored stream.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from functools import partial

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api
from nats.js.client import JetStreamContext

from opensqt.domain.subjects import widest
from opensqt.runtime.bus.nats_acks import STORED_REPLY, client_inbox
from opensqt.runtime.bus.port import BusDown, Delivery, Start, Stream, StreamChanged, StreamState
from opensqt.runtime.bus.streams import SPECS
from opensqt.runtime.cancelling import ended, heeding
from opensqt.runtime.progress import Progress
from opensqt.runtime.telemetry.logs import Log

HEARTBEAT_S = 0.5
SILENCE_S_MAX = 2.5 * HEARTBEAT_S
INACTIVE_S = 5.0  # the server forgets an abandoned consumer after this
RETRY_S = 0.1
CREATE_S_MAX = 2.0
CLOSE_S_MAX = 2.0

_LAST_CONSUMER = "Nats-Last-Consumer"
_STALLED = "Nats-Consumer-Stalled"
_CONTROL = "100"

_log = Log("bus")


class _FlowControl(msgspec.Struct, frozen=True):
    reply: str


class _Closed:
    """The end of the queue."""


_Item = Delivery | _FlowControl | StreamChanged | _Closed


async def stream_state(js: JetStreamContext, stream: Stream) -> StreamState:
    """Ask the server for the state of a stream; raises the client's own errors."""
    info = await heeding(js.stream_info(stream.value))
    if info.created is None:
        raise nats.errors.ProtocolError
    return StreamState(
        first_sequence=info.state.first_seq,
        last_sequence=info.state.last_seq,
        messages=info.state.messages,
        size_bytes=info.state.bytes,
        created_ms=round(info.created.timestamp() * 1000),
    )


class NatsFollower:
    """Follows one stream through ephemeral push consumers, replaced whenever order or life is in doubt."""

    def __init__(
        self,
        client: Client,
        js: JetStreamContext,
        stream: Stream,
        filters: Sequence[str],
        start: Start,
        progress: Progress | None = None,
    ) -> None:
        self._client = client
        self._js = js
        self._stream = stream
        self._filters = widest(filters)
        self._start = start
        self._next = start.sequence
        self.closed = False
        self._last = 0
        self._created_ms = 0
        self._incarnation = 0
        self._consumer_sequence = 0
        self._heard_s = 0.0
        self._subscription: Subscription | None = None
        self._items: asyncio.Queue[_Item] = asyncio.Queue()
        self._doubt = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._progress = progress or Progress()
        self._loop = self._progress.loop(f"follow {stream}")

    async def open(self) -> None:
        """Create the first consumer; raise `BusDown` when the stream cannot be read."""
        try:
            state = await stream_state(self._js, self._stream)
            self._created_ms = state.created_ms
            if self._start.sequence is None and self._start.wall_ms is None:
                self._next = state.last_sequence + 1
            await self._attach()
        except (nats.errors.Error, OSError) as error:
            raise BusDown(f"stream {self._stream} cannot be followed: {error!r}") from error
        self._keeper = asyncio.create_task(self._keep(), name=f"follow {self._stream}")

    def reset(self) -> None:
        """Replace the consumer at once: the connection was lost in between."""
        self._doubt.set()

    @property
    def waiting(self) -> int:
        return self._items.qsize()

    async def __aiter__(self) -> AsyncIterator[Delivery]:
        while True:
            match await self._items.get():
                case Delivery() as delivery:
                    yield delivery
                case _FlowControl(reply=reply):
                    with contextlib.suppress(nats.errors.Error):
                        await self._client.publish(reply)
                case StreamChanged() as changed:
                    raise changed
                case _Closed():
                    return

    async def close(self) -> None:
        """Stop reading; the server forgets the consumer by itself."""
        self.closed = True
        self._incarnation += 1  # what still arrives is nobody's
        if self._keeper is not None and not await ended(self._keeper, within_s=CLOSE_S_MAX):
            _log.error("follower not ended", stream=self._stream, limit_s=CLOSE_S_MAX)
        await _unsubscribe(self._subscription)
        self._progress.forget(self._loop)
        self._items.put_nowait(_Closed())

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while not self.closed:
            self._loop.step()
            try:
                async with asyncio.timeout(HEARTBEAT_S / 2):
                    await self._doubt.wait()
            except TimeoutError:
                if loop.time() - self._heard_s < SILENCE_S_MAX:
                    continue
            self._doubt.clear()
            try:
                if not self._client.is_connected or not await self._continues():
                    await asyncio.sleep(RETRY_S)
                    continue
                await self._attach()
            except (nats.errors.Error, OSError) as error:
                _log.debug("consumer not created yet", stream=self._stream, detail=repr(error))
                self._doubt.set()
                await asyncio.sleep(RETRY_S)

    async def _continues(self) -> bool:
        # What is read while the answer is on its way is newer than the answer.
        read = self._last
        state = await stream_state(self._js, self._stream)
        if state.created_ms == self._created_ms and state.last_sequence >= read:
            return True
        if SPECS[self._stream].in_memory:
            # What it held is said again by its authors: everything new is read.
            self._created_ms, self._last, self._next = state.created_ms, 0, 1
            return True
        changed = StreamChanged(
            f"stream {self._stream} ends at {state.last_sequence} (made {state.created_ms}), "
            f"but was read up to {read} (made {self._created_ms})"
        )
        self._created_ms, self._last, self._next = state.created_ms, 0, state.last_sequence + 1
        self._incarnation += 1
        self._items.put_nowait(changed)
        self._doubt.set()
        return False

    async def _attach(self) -> None:
        await _unsubscribe(self._subscription)
        self._incarnation += 1
        self._consumer_sequence = 0
        inbox = client_inbox(self._client)
        self._subscription = await self._client.subscribe(
            inbox,
            cb=partial(self._on_message, self._incarnation),
            pending_msgs_limit=0,
            pending_bytes_limit=0,
        )
        config = self._config(inbox)
        await heeding(self._js.add_consumer(self._stream.value, config, timeout=CREATE_S_MAX))
        self._heard_s = asyncio.get_running_loop().time()
        # One that was made anew since it was looked at would say nothing until it is as long as the former.
        if (await stream_state(self._js, self._stream)).created_ms != self._created_ms:
            self._doubt.set()

    def _config(self, inbox: str) -> api.ConsumerConfig:
        config = api.ConsumerConfig(
            deliver_subject=inbox,
            ack_policy=api.AckPolicy.NONE,
            filter_subjects=self._filters or None,
            flow_control=True,
            idle_heartbeat=HEARTBEAT_S,
            inactive_threshold=INACTIVE_S,
            max_deliver=1,
            mem_storage=True,
            num_replicas=1,
        )
        if self._next is not None:
            config.deliver_policy = api.DeliverPolicy.BY_START_SEQUENCE
            config.opt_start_seq = max(self._next, 1)
        elif self._start.wall_ms is not None:
            config.deliver_policy = api.DeliverPolicy.BY_START_TIME
            config.opt_start_time = datetime.fromtimestamp(self._start.wall_ms / 1000, tz=UTC)
        return config

    async def _on_message(self, incarnation: int, message: Msg) -> None:
        if incarnation != self._incarnation:
            return
        self._heard_s = asyncio.get_running_loop().time()
        headers: dict[str, str] = dict(message.headers or {})
        status = headers.get("Status")
        if status is not None and not message.reply.startswith(STORED_REPLY):
            self._on_status(status, headers, message.reply)
            return
        place = message.metadata.sequence
        if place.consumer != self._consumer_sequence + 1:
            self._doubt.set()
            return
        self._consumer_sequence = place.consumer
        self._last, self._next = place.stream, place.stream + 1
        self._items.put_nowait(
            Delivery(
                stream=self._stream,
                sequence=place.stream,
                subject=message.subject,
                headers=headers,
                data=message.data,
            )
        )

    def _on_status(self, status: str, headers: dict[str, str], reply: str) -> None:
        if status != _CONTROL:
            self._doubt.set()
        elif reply:
            self._items.put_nowait(_FlowControl(reply))
        else:
            if stalled := headers.get(_STALLED):
                self._items.put_nowait(_FlowControl(stalled))
            if int(headers.get(_LAST_CONSUMER, "0")) != self._consumer_sequence:
                self._doubt.set()


async def _unsubscribe(subscription: Subscription | None) -> None:
    if subscription is not None:
        with contextlib.suppress(nats.errors.Error):
            await subscription.unsubscribe()
