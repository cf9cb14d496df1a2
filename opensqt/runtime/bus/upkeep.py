"""Looks whether every stream of the desk is there, and makes those again that are gone. Never changes or deletes one.

A bus may lose its disk or a stream: whoever notices makes it anew as `streams.py` declares it. What it held is said
again by its authors: the journal by the relay, intents by their strategies, commands by risk.
"""

import json
from collections.abc import Awaitable, Callable

import nats.errors
from nats.aio.client import Client
from nats.js.client import JetStreamContext

from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.bus.streams import STREAMS, add
from opensqt.runtime.cancelling import heeding
from opensqt.runtime.logs import Log
from opensqt.runtime.metrics import Metrics

LOOK_EVERY_S = 1.0
RETRY_S = 0.2
ANSWER_S_MAX = 2.0

_NAMES = "$JS.API.STREAM.NAMES"

_log = Log("bus")


class Upkeep:
    """The streams of one server; `missing` are those that were not there at the last look."""

    def __init__(self, client: Client, js: JetStreamContext, metrics: Metrics) -> None:
        self._client = client
        self._js = js
        self._metrics = metrics
        self.missing: tuple[str, ...] = ()

    async def look(self) -> bool:
        """Make again what is missing; tell whether all is there. Raises `BusDown` when the server does not answer.

        A stream that was missing is named until the next look has found it.
        """
        there = await self._names()
        lost = [spec for spec in STREAMS if spec.name.value not in there]
        known = self.missing
        self._note(tuple(spec.name.value for spec in lost))
        for spec in lost:
            try:
                await add(self._js, spec)
            except BusDown as error:
                if spec.name.value not in known:
                    _log.error("stream missing", stream=spec.name, detail=str(error))
            else:
                _log.warning("stream made again", stream=spec.name)
        return not lost

    async def keep(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Look for ever, each wall second; more often while something is missing."""
        while True:
            all_there = True
            try:
                all_there = await self.look()
            except BusDown as error:
                _log.debug("streams not looked at", detail=str(error))
            await sleep(LOOK_EVERY_S if all_there else RETRY_S)

    async def _names(self) -> frozenset[str]:
        try:
            answer = await heeding(self._client.request(_NAMES, b"", timeout=ANSWER_S_MAX))
            said = json.loads(answer.data)
        except (nats.errors.Error, OSError, ValueError) as error:
            raise BusDown(f"streams not listed: {error!r}") from error
        if not isinstance(said, dict) or "error" in said:
            raise BusDown(f"streams not listed: {said}")
        return frozenset(said.get("streams") or ())

    def _note(self, missing: tuple[str, ...]) -> None:
        self.missing = missing
        for spec in STREAMS:
            name = spec.name.value
            self._metrics.stream_missing.labels(name).set(int(name in missing))
