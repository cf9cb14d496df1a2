"""A second account of a World: another executor, purse and script at the same venue, judged by a judge of its own.

Nothing that happens in one account may be seen in the other, though they share gate, journal and bus.
"""

import copy
import random
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Basis, OrderType, PlaceIntent, Purpose, TimeInForce
from opensqt.venues.policy import policy_of
from tests.support.fakes.bus import MemoryBus
from tests.world.checkers import Judge
from tests.world.desk import Desk, Post
from tests.world.exchange import WorldExchange, WorldFaults
from tests.world.exposure import Exposure
from tests.world.instruments import LOADED, NOTIONAL_MAX, RULES
from tests.world.load import Load, script_of
from tests.world.setting import SIDE, SIDE_EXECUTOR
from tests.world.wires import Access

COMMANDS = 40


class Neighbour:
    """The second account."""

    def __init__(self, desk: Desk, bus: MemoryBus, seed: int, length_ms: int) -> None:
        setting, clock, first = desk.setting, desk.clock, desk.judge
        self.judge = judge = Judge(clock, first.deadline_ms, account=SIDE)
        judge.join(first)
        self.exchange = WorldExchange(
            clock, tuple(RULES.values()), judge, setting.fees_in, USDT=100_000, BNB=100
        )
        judge.exposure = Exposure(self.exchange, NOTIONAL_MAX)
        policy = policy_of("binance", rules=setting.rules)
        access = Access(exchange=self.exchange, faults=WorldFaults(self.exchange), policy=policy)
        build = partial(desk.executor_of, SIDE, access, judge)
        desk.posts[SIDE_EXECUTOR] = Post(SIDE_EXECUTOR, build)
        self.load = Load(clock, bus, judge, LOADED, account=SIDE)
        draw = random.Random(f"side {seed}")
        self._script = script_of(draw, length_ms, COMMANDS)
        self._desk = desk

    def begin(self) -> None:
        """Say the script."""
        self._desk.outside(self.load.run(self._script))
        self._desk.outside(self.load.repeat(self._desk.setting.again_s))

    @property
    def view(self) -> Desk:
        """The desk as who looks at this account sees it."""
        seen = copy.copy(self._desk)
        seen.judge, seen.exchange, seen.account = self.judge, self.exchange, SIDE
        seen.symbols, seen.led_by = (LOADED,), SIDE_EXECUTOR
        return seen


def mingled(desk: Desk) -> Iterator[tuple[str, str]]:
    """Return where the gate counts what is not this account's: all that is open at its venue, and what it holds."""
    gate: Any = vars(desk.posts["risk"].service)["_sight"].state
    still = [o for o in desk.exchange.orders if o.is_open]
    here = [o for o in still if o.symbol == LOADED]
    open_at = {
        side: sum((o.quantity - o.filled for o in here if o.side is side), Decimal(0))
        for side in Side
    }
    seen = gate.exposure(_probe(desk.account))
    counted = (seen.buys_open, seen.sells_open, seen.orders_open)
    there = (open_at[Side.BUY], open_at[Side.SELL], len(still))
    if counted != there:
        yield "an account's exposure is its own", f"{desk.account}: gate {counted}, venue {there}"


def _probe(account: str) -> PlaceIntent:
    return PlaceIntent(
        intent_id="probe",
        strategy="probe",
        slot="s",
        cycle=1,
        venue="binance",
        account=account,
        symbol=LOADED,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=Decimal(1),
        quantity=Decimal(1),
        purpose=Purpose.OPEN,
        created_ms=0,
        valid_until_ms=0,
        basis=Basis(generation=0, sequence=0),
        reason="probe",
    )
