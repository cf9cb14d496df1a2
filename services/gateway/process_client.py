"""Asking the processes of the desk how they are, and passing a person's command on to the executors. Decides nothing.

It reads `run.json` and the latch; it never writes either, and never shows the token to anybody but an executor.
Where no folder tells the ports of processes they are asked over the bus.
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from opensqt.runtime import latch
from opensqt.runtime.clock import RUN_FILE
from opensqt.runtime.config.all import Config, Profile
from opensqt.runtime.config.settings_tables import service_of
from opensqt.runtime.questions import Asker
from services.gateway.bus_processes import ProcessesOnBus, kills_of, result_of
from services.gateway.config import LOOPBACK
from services.gateway.decide import EXECUTOR, CommandResult, DeskStatus, Plain, ProcessStatus
from services.gateway.state import Place

HEALTH = "health."
OK = 200


class ProcessClient:
    """The processes of one data folder, as far as they can be asked."""

    def __init__(
        self, config: Config, data: Path | None, ask_s_max: float, bus: Asker | None = None
    ) -> None:
        self._config = config
        self._on_bus = ProcessesOnBus(bus) if bus is not None else None  # where no port is known
        self._data = data
        self._ask_s_max = ask_s_max
        self._session: aiohttp.ClientSession | None = None
        self._ports: dict[str, int] = {}
        self.processes: tuple[ProcessStatus, ...] = ()
        self.statuses: dict[str, Plain] = {}
        self.latched = ""
        self.version = ""

    async def open(self) -> None:
        """Make the connections possible."""
        self._session = aiohttp.ClientSession()

    async def close(self) -> None:
        """Close what is open."""
        if self._session is not None:
            await self._session.close()

    async def ask(self) -> None:
        """Read the folder and ask every process once, all at the same time."""
        run = self._run()
        named = {
            name: port for name, port in run.get("ports", {}).items() if name.startswith(HEALTH)
        }
        self._ports = {name.removeprefix(HEALTH): port for name, port in named.items()}
        self.latched = self._latch()
        if not named and self._on_bus is not None:
            self.statuses, self.processes = await self._on_bus.ask()
            return
        self.version = str(run.get("version", ""))
        replies = await asyncio.gather(*(self._status(port) for port in self._ports.values()))
        told = dict(zip(self._ports, replies, strict=True))
        self.statuses = {name: said for name, said in told.items() if said is not None}
        lines = [row for row in run.get("processes", ()) if row.get("state") != "done"]
        self.processes = tuple(_process(row, self.statuses) for row in lines)

    def targets(self) -> list[Plain]:
        """Return what Prometheus scrapes, as its HTTP discovery reads it: each process under its own name."""
        return [
            {"targets": [f"{LOOPBACK}:{port}"], "labels": {"instance": name}}
            for name, port in sorted(self._ports.items())
        ]

    async def kills_in_force(self, scope: str) -> list[str]:
        """Ask now which kills a release of a scope ends; return their identities, of every executor that answers."""
        if not self._ports and self._on_bus is not None:
            return await self._on_bus.kills_in_force(scope)
        ports = [port for name, port in self._ports.items() if name.startswith(EXECUTOR)]
        told = await asyncio.gather(*(self._status(port) for port in ports))
        return kills_of(told, scope)

    async def command(
        self, path: str, words: Plain, token: str, within_s: float
    ) -> list[CommandResult]:
        """Post a command to every executor at once and return what each answered."""
        if not self._ports and self._on_bus is not None:
            return await self._on_bus.command(path, words, token, within_s)
        ports = {name: port for name, port in self._ports.items() if name.startswith(EXECUTOR)}
        posts = (
            self._post(name, port, path, words, token, within_s) for name, port in ports.items()
        )
        return list(await asyncio.gather(*posts))

    async def tell(
        self, name: str, path: str, words: Plain, token: str, within_s: float
    ) -> CommandResult:
        """Post a command to one process, or say it on the bus where no port is known."""
        if not self._ports and self._on_bus is not None:
            answers = await self._on_bus.command(path, words, token, within_s, name)
            return next(iter(answers), CommandResult(process=name, ok=False, detail="no answer"))
        port = self._ports.get(name)
        if port is None:
            return CommandResult(process=name, ok=False, detail=f"{name} has no port here")
        return await self._post(name, port, path, words, token, within_s)

    def told(self) -> DeskStatus:
        """Return what configuration and processes say; the caller adds clock and journal."""
        config = self._config
        legs = {name: _legs(config, name) for name in config.strategies}
        return DeskStatus(
            desk=config.desk,
            profile=config.run.profile.value,
            market=config.paper.market if config.run.profile is Profile.PAPER else "",
            version=self.version,
            tick_age_ms_max=config.risk.tick_age_ms_max,
            places=tuple(sorted({place for places in legs.values() for place in places})),
            kinds={name: strategy.kind for name, strategy in config.strategies.items()},
            services={
                name: service_of(name, strategy) for name, strategy in config.strategies.items()
            },
            accounts={name: one.account for name, one in config.strategies.items()},
            keys={name: "|".join(places[0]) for name, places in legs.items()},
            described={name: strategy.words for name, strategy in config.strategies.items()},
            legs=legs,
            latched=self.latched,
            processes=self.processes,
            statuses=self.statuses,
        )

    def _run(self) -> Plain:
        if self._data is None:
            return {}
        try:
            run = json.loads((self._data / RUN_FILE).read_bytes())
        except (OSError, ValueError):
            return {}
        return run if isinstance(run, dict) else {}

    def _latch(self) -> str:
        found = latch.read(self._data) if self._data is not None else None
        return f"{found.actor}: {found.reason}" if found is not None else ""

    async def _status(self, port: int) -> Plain | None:
        if self._session is None:
            return None
        limit = aiohttp.ClientTimeout(total=self._ask_s_max)
        try:
            async with self._session.get(
                f"http://{LOOPBACK}:{port}/status", timeout=limit
            ) as reply:
                said = await reply.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None
        return said if isinstance(said, dict) else None

    async def _post(
        self, name: str, port: int, path: str, words: Plain, token: str, within_s: float
    ) -> CommandResult:
        if self._session is None:
            return CommandResult(process=name, ok=False, detail="not connected")
        try:
            async with self._session.post(
                f"http://{LOOPBACK}:{port}{path}",
                json=words,
                headers={"Authorization": f"Bearer {token}"},
                timeout=aiohttp.ClientTimeout(total=within_s),
            ) as reply:
                said = await reply.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return CommandResult(process=name, ok=False, detail=str(error) or "no answer")
        if reply.status != OK or not isinstance(said, dict):
            detail = said.get("error", "") if isinstance(said, dict) else ""
            return CommandResult(process=name, ok=False, detail=detail or f"status {reply.status}")
        return result_of(name, said)


def _legs(config: Config, name: str) -> tuple[Place, ...]:
    strategy = config.strategies[name]
    venue = config.accounts[strategy.account].venue
    return tuple((venue, symbol) for symbol in strategy.symbols)


def _process(row: Mapping[str, Any], statuses: Mapping[str, Plain]) -> ProcessStatus:
    name = str(row.get("name", ""))
    said = statuses.get(name, {})
    ready = bool(said["ready"]) if "ready" in said else bool(row.get("ready"))
    state = str(row.get("state", "unknown"))
    return ProcessStatus(
        name=name,
        state="ready" if ready else ("unready" if state == "ready" else state),
        ready=ready,
        restarts=int(row.get("restarts") or 0),
        pid=row.get("pid"),
        why="" if ready else str(said.get("why") or row.get("why") or ""),
        lag_events=said.get("lag", row.get("lag")),
    )
