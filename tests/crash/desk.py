"""The processes of one cell, their supervisor, and the parts that the matrix plays itself: market, risk, operator."""

import asyncio
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from opensqt.desk import ports
from opensqt.domain import subjects
from opensqt.domain.control import Heartbeat, KillLatched
from opensqt.domain.journal import Lease
from opensqt.runtime import latch
from opensqt.runtime.config.schema import PaperRules
from tests.crash.children import KILLED, Child, Order
from tests.crash.house import TOKEN, House, Shared
from tests.simulation.strategy_facts import tick_of
from tests.simulation.venue.scripted import PERP, RULES

ACCOUNT = "main"
RISK_TTL_MS = 60_000
EVERY_S = 0.5
HTTP = aiohttp.ClientTimeout(total=5)
_given: dict[str, int] = {}  # to a seat, for as long as this process lives
# One kill, however it is said: file, ports and bus tell the same identity, as the command does.
KILL: dict[str, Any] = {"scope": "desk", "reason": "matrix", "actor": "matrix", "kill_id": "matrix"}


class Seat(msgspec.Struct, kw_only=True):
    """A place for one process: how it is started, and the one that sits there now."""

    service: str
    host: str = ""
    child: Child | None = None
    watch: asyncio.Task[None] | None = None  # of its supervisor
    port: int = 0
    starts: int = 0
    vacant: bool = False  # its supervisor leaves it empty from the next death on
    env: dict[str, str] = {}  # what its processes are told beyond what all are

    @property
    def name(self) -> str:
        """The service, and the host of a twin."""
        return f"{self.service}@{self.host}" if self.host else self.service

    @property
    def here(self) -> bool:
        """Whether a process sits there."""
        return self.child is not None and self.child.alive


class Desk:
    """The processes of one cell; an asynchronous context manager around its house."""

    def __init__(
        self,
        shared: Shared,
        rules: PaperRules = PaperRules.BINANCE,
        mutant: str = "",
        symbols: tuple[str, ...] = (PERP,),
    ) -> None:
        self.house = House(shared, rules, symbols)
        self.mutant = mutant  # what is broken on purpose in every process
        self.seats: dict[str, Seat] = {}
        self.deaths: list[str] = []  # seats whose process was killed, in order
        self.faults: list[str] = []  # processes that ended by themselves
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Open the house; no process runs yet."""
        await self.house.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End every process, then close the house."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for seat in self.seats.values():
            if seat.child is not None:
                await seat.child.kill()
        await self.house.__aexit__(kind, error, trace)

    async def start(self, seat: Seat, crash_at: str = "") -> None:
        """Start a process, to die at a step if one is named; from the first start on it is supervised."""
        if seat.name not in self.seats:
            self.seats[seat.name] = seat
            seat.port = _free_port()
        await self._launch(seat, crash_at)
        seat.watch = asyncio.create_task(self._supervise(seat))
        self._tasks.append(seat.watch)

    def trace(self, name: str) -> Path:
        """Return where the processes of a seat write the steps that they pass."""
        return self.house.folder / f"{name}.trace"

    def passed(self, name: str) -> Counter[str]:
        """Return how often the processes of a seat have passed each step so far."""
        path = self.trace(name)
        return Counter(path.read_text().split("\n")[:-1]) if path.exists() else Counter()

    async def ready(self, seat: Seat) -> bool:
        """Tell whether the process that sits there says that it does its work."""
        try:
            async with (
                aiohttp.ClientSession(timeout=HTTP) as session,
                session.get(_url(seat, "/readyz")) as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def kill(self) -> None:
        """Kill the desk as the command does: every executor's port; where one is silent, bus and file as well."""
        house = self.house
        seats = [seat for seat in self.seats.values() if seat.service == "executor"]
        answers = await asyncio.gather(*(_post(seat, "/kill") for seat in seats))
        if not all(answers):
            now_ms = house.clock.market_ms()
            await house.publish(subjects.KILL, KillLatched(**KILL, time_ms=now_ms))
            latch.latch(house.folder, latch.Latch(**KILL, time_ms=now_ms))

    async def resume(self) -> bool:
        """Release the kill; tell whether every executor has confirmed."""
        seats = [seat for seat in self.seats.values() if seat.service == "executor"]
        told = await asyncio.gather(*(_kills_in_force(seat) for seat in seats))
        kill_ids = sorted(set().union(*told))
        posts = (_post(seat, "/resume", kill_ids=kill_ids) for seat in seats)
        return all(await asyncio.gather(*posts))

    async def play_risk(self) -> Lease:
        """Hold risk's lease and be its heart, for cells whose commands come from the matrix."""
        lease = await self.house.leases.acquire("risk", "matrix", RISK_TTL_MS)
        if lease is None:
            raise RuntimeError("somebody else holds the lease of risk")
        self._tasks.append(asyncio.create_task(self._beat(lease)))
        return lease

    def play_market(self) -> None:
        """Publish rules and ticks for ever."""
        self._tasks.append(asyncio.create_task(self._tick()))

    async def _launch(self, seat: Seat, crash_at: str) -> None:
        told = {"OPENSQT_HEALTH_PORT": str(seat.port)}
        if crash_at:
            told["OPENSQT_CRASH_AT"] = crash_at
        seat.starts += 1
        seat.child = self.house.shared.launcher.start(
            Order(
                module=f"services.{seat.service}",
                argv=("--account", ACCOUNT) if seat.service == "executor" else (),
                env=self.house.environment() | told | seat.env,
                log=self.house.folder / f"{seat.name}.log",
                trace=self.trace(seat.name),
                host=seat.host,
                mutant=self.mutant,
            )
        )
        await asyncio.shield(seat.child.started)

    async def _supervise(self, seat: Seat) -> None:
        """Start a process again whenever it has died, as `up` does, without the crash."""
        while seat.child is not None:
            code = await asyncio.shield(seat.child.ended)
            if code != 0:
                if code == KILLED:
                    self.deaths.append(f"{seat.name} {code}")
                else:
                    self.faults.append(f"{seat.name} {code}: {self._last_words(seat)}")
            if seat.vacant:
                return
            await self._launch(seat, "")

    def _last_words(self, seat: Seat) -> str:
        lines = (self.house.folder / f"{seat.name}.log").read_text(errors="replace").splitlines()
        return next((line for line in reversed(lines) if '"error"' in line), "")

    async def _beat(self, lease: Lease) -> None:
        clock = self.house.clock
        while True:
            beat = Heartbeat(generation=lease.epoch, head_position=0, time_ms=clock.market_ms())
            await self.house.publish(subjects.RISK_ALIVE, beat)
            await clock.sleep(EVERY_S)

    async def _tick(self) -> None:
        clock = self.house.clock
        while True:
            now_ms = clock.market_ms()
            for rules in (one for one in RULES if one.symbol in self.house.symbols):
                for message in (
                    msgspec.structs.replace(rules, time_ms=now_ms),
                    tick_of(rules.symbol, "60000", now_ms),
                ):
                    await self.house.publish(subjects.subject_of(message), message)
            await clock.sleep(EVERY_S)


def _free_port() -> int:
    """Return a port that no other desk of this matrix was given, whether somebody listens there yet or not."""
    name = f"health-{len(_given)}"
    _given[name] = ports.choose([name], _given)[name]
    return _given[name]


async def _kills_in_force(seat: Seat) -> set[str]:
    """Ask an executor which kills of the desk are in force; none where it does not answer."""
    try:
        async with (
            aiohttp.ClientSession(timeout=HTTP) as session,
            session.get(_url(seat, "/status")) as answer,
        ):
            return set((await answer.json())["kill_ids"].get("desk", ()))
    except (aiohttp.ClientError, TimeoutError):
        return set()


async def _post(seat: Seat, path: str, **words: Any) -> bool:
    """Post an operator's word to an executor; tell whether it confirmed."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=HTTP) as session,
            session.post(_url(seat, path), json=KILL | words, headers=headers) as said,
        ):
            return said.status == 200 and "why" not in await said.json()
    except (aiohttp.ClientError, TimeoutError):
        return False


def _url(seat: Seat, path: str) -> str:
    return f"http://127.0.0.1:{seat.port}{path}"
