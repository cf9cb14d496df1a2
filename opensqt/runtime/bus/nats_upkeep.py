"""The streams of a NATS server as `Upkeep` keeps them: which are there, and how one is made."""

import json
import os

import nats.errors
from nats.aio.client import Client
from nats.js.client import JetStreamContext

from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.bus.streams import StreamSpec, add, replicas_of
from opensqt.runtime.bus.upkeep import ANSWER_S_MAX
from opensqt.runtime.cancelling import heeding

_NAMES = "$JS.API.STREAM.NAMES"


class NatsStreams:
    """The streams of the server that a client is connected to."""

    def __init__(self, client: Client, js: JetStreamContext) -> None:
        self._client = client
        self._js = js

    async def names(self) -> frozenset[str]:
        try:
            answer = await heeding(self._client.request(_NAMES, b"", timeout=ANSWER_S_MAX))
            said = json.loads(answer.data)
        except (nats.errors.Error, OSError, ValueError) as error:
            raise BusDown(f"streams not listed: {error!r}") from error
        if not isinstance(said, dict) or "error" in said:
            raise BusDown(f"streams not listed: {said}")
        return frozenset(said.get("streams") or ())

    async def add(self, spec: StreamSpec) -> None:
        await add(self._js, spec, replicas=replicas_of(os.environ))
