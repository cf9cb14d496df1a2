"""How long an intent takes to the wire, beside a floor that does the same with nothing in between.

Also how many intents a second the whole gate carries. Prints tables and writes reports/hot_path.json. `--short` shows
in half a minute that it works; its figures mean little.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.stand import hops, machine
from benchmarks.stand.author import Author, DeskLane, FloorLane, Lane, Market, Said
from benchmarks.stand.desk import Desk
from benchmarks.stand.tables import show

REPORT = Path("reports") / "hot_path.json"
SETTLE_S_MAX = 4.0
QUIET_S_MAX = 20.0
QUIET_CORES_MAX = 0.4
LOOK_S = 0.25
WARM_UP = 120
CLEAR_PER_S, CLEAR_ROUNDS = 50.0, 5
P99_MS_MAX = 250.0
STEP = 1.2
# A bit of every intent may still be under way when a step ends; more than this is a queue.
WAITING_S_MAX = 0.25


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Intents a second, how many in a block of one lane, and how many blocks of each lane in turn.

    `together`: both lanes at once, half a beat apart, where neither can disturb the other.
    """

    per_s: float
    count: int
    blocks: int = 1
    together: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured: rates beside the floor, then steps of a rising rate until a queue grows."""

    rates: tuple[Rate, ...]
    ramp_from_per_s: float
    ramp_step_s: float
    ramp_steps_max: int


FULL = Plan(
    rates=(
        Rate(per_s=1, count=200, together=True),
        Rate(per_s=50, count=500, blocks=6),
        Rate(per_s=500, count=2500, blocks=6),
    ),
    ramp_from_per_s=60,
    ramp_step_s=8,
    ramp_steps_max=14,
)
SHORT = Plan(
    rates=(
        Rate(per_s=1, count=4, together=True),
        Rate(per_s=50, count=60),
        Rate(per_s=500, count=200),
    ),
    ramp_from_per_s=60,
    ramp_step_s=1.5,
    ramp_steps_max=2,
)


class Run:
    """One run against one desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._author = Author(desk)
        self._market = Market(desk)
        self._lanes: dict[str, Lane] = {}
        self._playing: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begin to trade: the first orders show the floor what to say."""
        self._playing = [
            asyncio.create_task(self._market.play()),
            asyncio.create_task(self._market.watch()),
        ]
        await self._desk.ready()
        like = DeskLane(self._desk, self._market)
        self._lanes = {"desk": like, "floor": FloorLane(like)}
        for lane in self._lanes.values():
            said = await self._author.say(lane, 40, WARM_UP)
            await self._settle(lane, said)
            await self._clear(lane)
            if hops.arrived(self._desk.tape, lane.name, said) < WARM_UP / 2:
                raise RuntimeError(f"the {lane.name} does not trade:\n{self._logs()}")

    async def rate(self, rate: Rate) -> dict[str, Any]:
        """Measure both lanes at one rate."""
        said: dict[str, list[Said]] = {"desk": [], "floor": []}
        cores: dict[str, float] = {}
        for _ in range(rate.blocks):
            if rate.together:
                await asyncio.gather(*(self._offset(lane, rate, said) for lane in said))
                continue
            for name in ("floor", "desk"):
                use = machine.Use(self._desk.pids)
                block = await self._author.say(self._lanes[name], rate.per_s, rate.count)
                cores = use.cores() if name == "desk" else cores
                await self._settle(self._lanes[name], block)
                await self._clear(self._lanes[name])
                said[name] += block
        for lane in self._lanes.values():
            await self._clear(lane)
        measured = {n: hops.measure(self._desk.tape, n, some) for n, some in said.items()}
        found: dict[str, Any] = msgspec.to_builtins(measured)
        return {"per_s": rate.per_s, "cores": cores} | found

    async def ramp(self, plan: Plan) -> dict[str, Any]:
        """Raise the rate on the desk until a queue grows; return every step."""
        lane, per_s, steps = self._lanes["desk"], plan.ramp_from_per_s, []
        for _ in range(plan.ramp_steps_max):
            use = machine.Use(self._desk.pids)
            said = await self._author.say(lane, per_s, round(per_s * plan.ramp_step_s))
            cores = use.cores()
            self._desk.tape.read()
            waiting = len(said) - hops.arrived(self._desk.tape, lane.name, said)
            await self._settle(lane, said)
            steps.append(self._step(lane, said, per_s, waiting, cores))
            await self._clear(lane)
            if not steps[-1]["holds"]:
                break
            per_s = round(per_s * STEP)
        held = [step for step in steps if step["holds"]]
        return {"p99_ms_max": P99_MS_MAX, "steps": steps, "highest": held[-1] if held else None}

    async def close(self) -> None:
        """Stop playing."""
        for task in self._playing:
            task.cancel()
        await asyncio.gather(*self._playing, return_exceptions=True)

    def _step(
        self, lane: Lane, said: Sequence[Said], per_s: float, waiting: int, cores: dict[str, float]
    ) -> dict[str, Any]:
        spans = hops.spans_ms(self._desk.tape, lane.name, said)
        found = hops.quantiles(spans) if spans else None
        missing = len(said) - len(spans)
        took_s = (said[-1].published_ns - said[0].published_ns) / 1e9
        holds = found is not None and found.p99 <= P99_MS_MAX and missing == 0
        places = sum(one.kind == "place" for one in said)
        return {
            "per_s": per_s,
            "said_per_s": round(len(said) / took_s, 1),
            "orders_per_s": round(places / took_s, 1),
            "wire_ms": msgspec.to_builtins(found),
            "waiting_at_end": waiting,
            "missing": missing,
            "cores": cores,
            "holds": holds and waiting <= max(2.0, per_s * WAITING_S_MAX),
        }

    async def _offset(self, name: str, rate: Rate, said: dict[str, list[Said]]) -> None:
        await asyncio.sleep(0.5 / rate.per_s if name == "floor" else 0)
        said[name] = await self._author.say(self._lanes[name], rate.per_s, rate.count)
        await self._settle(self._lanes[name], said[name])

    async def _clear(self, lane: Lane) -> None:
        """Cancel what still rests, again where a cancel expired on its way."""
        for _ in range(CLEAR_ROUNDS):
            said = await self._author.clear(lane, CLEAR_PER_S)
            if not said:
                return
            await self._settle(lane, said)

    async def _settle(self, lane: Lane, said: Sequence[Said]) -> None:
        """Wait until all are on the wire or have expired, and the machine has come to rest."""
        tape, waiting = self._desk.tape, list(said)
        end_s = time.monotonic() + SETTLE_S_MAX
        while waiting and time.monotonic() < end_s:
            await asyncio.sleep(LOOK_S)
            tape.read()
            waiting = [one for one in waiting if not hops.arrived(tape, lane.name, [one])]
        self._author.repeat(lane, waiting)
        for _ in range(round(QUIET_S_MAX / LOOK_S)):
            use = machine.Use(self._desk.pids)
            await asyncio.sleep(LOOK_S)
            if sum(use.cores().values()) < QUIET_CORES_MAX:
                return

    def _logs(self) -> str:
        names = ("venue", "risk", "executor", "floor-gate", "floor-sender")
        return "\n".join(f"--- {name}\n{self._desk.log(name)}" for name in names)


async def measure(plan: Plan, *, short: bool) -> dict[str, Any]:
    """Run everything once; return the report."""
    report: dict[str, Any] = {"what": "hot_path", "short": short, "machine": machine.facts()}
    async with Desk() as desk:
        run = Run(desk)
        try:
            await run.open()
            report["rates"] = [await run.rate(rate) for rate in plan.rates]
            report["ramp"] = await run.ramp(plan)
        finally:
            await run.close()
    return report


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="half a minute; figures mean little")
    parser.add_argument("--report", type=Path, default=REPORT)
    words = parser.parse_args()
    report = uvloop.run(measure(SHORT if words.short else FULL, short=words.short))
    words.report.parent.mkdir(parents=True, exist_ok=True)
    words.report.write_text(msgspec.json.format(msgspec.json.encode(report)).decode())
    show(report)


if __name__ == "__main__":
    main()
