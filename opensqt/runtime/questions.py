"""Asking the processes of a desk over the bus, as `opensqt.runtime.registration` lets them answer. Decides nothing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from opensqt.runtime.access.inboxes import INBOX, inbox_of
from opensqt.runtime.command_body import BadCommand, words_of
from opensqt.runtime.registration import STATUS

QUIET_S = 0.5  # after so long without another answer nobody is left to answer
STATUS_S_MAX = 2.0
CONNECT_S_MAX = 2.0
Asker = Client  # a connection as whoever asks holds it
UNANSWERED = (TimeoutError, OSError, nats.errors.Error)  # a bus that could not be asked
_NOBODY = "503"  # what the server says where nobody listens


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one process said; `instance` tells a leader and its standby apart."""

    process: str
    instance: str
    said: dict[str, Any]


Enough = Callable[[Sequence[Answer]], bool]


@contextlib.asynccontextmanager
async def connected(url: str, name: str) -> AsyncIterator[Client]:
    """Connect for one command; raise `TimeoutError`, `OSError` or an error of nats."""
    async with asyncio.timeout(CONNECT_S_MAX):
        client = await nats.connect(
            url,
            name=name,
            connect_timeout=CONNECT_S_MAX,
            allow_reconnect=False,
            inbox_prefix=inbox_of(user) if (user := urlsplit(url).username) else INBOX,
            error_cb=_quiet,
        )
    try:
        yield client
    finally:
        await client.close()


async def statuses(client: Client) -> list[Answer]:
    """Return what every process of the desk says of itself, who answers within two seconds."""
    async with asked(client, STATUS, {}) as question:
        return await question.answers(within_s=STATUS_S_MAX, quiet_s=QUIET_S)


class Question:
    """What was asked of everybody, and who has answered so far."""

    def __init__(self, subscription: Subscription) -> None:
        self._subscription = subscription
        self._heard: list[Answer] = []

    async def answers(
        self, *, within_s: float, quiet_s: float, enough: Enough = lambda _: False
    ) -> list[Answer]:
        """Return the answers: until it is enough, or nobody answers for `quiet_s` (wall) any more."""
        with contextlib.suppress(TimeoutError, nats.errors.TimeoutError):
            async with asyncio.timeout(within_s):
                while not enough(self._heard):
                    message = await self._subscription.next_msg(timeout=quiet_s)
                    if _is_nobody(message):
                        break
                    self._heard += _answer(message)
        return self._heard


@contextlib.asynccontextmanager
async def asked(client: Client, subject: str, words: Mapping[str, Any]) -> AsyncIterator[Question]:
    """Ask everybody; the question has left when the block begins. Raises an error of nats."""
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    try:
        await client.publish(subject, json.dumps(words).encode(), reply=inbox)
        await client.flush()
        yield Question(subscription)
    finally:
        with contextlib.suppress(nats.errors.Error):
            await subscription.unsubscribe()


def _is_nobody(message: Msg) -> bool:
    return not message.data and (message.headers or {}).get("Status") == _NOBODY


def _answer(message: Msg) -> list[Answer]:
    """Return what a message says; one that is no answer of ours says nothing."""
    try:
        said = words_of(message.data)
    except BadCommand:
        return []
    process, instance = said.pop("process", ""), said.pop("instance", "")
    if not isinstance(process, str) or not isinstance(instance, str) or not process:
        return []
    return [Answer(process=process, instance=instance, said=said)]


async def _quiet(_: Exception) -> None:
    """Say nothing: the command says what it could not do."""
