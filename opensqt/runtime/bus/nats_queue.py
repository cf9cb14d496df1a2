"""A durable pull consumer as a work queue. Never naks: what is not acknowledged comes again, in order."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Sequence

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import api
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from opensqt.domain.subjects import widest
from opensqt.runtime.bus.nats_acks import STORED_REPLY, client_inbox
from opensqt.runtime.bus.port import BusDown, Delivery, QueueTaken, Stream
from opensqt.runtime.cancelling import heeding
from opensqt.runtime.telemetry.metrics import Metrics

ACK_WAIT_S = 30.0
ACK_TIMEOUT_S = 2.0
UNACKED_MAX = 256
RETRY_S = 0.05
NS_PER_S = 1_000_000_000

_TAKEN = frozenset({10099, 10100})  # JetStream: work queue subjects already have a consumer
_HARMLESS = frozenset({"100", "404", "408"})  # heartbeat, nothing there, request expired


class NatsQueue:
    """One durable of one stream; fetching and acknowledging fail once the durable is deleted."""

    def __init__(
        self,
        client: Client,
        js: JetStreamContext,
        stream: Stream,
        durable: str,
        metrics: Metrics,
    ) -> None:
        self._client = client
        self._js = js
        self._stream = stream
        self._durable = durable
        self.key = (stream, durable)
        self._redeliveries = metrics.redeliveries.labels(stream.value)
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._arrived: deque[Delivery] = deque()
        self._replies: dict[int, str] = {}
        self._wake = asyncio.Event()
        self._asked = 0  # messages of the outstanding request that have not arrived
        self._gone = ""

    async def open(self, filters: Sequence[str]) -> None:
        """Create the durable or attach to it; raise `QueueTaken` or `BusDown`."""
        config = api.ConsumerConfig(
            durable_name=self._durable,
            deliver_policy=api.DeliverPolicy.ALL,
            ack_policy=api.AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            max_deliver=-1,
            max_ack_pending=UNACKED_MAX,
            filter_subjects=widest(filters) or None,
        )
        try:
            await heeding(self._js.add_consumer(self._stream.value, config))
            self._inbox = client_inbox(self._client)
            self._subscription = await self._client.subscribe(self._inbox, cb=self._on_message)
        except APIError as error:
            message = f"queue {self._durable} of {self._stream}: {error.description}"
            if error.err_code in _TAKEN:
                raise QueueTaken(message, await self._standing()) from error
            raise BusDown(message) from error
        except (nats.errors.Error, OSError) as error:
            raise BusDown(f"queue {self._durable} of {self._stream}: {error!r}") from error

    async def _standing(self) -> tuple[str, ...]:
        try:
            infos = await heeding(self._js.consumers_info(self._stream.value))
        except (nats.errors.Error, OSError) as error:
            raise BusDown(f"durables of {self._stream} not listed: {error!r}") from error
        return tuple(sorted(info.name for info in infos))

    def reset(self) -> None:
        """Forget the outstanding request: the connection was lost, and the request with it."""
        self._asked = 0
        self._wake.set()

    async def fetch(self, count_max: int, wait_s: float) -> list[Delivery]:
        if not self._arrived:
            try:
                async with asyncio.timeout(wait_s):
                    await self._wait(count_max, wait_s)
            except TimeoutError:
                self._asked = 0  # the request has expired with us, even if nobody told
        if self._gone and not self._arrived:
            raise BusDown(f"queue {self._durable} of {self._stream} is gone: {self._gone}")
        ready = min(count_max, len(self._arrived))
        return [self._arrived.popleft() for _ in range(ready)]

    async def ack(self, delivery: Delivery) -> None:
        reply = self._replies.get(delivery.sequence)
        if reply is None:
            raise BusDown(f"message {delivery.sequence} of {self._stream} was not delivered here")
        try:
            await heeding(self._client.request(reply, b"+ACK", timeout=ACK_TIMEOUT_S))
        except (nats.errors.Error, OSError) as error:
            raise BusDown(f"message {delivery.sequence} not acknowledged: {error!r}") from error
        self._replies.pop(delivery.sequence, None)

    async def drop(self) -> None:
        try:
            await heeding(self._js.delete_consumer(self._stream.value, self._durable))
        except NotFoundError:
            return
        except (nats.errors.Error, OSError) as error:
            raise BusDown(f"queue {self._durable} not deleted: {error!r}") from error
        finally:
            await self.detach()

    async def detach(self) -> None:
        """Stop listening; the durable stays."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(nats.errors.Error):
                await subscription.unsubscribe()

    async def _wait(self, count_max: int, wait_s: float) -> None:
        while not self._arrived and not self._gone:
            self._wake.clear()
            if self._asked <= 0:
                await self._ask(count_max, wait_s)
            await self._wake.wait()
        # What the server sent together has arrived together: give the reader one turn.
        await asyncio.sleep(0)

    async def _ask(self, count_max: int, wait_s: float) -> None:
        request = {"batch": count_max, "expires": int(max(wait_s, 0.01) * NS_PER_S)}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream.value}.{self._durable}"
        try:
            await self._client.publish(subject, json.dumps(request).encode(), reply=self._inbox)
        except nats.errors.Error:
            return  # no connection: `reset` wakes us when it is back
        self._asked = count_max

    async def _on_message(self, message: Msg) -> None:
        headers: dict[str, str] = dict(message.headers or {})
        status = headers.get("Status")
        if status is None or message.reply.startswith(STORED_REPLY):
            self._asked -= 1
            place = message.metadata
            if (place.num_delivered or 1) > 1:
                self._redeliveries.inc()
            self._replies[place.sequence.stream] = message.reply
            self._arrived.append(
                Delivery(
                    stream=self._stream,
                    sequence=place.sequence.stream,
                    subject=message.subject,
                    headers=headers,
                    data=message.data,
                    deliveries=place.num_delivered or 1,
                )
            )
        else:
            self._asked = 0
            if status not in _HARMLESS:
                await self._judge(status, headers.get("Description", ""))
        self._wake.set()

    async def _judge(self, status: str, description: str) -> None:
        # 409 tells of a deleted durable, 503 that nobody listens; both also occur while a server starts.
        try:
            await heeding(self._js.consumer_info(self._stream.value, self._durable))
        except NotFoundError:
            self._gone = f"{status} {description or 'deleted'}"
        except (nats.errors.Error, OSError):
            await asyncio.sleep(RETRY_S)
