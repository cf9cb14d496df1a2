"""A gateway on in-memory twins before scripted facts: bus, journal, a relay, and processes that answer as real ones do.

The executor here obeys kill and resume by stating the facts that the real one states; it trades nothing.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from opensqt.desk.config_default import derive
from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.ids import event_id
from opensqt.domain.journal import NewEvent
from opensqt.domain.messages import Event, name_of
from opensqt.domain.recon_events import Resumed
from opensqt.domain.subjects import subject_of
from opensqt.risk.breakers.panel import opened
from opensqt.runtime import latch
from opensqt.runtime.config.all import Config, parse_config
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.environment import Environment
from opensqt.runtime.health import Health
from opensqt.runtime.process_context import Context
from opensqt.runtime.telemetry.metrics import Metrics
from services.gateway.config import GatewaySettings
from services.gateway.service import Gateway
from tests.conditions import until
from tests.journals import entry
from tests.relays import memory_house, running

TOKEN = "canary-token-8f2c1d"
SYMBOLS = ("BTC/USDT", "BTC/USDT:USDT")
PROCESSES = ("nats", "postgres", "relay", "executor-main", "risk", "grid", "arb", "gateway")
Plain = dict[str, Any]


def paper_config() -> Config:
    """Return the configuration that `up` derives for a spot and a perpetual."""
    return parse_config(derive(SYMBOLS, market="synthetic:7"), {})


class Stage:
    """One desk of scripted facts in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.house = memory_house()
        self.ports: dict[str, int] = {}
        self.servers: dict[str, Health] = {}
        self.heard: list[tuple[str, Plain]] = []
        self.killed: list[str] = []  # identities of the kills in force
        self.refuses = ""  # why the executor does not resume
        self.breakers: set[str] = set()  # that a person opened
        self.breakers_answer = True
        self.statuses: dict[str, Plain] = {
            "risk": {"ready": True, "why": "", "mode": "NORMAL"},
            "executor-main": {"ready": True, "killed": False},
            "grid": {"ready": True, "strategies": [_trades("grid-perp"), _trades("grid-spot")]},
            "arb": {"ready": True, "strategies": [_trades("carry")]},
        }
        self._facts = 0

    async def open(self) -> None:
        """Make the folder and let the processes answer."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "token").write_text(TOKEN + "\n", encoding="utf-8")
        (self.folder / "venue").mkdir(exist_ok=True)
        keys = {"main": {"api_key": "canary-key-71aa", "secret": "canary-secret-55bb"}}
        (self.folder / "venue" / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
        actions = {"/kill": self._kill, "/resume": self._resume}
        for name in self.statuses:
            self.servers[name] = Health(
                lambda name=name: self.statuses[name],  # type: ignore[misc]
                Metrics(),
                actions=actions
                if name.startswith("executor")
                else {"/limits": self._limit, "/breakers": self._breaker},
                folder=self.folder,
            )
            self.ports[f"health.{name}"] = await self.servers[name].open("127.0.0.1", 0)
        self.write_run()

    async def close(self) -> None:
        """Let nobody answer any more."""
        for server in self.servers.values():
            await server.close()

    def write_run(self, **states: str) -> None:
        """Write `run.json` as the supervisor does; name the processes that are not ready."""
        rows = [
            {
                "name": name,
                "pid": 4000 + number,
                "state": states.get(name, "ready"),
                "ready": name not in states,
                "restarts": int(name in states),
                "lag": None,
                "why": "exit code 1" if name in states else "",
            }
            for number, name in enumerate(PROCESSES)
        ]
        run = {"ports": self.ports, "processes": rows, "version": "0.1.0"}
        (self.folder / "run.json").write_text(json.dumps(run), encoding="utf-8")

    async def record(self, *messages: Event) -> None:
        """Append facts to the journal; the relay carries them to FEED."""
        events = []
        for message in messages:
            self._facts += 1
            events.append(
                NewEvent(
                    event_id=event_id("stage", self._facts),
                    stream="stage",
                    message=message,
                    subject=subject_of(message),
                    actor="stage",
                    occurred_at_ms=getattr(message, "time_ms", 0),
                )
            )
        await self.house.journal.append(entry(*events))

    async def publish(self, *messages: Event) -> None:
        """Publish market data on FEED, as it is not journalled."""
        for message in messages:
            self._facts += 1
            envelope = Envelope(
                event_id=event_id("stage", self._facts),
                type=name_of(message),
                source="stage",
                time_ms=getattr(message, "time_ms", 0),
            )
            await self.house.bus.publish(subject_of(message), message, envelope)

    @asynccontextmanager
    async def gateway(
        self, settings: GatewaySettings | None = None, config: Config | None = None
    ) -> AsyncIterator[Gateway]:
        """Run relay and gateway, yield when the page shows what is now, stop both in good order."""
        context = Context(
            name="gateway",
            clock=self.house.clock,
            config=config or paper_config(),
            environment=Environment(data=self.folder),
            bus=self.house.bus,
            journal=self.house.journal,
            leases=self.house.leases,
        )
        quick = GatewaySettings(
            token_file=self.folder / "token",
            delta_every_s=0.05,
            ask_every_s=0.1,
            retry_s=0.05,
            silence_s_max=1.0,
        )
        gateway, stop = Gateway(context, settings or quick), asyncio.Event()
        async with running(self.house.relay()):
            task = asyncio.create_task(gateway.run(stop))
            try:
                await until(lambda: gateway.ready or task.done())
                yield gateway
            finally:
                stop.set()
                async with asyncio.timeout(10):
                    await task

    async def _kill(self, words: Plain) -> Plain:
        self.heard.append(("kill", words))
        now_ms = self.house.clock.market_ms()
        said: dict[str, Any] = {
            key: str(words[key]) for key in ("scope", "reason", "actor", "kill_id")
        }
        latch.latch(self.folder, latch.Latch(**said, time_ms=now_ms))
        self.killed.append(said["kill_id"])
        self.statuses["executor-main"] |= {
            "killed": True,
            "kill_ids": {said["scope"]: list(self.killed)},
        }
        await self.record(KillLatched(**said, time_ms=now_ms))
        return {"cancels": 8, "confirmed": 8}

    async def _limit(self, words: Plain) -> Plain:
        self.heard.append(("limits", words))
        return {"field": words["field"], "before": "100", "after": words["value"]}

    async def _breaker(self, words: Plain) -> Plain:
        self.heard.append(("breakers", words))
        if not self.breakers_answer:
            return {"why": "the journal does not answer: try again"}
        scope, reason, actor = (str(words[key]) for key in ("scope", "reason", "actor"))
        now_ms = self.house.clock.market_ms()
        if words["action"] == "open":
            said: Event = opened("manual", scope, reason, actor, now_ms)
        elif f"{scope} manual" not in self.breakers:
            return {"refused": True, "why": f"no {scope} is open"}
        else:
            said = Resumed(
                scope=scope, reason=reason, actor=actor, time_ms=now_ms, breaker="manual"
            )
        self.breakers ^= {f"{scope} manual"}
        await self.record(said)
        return {"done": [f"{scope} manual"]}

    async def _resume(self, words: Plain) -> Plain:
        self.heard.append(("resume", words))
        if self.refuses:
            return {"killed": True, "why": self.refuses}
        now_ms = self.house.clock.market_ms()
        said = {key: str(words[key]) for key in ("scope", "reason", "actor")}
        self.statuses["executor-main"] |= {"killed": False, "kill_ids": {}}
        names, self.killed = tuple(words["kill_ids"]), []
        await self.record(KillReleased(**said, time_ms=now_ms, kill_ids=names))
        latch.release(self.folder)
        return {}


@asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """Open a stage and close it."""
    stage = Stage(folder)
    await stage.open()
    try:
        yield stage
    finally:
        await stage.close()


def _trades(name: str) -> Plain:
    return {"name": name, "trading": True, "reason": "", "skipped": {}, "dust": {}}
