"""The storm: the shipped platform under lost answers, dropped frames, cut streams and kills, judged by the venue.

`python -m tests.e2e.storm --seconds 600 --rate 20 --rules gate --seed 3` prints its progress and its judgement, and
ends with 1 when anything is wrong. It starts the desk as a person would and looks only where a person could look.
"""

import argparse
import asyncio
import contextlib
import os
import random
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from opensqt.cli.desk_figures import ask_all, figures
from opensqt.desk.error import CliError
from opensqt.desk.health import EXECUTOR
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.clock import Clock, RunClock, open_clock
from opensqt.simulation.server.faults import FaultName
from tests.e2e import bus_users, storm_judge
from tests.e2e.desk import Desk
from tests.e2e.load import Load, Plan
from tests.e2e.storm_judge import SHARE_MIN, Judgement, Kill
from tests.e2e.storm_record import AuditTail, read_record
from tests.e2e.test_faults import PAGE, admin_page, set_faults

PROGRESS_S = 5.0
QUIET_S_MAX = 60.0
DISTANCE_BPS = (0, 15)  # near enough that many fill
ROOM = {  # what 20 intents a second need; the limits themselves are tried elsewhere
    "OPENSQT__RISK__POSITION_NOTIONAL_QUOTE_MAX": "200000",
    "OPENSQT__RISK__OPEN_ORDERS_MAX": "400",
}

Say = Callable[[str], None]


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """What happens for how many wall seconds; `rules` are those of the paper venue."""

    seconds: float = 600.0
    rate: float = 20.0
    rules: str = "binance"
    seed: int = 1
    kill_every_s: float = 15.0
    cut_every_s: float = 20.0
    share_min: float = SHARE_MIN  # of the intents, that must reach the venue

    @property
    def faults(self) -> tuple[dict[str, Any], ...]:
        """What the venue does wrong, in the words of its admin page."""
        cut_ms = int(self.cut_every_s * 1000)
        return (
            {"fault": FaultName.LOST_ACK, "probability": 0.05},
            {
                "fault": FaultName.DROPPED_FRAME,
                "match": {"kind": "private"},
                "probability": 0.2,
            },
            {"fault": FaultName.DISCONNECT_STORM, "ms": cut_ms},
        )


class Storm:
    """One storm over one desk."""

    def __init__(self, desk: Desk, script: Script, say: Say) -> None:
        self._desk = desk
        self._script = script
        self._say = say
        self._clock: Clock = RunClock()
        self._audit = AuditTail(desk.data)
        self._began_s = 0.0
        self._watches: list[asyncio.Task[None]] = []
        self.kills: list[Kill] = []
        self.load: Load | None = None

    async def run(self) -> Judgement:
        """Start, storm, quiet down, stop, judge."""
        words = ("--market", f"synthetic:{self._script.seed + 6}")
        env = {**ROOM, "OPENSQT__PAPER__RULES": self._script.rules}
        async with self._desk.running(*words, **env):
            await set_faults(self._desk, *self._script.faults)
            await self._rage()
            await set_faults(self._desk)
            quiet_s = await self._quiet()
            minute, five, _ = os.getloadavg()
            self._say(f"quiet after {quiet_s:.1f} s; load of the machine {minute:.1f}, {five:.1f}")
        said = self.load.said if self.load is not None else []
        record = await read_record(self._desk.data)
        lines = await self._desk.verb("verify", check=False)
        return storm_judge.judge(record, said, self.kills, lines, self._script.share_min)

    async def _rage(self) -> None:
        self._began_s = self._clock.monotonic_s()
        async with admin_page(self._desk) as session, self._publisher() as load:
            self.load = load
            beside = [
                asyncio.create_task(self._kill_again_and_again()),
                asyncio.create_task(self._show(session)),
            ]
            await load.run()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await asyncio.gather(*self._watches)
            await self._show_once(session)

    @asynccontextmanager
    async def _publisher(self) -> AsyncIterator[Load]:
        script, clock = self._script, open_clock(self._desk.data)
        url = await bus_users.admitted(self._desk.data)
        bus = await NatsBus.connect(url, bus_users.LOAD, monotonic_s=clock.monotonic_s)
        plan = Plan(
            rate=script.rate,
            seconds=script.seconds,
            seed=script.seed,
            distance_bps=DISTANCE_BPS,
        )
        try:
            yield Load(bus, clock, plan)
        finally:
            await bus.close()

    async def _kill_again_and_again(self) -> None:
        chance = random.Random(self._script.seed)
        every_s = self._script.kill_every_s
        due_s = self._began_s + every_s * chance.random()
        while True:
            await self._clock.sleep(max(0.0, due_s - self._clock.monotonic_s()))
            due_s += every_s
            # Who is killed comes back first: on a busy machine that may take longer than the pause between kills.
            await asyncio.gather(*self._watches)
            await self._kill()

    async def _kill(self) -> None:
        """Send SIGKILL to the executor that leads."""
        name = await self._leader()
        before = len(self._desk.lines)
        try:
            os.kill(self._desk.pid(name), signal.SIGKILL)
        except (ProcessLookupError, LookupError):
            self._say(f"{name} was not there to be killed")
            return
        kill = Kill(at_ms=self._clock.wall_ms())
        self.kills.append(kill)
        self._watches.append(asyncio.create_task(self._watch(kill, before)))

    async def _watch(self, kill: Kill, before: int) -> None:
        """Note when the account has an executor again."""
        with contextlib.suppress(TimeoutError):
            await self._desk.until(
                lambda line: (
                    str(line.get("name", "")).startswith(EXECUTOR) and line.get("ready") is True
                ),
                after=before,
                within_s=QUIET_S_MAX,
            )
            kill.back_ms = self._clock.wall_ms()

    async def _leader(self) -> str:
        told = await ask_all(self._desk.run_file)
        names = [name for name in self._desk.processes if name.startswith(EXECUTOR)]
        leading = (name for name in names if told.get(name, {}).get("phase") == "running")
        return next(leading, names[0])

    async def _show(self, session: aiohttp.ClientSession) -> None:
        while True:
            await self._clock.sleep(PROGRESS_S)
            await self._show_once(session)

    async def _show_once(self, session: aiohttp.ClientSession) -> None:
        answer = await session.get(PAGE)
        met = {one["rule"]["fault"]: one["met"] for one in (await answer.json())["faults"]}
        doubts = figures(self._desk.data, await ask_all(self._desk.run_file)).orders_unresolved
        self._audit.read()
        elapsed_s = self._clock.monotonic_s() - self._began_s
        self._say(
            f"{elapsed_s:5.0f} s  intents {self.load.count if self.load else 0}"
            f"  orders at the venue {self._audit.accepted}  fills {self._audit.fills}"
            f"  unresolved {'?' if doubts is None else doubts}  kills {len(self.kills)}"
            f"  faults {met}"
        )

    async def _quiet(self) -> float:
        """Wait until every process is ready and no order is in doubt; return how long that took."""
        began_s = self._clock.monotonic_s()
        while (waited_s := self._clock.monotonic_s() - began_s) < QUIET_S_MAX:
            told = await ask_all(self._desk.run_file)
            now = figures(self._desk.data, told)
            ready = all(process.ready for process in self._desk.run_file.processes)
            if waited_s > PROGRESS_S and ready and now.orders_unresolved == 0:
                return waited_s
            await self._clock.sleep(0.5)
        return QUIET_S_MAX


async def main(words: list[str]) -> int:
    """Run one storm and print; return 0, or 1 when anything is wrong."""
    parser = argparse.ArgumentParser(prog="storm", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long the storm lasts")
    parser.add_argument("--rate", type=float, default=20.0, help="intents a second")
    parser.add_argument("--rules", choices=("binance", "gate"), default="binance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=Path, help="keep the desk's folder here")
    given = parser.parse_args(words)
    script = Script(seconds=given.seconds, rate=given.rate, rules=given.rules, seed=given.seed)

    def say(line: str) -> None:
        sys.stdout.write(f"storm  {line}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="storm-") as folder:
        desk = Desk(given.data or Path(folder) / "data")
        say(f"{script.seconds:.0f} s, {script.rate:g} intents/s, rules {script.rules}, {desk.data}")
        judgement = await Storm(desk, script, say).run()
    for line in judgement.lines():
        say(line)
    return 0 if judgement.good else 1


if __name__ == "__main__":
    try:
        code = asyncio.run(main(sys.argv[1:]))
    except CliError as refusal:
        sys.exit(str(refusal))
    sys.exit(code)
