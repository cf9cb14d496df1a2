"""The floor: `floor ROLE STAMPS TEMPLATES`: messages, commits and requests as the desk's, with nothing in between.

Two processes, as the desk has: `gate` hears an intent and publishes a command, `sender` hears the command, commits the
rows and sends the request. What they say are the bytes that the desk itself said first, under ids of their own. They
decide nothing, check nothing, and forget the answer.
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import os
import re
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import nats
import uvloop
import yarl
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig

from benchmarks.stand.stamps import Recorder
from benchmarks.stand.witness import CANCEL, ID, ORDER_ID, WIRE_KEYS, watch_wire
from opensqt.runtime.journal import postgres
from opensqt.runtime.journal.connection import Pool, new_pool
from opensqt.venues.session import paper_session
from tests.simulation.venue.scripted import KEYS

INTENTS, COMMANDS = "FLOOR_INTENTS", "FLOOR_COMMANDS"
INTENT, COMMAND = "floor.intent", "floor.command"
ACCOUNT = "other"
GROUP_MAX = 64
KINDS = {"p": "place", "c": "cancel"}
APPEND: str = vars(postgres)["_APPEND"]  # the very statement of the journal
TIMESTAMP = re.compile(r"timestamp=\d+")


def key_of(kind: str, number: int) -> str:
    """Return the key of the place or cancel of a floor order."""
    return f"{kind[0]}{number}"


def order_id_of(number: int) -> str:
    """Return a client order id of the shape of ours."""
    return f"q{number:026d}"


class Templates:
    """What the desk said, read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, dict[str, Any]] = {}

    def of(self, what: str, key: str) -> dict[str, Any]:
        """Return the command, append or request of this key's kind."""
        name = f"{what}-{KINDS[key[0]]}"
        if name not in self._read:
            self._read[name] = json.loads((self._folder / f"{name}.json").read_text())
        return self._read[name]


class Gate:
    """Hears intents, publishes commands."""

    def __init__(self, client: Client, recorder: Recorder, templates: Templates) -> None:
        self._js = client.jetstream()
        self._stamp = recorder.stamp
        self._templates = templates

    async def open(self) -> None:
        """Listen."""
        config = ConsumerConfig(ack_policy=AckPolicy.NONE)
        await self._js.subscribe(f"{INTENT}.>", stream=INTENTS, cb=self._hear, config=config)

    async def _hear(self, message: Msg) -> None:
        key = (message.headers or {})[ID]
        self._stamp("floor.heard", key)
        command = self._templates.of("command", key)
        data, headers = base64.b64decode(command["data"]), {**command["headers"], ID: key}
        self._stamp("floor.published", key)
        await self._js.publish(f"{COMMAND}.{KINDS[key[0]]}", data, headers=headers)


class Sender:
    """Hears commands, commits, sends."""

    def __init__(self, client: Client, recorder: Recorder, templates: Templates) -> None:
        self._js = client.jetstream()
        self._stamp = recorder.stamp
        self._templates = templates
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool: Pool | None = None
        self._session: aiohttp.ClientSession | None = None
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._committing = False
        self._numbers = itertools.count(1)  # its database is new

    async def open(self) -> None:
        """Connect to Postgres and the venue, then listen."""
        self._pool = await new_pool(os.environ["FLOOR_POSTGRES_DSN"])
        host, _, port = os.environ["OPENSQT_PAPER_VENUE"].rpartition(":")
        context = ssl.create_default_context(cafile=os.environ["OPENSQT_PAPER_CA"])
        self._session = paper_session(host, int(port), context)
        watch_wire(self._stamp, "floor.wire")
        config = ConsumerConfig(ack_policy=AckPolicy.EXPLICIT, max_ack_pending=256)
        await self._js.subscribe(
            f"{COMMAND}.>",
            stream=COMMANDS,
            durable="floor",
            cb=self._hear,
            manual_ack=True,
            config=config,
        )

    async def _hear(self, message: Msg) -> None:
        key = (message.headers or {})[ID]
        self._stamp("floor.taken", key)
        task = asyncio.create_task(self._send(message, key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, message: Msg, key: str) -> None:
        await self._commit(key)
        self._stamp("floor.committed", key)
        order_id = order_id_of(int(key[1:]))
        WIRE_KEYS.set((CANCEL + order_id if key[0] == "c" else order_id,))
        await self._request(self._templates.of("request", key), order_id, place=key[0] == "p")
        await message.ack()

    async def _commit(self, key: str) -> None:
        """Commit the rows of a command with whatever else waits, as the desk's writer does."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, done))
        if not self._committing:
            self._committing = True
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP_MAX], self._waiting[GROUP_MAX:]
                await self._append([one for one, _ in group])
                for _, waiting in group:
                    waiting.set_result(None)
            self._committing = False
        await done

    async def _append(self, keys: list[str]) -> None:
        if self._pool is None:
            raise RuntimeError("not open")
        events: list[tuple[Any, ...]] = []
        fences: list[tuple[Any, ...]] = []
        late: list[int | None] = []
        for entry, key in enumerate(keys, start=1):
            append = self._templates.of("append", key)
            streams: dict[str, str] = {}
            for row in append["events"]:
                family = row[2].partition("/")[0]
                stream = streams.setdefault(row[2], f"{family}/{next(self._numbers):026d}")
                ids, data = (entry, f"{next(self._numbers):036d}", stream), base64.b64decode(row[7])
                events.append((*ids, *row[3:7], data, *row[8:14], 1))
            fences += [(entry, name, 1) for _, name, _ in append["fences"]]
            late.append(time.time_ns() // 1_000_000 + 2000 if key[0] == "p" else None)
        await self._pool.fetch(APPEND, events, fences, late)

    async def _request(self, request: dict[str, Any], order_id: str, *, place: bool) -> None:
        if self._session is None:
            raise RuntimeError("not open")
        url, _, query = request["url"].partition("?")
        said = ORDER_ID.sub(order_id, request["body"] or query)
        said = TIMESTAMP.sub(f"timestamp={time.time_ns() // 1_000_000}", said)
        said = said.partition("&signature=")[0]
        pair = KEYS[ACCOUNT]
        sign = hmac.new(pair.secret.encode(), said.encode(), hashlib.sha256).hexdigest()
        said = f"{said}&signature={sign}"
        headers = {**request["headers"], "X-MBX-APIKEY": pair.api_key}
        if place:
            sending = self._session.post(url, data=said.encode(), headers=headers)
        else:
            sending = self._session.delete(yarl.URL(f"{url}?{said}", encoded=True), headers=headers)
        async with sending as answer:
            body = await answer.read()
            if answer.status != 200:
                print(f"floor: {answer.status} {body.decode()}", file=sys.stderr, flush=True)


async def run(role: str, stamps: Path, templates: Path) -> None:
    """Serve for ever."""
    client = await nats.connect(os.environ["OPENSQT_NATS_URL"])
    part = Gate if role == "gate" else Sender
    await part(client, Recorder(stamps), Templates(templates)).open()
    print(f"floor {role} ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
