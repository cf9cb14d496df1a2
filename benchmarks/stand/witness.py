"""Runs a service as it is shipped and stamps every message at its ports: `witness STAMPS TEMPLATES MODULE [ARG ...]`.

The service's own code is what runs; only calls are wrapped. The first command, append and request of each kind is
written down, so that the floor can say the very same.
"""

import base64
import importlib
import json
import re
import runpy
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp.http_writer import StreamWriter

from benchmarks.stand.stamps import Recorder
from opensqt.domain.journal import Entry
from opensqt.domain.verdict import RiskApproved
from opensqt.runtime.bus.nats_acks import Acks
from opensqt.runtime.bus.nats_follower import NatsFollower
from opensqt.runtime.bus.nats_queue import NatsQueue
from opensqt.runtime.journal import postgres

ID = "Nats-Msg-Id"
WIRE_KEYS: ContextVar[tuple[str, ...]] = ContextVar("wire_keys", default=())
ORDER_ID = re.compile(r"q[0-9a-hjkmnp-tv-z]{26}")
CANCEL = "-"  # in front of an order's id: the request that cancels it

Call = Callable[..., Awaitable[Any]]


class Witness:
    """Wraps the calls of one process."""

    def __init__(self, recorder: Recorder, templates: Path) -> None:
        self.stamp = recorder.stamp
        self._templates = templates
        self._kept: set[str] = set()

    def keep(self, name: str, value: Callable[[], dict[str, Any]]) -> None:
        """Write down the first example of something that the floor has to repeat."""
        if name in self._kept:
            return
        self._kept.add(name)
        fresh = self._templates / f"{name}.new"
        fresh.write_text(json.dumps(value()))
        fresh.rename(self._templates / f"{name}.json")

    def around(
        self, owner: Any, name: str, before: str, after: str, key: Callable[..., str]
    ) -> None:
        """Stamp a method where it begins and, with `after`, where it ends; an empty key stamps nothing."""
        plain: Call = getattr(owner, name)

        async def stamped(*args: Any, **kwargs: Any) -> Any:
            found = key(*args)
            if found and before:
                self.stamp(before, found)
            result = await plain(*args, **kwargs)
            if found and after:
                self.stamp(after, found)
            return result

        setattr(owner, name, stamped)


def watch_wire(stamp: Callable[[str, str], None], place: str) -> None:
    """Stamp every HTTP request when its last bytes have been given to the socket."""
    for name in ("_write", "_writelines"):
        plain = getattr(StreamWriter, name)

        def written(writer: Any, chunk: Any, plain: Callable[..., None] = plain) -> None:
            plain(writer, chunk)
            for key in WIRE_KEYS.get():
                stamp(place, key)

        setattr(StreamWriter, name, written)


def _delivered(_: Any, message: Any, *rest: Any) -> str:
    # A follower's handler has its incarnation in front of the message.
    headers = (rest[0] if rest else message).headers or {}
    return str(headers.get(ID, ""))


def watch_risk(witness: Witness) -> None:
    """Stamp intents on their way through the gate."""
    queue = importlib.import_module("services.risk.intent_queue").IntentQueue
    witness.around(NatsFollower, "_on_message", "risk.arrived", "", _delivered)
    witness.around(queue, "_take", "risk.taken", "", lambda _, d: str(d.headers.get(ID, "")))
    witness.around(queue, "_judge", "", "risk.judged", lambda _, intent: str(intent.intent_id))
    plain = Acks.publish

    async def publish(acks: Any, subject: str, data: bytes, headers: dict[str, str]) -> Any:
        if not subject.startswith("cmd."):
            return await plain(acks, subject, data, headers)
        kind = "cancel" if subject.startswith("cmd.exit") else "place"
        witness.keep(f"command-{kind}", lambda: {"headers": headers, "data": _text(data)})
        witness.stamp("risk.published", headers[ID])
        result = await plain(acks, subject, data, headers)
        witness.stamp("risk.acked", headers[ID])
        return result

    setattr(Acks, "publish", publish)  # noqa: B010  # a class of ours, wrapped for this process only


def watch_executor(witness: Witness) -> None:
    """Stamp commands on their way to the venue."""
    commands = importlib.import_module("services.executor.command_consumer").CommandConsumer
    orders = importlib.import_module("opensqt.venues.engine.orders").VenueOrders
    gate = importlib.import_module("opensqt.venues.engine.rest")
    witness.around(NatsQueue, "_on_message", "executor.arrived", "", _delivered)
    witness.around(commands, "_take", "executor.taken", "", lambda *a: str(a[2].headers.get(ID)))
    journal = postgres.PostgresJournal

    def intent_of(_: Any, entry: Entry) -> str:
        first = entry.events[0].message
        return first.intent_id if isinstance(first, RiskApproved) else ""

    witness.around(journal, "append", "executor.append", "executor.committed", intent_of)
    commit: Call = vars(journal)["_commit"]

    async def noted(one: Any, entries: Any) -> Any:
        for entry in entries:
            if key := intent_of(one, entry):
                witness.stamp("executor.commit", key)
                kind = "place" if entry.events[0].message.place is not None else "cancel"
                witness.keep(f"append-{kind}", partial(_rows, entry))
        return await commit(one, entries)

    setattr(journal, "_commit", noted)  # noqa: B010
    _watch_port(witness, orders)
    _watch_requests(witness, gate.VenueRest)


def _watch_port(witness: Witness, orders: Any) -> None:
    for name, mark in (
        ("place", ""),
        ("place_batch", ""),
        ("cancel", CANCEL),
        ("cancel_batch", CANCEL),
    ):
        plain: Call = getattr(orders, name)

        async def asked(*args: Any, plain: Call = plain, mark: str = mark, **kwargs: Any) -> Any:
            for key in _order_ids(*args[1:]):
                witness.stamp("executor.asked", mark + key)
            return await plain(*args, **kwargs)

        setattr(orders, name, asked)


def _watch_requests(witness: Witness, gate: Any) -> None:
    dispatch, client = gate.dispatch, "opensqt.venues.engine.client"

    async def dispatched(one: Any, request: Any, *window: Any) -> Any:
        mark = {"POST": "", "DELETE": CANCEL}.get(request.verb)
        found = () if mark is None else ORDER_ID.findall(str(request.params))
        keys = tuple(f"{mark}{key}" for key in found)
        for key in keys:
            witness.stamp("executor.granted", key)
        token = WIRE_KEYS.set(keys)
        try:
            return await dispatch(one, request, *window)
        finally:
            WIRE_KEYS.reset(token)

    gate.dispatch = dispatched
    # ccxt's own `fetch` is where its signing is over and HTTP begins.
    ccxt_client = importlib.import_module(client).VenueClient
    fetch = ccxt_client.fetch

    async def fetched(one: Any, url: str, method: str, headers: Any, body: Any) -> Any:
        keys = WIRE_KEYS.get()
        for key in keys:
            witness.stamp("executor.signed", key)
        if len(keys) == 1 and "batch" not in url:
            kind = "cancel" if keys[0].startswith(CANCEL) else "place"
            witness.keep(f"request-{kind}", partial(_said, one, url, headers, body))
        return await fetch(one, url, method, headers, body)

    ccxt_client.fetch = fetched
    watch_wire(witness.stamp, "executor.wire")


def _order_ids(*args: Any) -> list[str]:
    """Return the orders that a call of the port is about: one request, several, a symbol with an id or with ids."""
    first, rest = args[0], args[1:]
    if isinstance(first, str):
        return [rest[0]] if isinstance(rest[0], str) else list(rest[0])
    return [one.client_order_id for one in (first if isinstance(first, list | tuple) else [first])]


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _said(client: Any, url: str, headers: Any, body: str | None) -> dict[str, Any]:
    said = dict(client.prepare_request_headers(headers))
    return {"url": url, "headers": said, "body": body or ""}


def _rows(entry: Entry) -> dict[str, Any]:
    events, fences = vars(postgres)["_arrays"]([entry])
    texts = [
        [_text(value) if isinstance(value, bytes) else value for value in row] for row in events
    ]
    return {"events": texts, "fences": [list(fence) for fence in fences]}


WATCHED = {"services.risk": watch_risk, "services.executor": watch_executor}


def main(stamps: str, templates: str, module: str, *arguments: str) -> None:
    """Wrap and run."""
    if module in WATCHED:
        WATCHED[module](Witness(Recorder(Path(stamps)), Path(templates)))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
