"""The bus as every service sees it; NATS JetStream and the in-memory twin pass the same contract suite."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from opensqt.domain import subjects
from opensqt.domain.messages import Message
from opensqt.runtime.envelope import Envelope

_EXECUTOR, _EPOCH = "executor-", "-e"


class BusDown(ConnectionError):
    """The bus cannot be reached or did not answer in time; nothing is known about the message."""


class StreamFull(BusDown):
    """The stream refused the message because it is full; nothing was stored."""


class QueueTaken(BusDown):
    """Another durable already serves these subjects of the work queue; `durables` are all that stand there."""

    def __init__(self, message: str, durables: tuple[str, ...]) -> None:
        super().__init__(message)
        self.durables = durables


def epoch_in(durable: str, prefix: str) -> int | None:
    """Return the epoch that follows the prefix, None for any other name: `a-` and `a-b-` are two families."""
    epoch = durable.removeprefix(prefix)
    return int(epoch) if durable.startswith(prefix) and epoch.isdecimal() else None


def executor_queues(account: str) -> str:
    """Return how the durables of an account's executors begin; the epoch of their lease follows."""
    return f"{_EXECUTOR}{subjects.token(account)}{_EPOCH}"


def account_served_by(durable: str) -> str:
    """Return the account whose executor made a durable; empty for anybody else's."""
    account, mark, epoch = durable.rpartition(_EPOCH)
    is_ours = mark and epoch.isdecimal() and account.startswith(_EXECUTOR)
    return account.removeprefix(_EXECUTOR) if is_ours else ""


class StreamChanged(RuntimeError):
    """The stream is another one, or ends before what was read: what follows is no continuation."""


class Stream(StrEnum):
    """The streams of the desk (design.md section 4); declared as data in `streams.py`."""

    FEED = "FEED"
    INTENTS = "INTENTS"
    COMMANDS = "COMMANDS"
    EXITS = "EXITS"
    DLQ = "DLQ"


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """The acknowledgement of a stream; not an fsync. `duplicate`: the id was already there."""

    sequence: int
    duplicate: bool


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream holds now; another `created_ms` means another stream under the same name."""

    first_sequence: int
    last_sequence: int
    messages: int
    size_bytes: int
    created_ms: int


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message as it came: decoding is the receiver's business, so that poison can be judged."""

    stream: Stream
    sequence: int
    subject: str
    headers: dict[str, str]
    data: bytes
    deliveries: int = 1


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """Where a follower of a stream begins: at a sequence, at a wall time, or with what comes next (both None)."""

    sequence: int | None = None
    wall_ms: int | None = None


class Follower(Protocol):
    """An ordered, lossless reader of one stream, made again by itself after a lost connection."""

    @property
    def waiting(self) -> int:
        """How many messages are there but not read yet."""

    def __aiter__(self) -> AsyncIterator[Delivery]:
        """Yield deliveries in stream order until closed; raise `StreamChanged` when the stream lost its past."""

    async def close(self) -> None:
        """Stop reading."""


class Queue(Protocol):
    """A durable work queue with explicit acknowledgement; never nak, never out of order."""

    async def fetch(self, count_max: int, wait_s: float) -> list[Delivery]:
        """Return up to `count_max` deliveries, none after `wait_s` (wall); raise `BusDown` if the durable is gone."""

    async def ack(self, delivery: Delivery) -> None:
        """Acknowledge; raise `BusDown` if that could not be confirmed (it will be delivered again)."""

    async def drop(self) -> None:
        """Delete the durable; unacknowledged messages go to the next one at once."""


class ConnectionWatch(msgspec.Struct, frozen=True, kw_only=True):
    """A callback for `on_reconnect` that hears of every loss too, before anything can be sent again."""

    lost: Callable[[], None]
    regained: Callable[[], Awaitable[None]]

    async def __call__(self) -> None:
        """Pass on that the connection is regained."""
        await self.regained()


class FeedSource(Protocol):
    """What a reader of a stream asks of a bus; a recorded one has no more."""

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> Published:
        """Publish bytes as they are (journal rows, dead letters), confirmed; raise `BusDown` or `StreamFull`."""

    async def follow(self, stream: Stream, filters: Sequence[str], start: Start) -> Follower:
        """Read a stream in order, filtered by subjects (empty = all).

        A stream that lives in memory (INTENTS) begins anew with its server, and the follower with it.
        """

    async def state(self, stream: Stream) -> StreamState:
        """Return what the stream holds."""


class Bus(FeedSource, Protocol):
    """Publishing and reading."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The streams that the server does not have now; they are being made again."""

    async def publish(
        self, subject: str, message: Message, envelope: Envelope, *, confirmed: bool = True
    ) -> Published | None:
        """Publish; with `confirmed` wait for the stream: `BusDown` if silent, `StreamFull` if it refuses.

        Unconfirmed returns None at once, and drops the message while the bus is down.
        """

    async def queue(self, stream: Stream, durable: str, filters: Sequence[str]) -> Queue:
        """Attach to (and create) a durable queue of a stream; raise `QueueTaken` when the subjects are served."""

    async def drop_queues(self, stream: Stream, *, prefix: str, keep: str) -> tuple[str, ...]:
        """Delete the durables that are named `prefix` and an epoch, except `keep`; return their names."""

    def on_reconnect(self, call: Callable[[], Awaitable[None]]) -> None:
        """Call back after every regained connection; a `ConnectionWatch` is told of every lost one too."""

    async def close(self) -> None:
        """Flush and disconnect."""
