"""Two opposite grids on one symbol and account: one buys and sells what it bought, the other the other way round.

`python -m tests.e2e.opposite --hours 1 --speed 10` runs the shipped platform for so much market time and judges by the
venue's audit and the journal: no trade with ourselves, no close that hangs, each grid's money its own.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import msgspec

from opensqt.desk.config_default import derive
from tests.e2e import opposite_judge
from tests.e2e.desk import Desk
from tests.e2e.opposite_judge import Judgement

SYMBOL = "BTC/USDT:USDT"
LONG, SHORT = "grid-long", "grid-short"
STOPS_S_MAX = 30.0
ORDERS_MAX = 20  # of a grid of ten levels
GRIDS = """
[strategies.grid-long]
kind = "grid"
account = "main"
symbol = "BTC/USDT:USDT"
mode = "long"
step_bps = "{step_bps}"
levels_below = 5
levels_above = 5
order_notional_quote = "500"

[strategies.grid-short]
kind = "grid"
account = "main"
symbol = "BTC/USDT:USDT"
mode = "neutral"               # with no levels below it only sells, and buys back
step_bps = "{step_bps}"
levels_below = 0
levels_above = 10
order_notional_quote = "500"
"""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much market time, at how many market seconds a wall second."""

    hours: float = 1.0
    speed: str = "10"
    seed: int = 7
    step_bps: str = "6"  # of both grids; a round trip costs 4 bps of fees

    @property
    def wall_s(self) -> float:
        """How long it takes."""
        return self.hours * 3600 / float(self.speed)

    @property
    def config(self) -> str:
        """A derived configuration with these two grids and nothing else."""
        market = f"synthetic:{self.seed}:{SYMBOL}"
        text = derive((SYMBOL,), market=market, speed=self.speed)
        before, _, rest = text.partition("\n[strategies.")
        return before + GRIDS.format(step_bps=self.step_bps) + rest[rest.index("\n[risk]") :]


async def run(data: Path, plan: Plan) -> Judgement:
    """Trade for the planned time, stop, judge."""
    data.mkdir(parents=True, exist_ok=True)
    path = data.parent / "opposite.toml"
    path.write_text(plan.config)
    desk = Desk(data)
    await desk.start("--config", str(path), "--for", f"{plan.wall_s:.0f}s")
    await desk.end(plan.wall_s + 2 * STOPS_S_MAX)
    return await opposite_judge.judge(
        desk, (LONG, SHORT), speed=float(plan.speed), orders_max=ORDERS_MAX
    )


async def main(words: list[str]) -> int:
    """Run and print; return 0, or 1 when anything is wrong."""
    parser = argparse.ArgumentParser(prog="opposite", description=__doc__)
    parser.add_argument("--hours", type=float, default=1.0, help="market time")
    parser.add_argument("--speed", default="10")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data", type=Path, help="keep the desk's folder here")
    given = parser.parse_args(words)
    plan = Plan(hours=given.hours, speed=given.speed, seed=given.seed)
    sys.stdout.write(f"opposite  {plan.hours:g} h of market time in {plan.wall_s:.0f} s\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="opposite-") as folder:
        judgement = await run(given.data or Path(folder) / "data", plan)
    for line in judgement.lines():
        sys.stdout.write(f"opposite  {line}\n")
    return 0 if judgement.good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
