"""A desk with two executors for one account, each on wires of its own that can be blackened, under a steady load."""

import asyncio
import signal
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from opensqt.cli.reading import Source, bring_up
from opensqt.cli.verify import judged
from opensqt.desk.runfile import RunFile
from opensqt.domain.intent import CancelIntent, PlaceIntent
from tests.conditions import until
from tests.crash.desk import Desk, Seat
from tests.crash.house import Shared
from tests.crash.intents import Author
from tests.e2e.standby import port
from tests.proxy import Proxy

LEASE_MS, DEADLINE_MS, LAG_MS = 3000, 2000, 500  # as shipped
SHIPPED = {
    "OPENSQT_LEASE_MS": str(LEASE_MS),
    "OPENSQT__VENUES__BINANCE__DEADLINE_MS": str(DEADLINE_MS),
    "OPENSQT__VENUES__BINANCE__VISIBILITY_LAG_MS": str(LAG_MS),
}
# Beside the perpetual of the house, so that every balance of the account is somebody's.
SPOT = """
[strategies.spot]
kind = "grid"
account = "main"
symbol = "BTC/USDT"
mode = "long"
step_bps = "25"
levels_below = 1
levels_above = 1
order_notional_quote = "100"
"""
OF_RISK = "approvals_proved"
RATE = 10.0  # intents a second
RESTING_MAX = 20  # orders left open before cancels begin
READY_S = 40.0
STOP_S = 9.0


class Twin:
    """One executor, its seat and its wires."""

    def __init__(self, seat: Seat, bus: Proxy, journal: Proxy) -> None:
        self.seat = seat
        self.bus = bus
        self.journal = journal

    async def phase(self) -> str:
        """Return what the process says that it does; an empty text while it says nothing."""
        return str((await port.status(self.seat)).get("phase", ""))


class Pair:
    """Leader and standby, and the commands that they are given."""

    def __init__(self, desk: Desk, twins: tuple[Twin, Twin], author: Author) -> None:
        self.desk = desk
        self.twins = twins
        self.author = author
        self.said: list[PlaceIntent | CancelIntent] = []
        self._flowing = asyncio.Event()

    async def roles(self) -> tuple[Twin, Twin]:
        """Wait until one leads and the other stands by; return them in this order."""
        found: list[Twin] = []

        async def settled() -> bool:
            phases = {await twin.phase(): twin for twin in self.twins}
            found[:] = [
                phases[name] for name in ("running", "waiting for the lease") if name in phases
            ]
            return len(found) == 2

        await until(settled, within_s=READY_S)
        return found[0], found[1]

    def flow(self, *, on: bool) -> None:
        """Begin or interrupt the load."""
        (self._flowing.set if on else self._flowing.clear)()

    async def burst(self, count: int) -> None:
        """Place so many orders without a pause."""
        for _ in range(count):
            self.said.append(await self.author.place())

    async def verified(self) -> list[str]:
        """Judge what is left as `opensqt verify` does, after every executor has ended; return what does not hold.

        The author approves here in the place of risk and judges nothing: what a verdict rests on is no part of this.
        """
        self.flow(on=False)
        await asyncio.gather(*(_ended(twin.seat) for twin in self.twins))
        dsn = self.desk.house.dsn
        await bring_up(dsn)
        source = Source(dsn=dsn, running=False, data=self.desk.house.folder, run=RunFile())
        false = [one for one in await judged(source) if not one.holds]
        return [f"{one.check}: {one.detail}" for one in false if one.check != OF_RISK]

    async def load(self) -> None:
        """Place and cancel in turn for ever while it flows; a cancel is for the oldest order."""
        resting: deque[PlaceIntent] = deque()
        while True:
            await self._flowing.wait()
            if len(resting) < RESTING_MAX or len(self.said) % 2:
                intent = await self.author.place()
                resting.append(intent)
                self.said.append(intent)
            else:
                self.said.append(await self.author.wish(resting.popleft()))
            await self.desk.house.clock.sleep(1 / RATE)


@asynccontextmanager
async def opened(shared: Shared) -> AsyncIterator[Pair]:
    """Open a desk with two executors under load; the load does not flow yet."""
    async with AsyncExitStack() as stack:
        desk = await stack.enter_async_context(Desk(shared))
        desk.play_market()
        lease = await desk.play_risk()
        await desk.start(Seat(service="relay"))
        pair = Pair(
            desk,
            (await _twin(stack, desk, "first"), await _twin(stack, desk, "second")),
            Author(desk, lease),
        )
        load = asyncio.create_task(pair.load())
        stack.callback(load.cancel)
        yield pair


async def _ended(seat: Seat) -> None:
    """Stop a process in good order."""
    seat.vacant = True
    if seat.child is not None and seat.watch is not None:
        seat.child.signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_S):
            await asyncio.shield(seat.watch)


async def _twin(stack: AsyncExitStack, desk: Desk, host: str) -> Twin:
    told = desk.house.environment()
    bus = await stack.enter_async_context(Proxy(told["OPENSQT_NATS_URL"]).open())
    journal = await stack.enter_async_context(Proxy(told["OPENSQT_POSTGRES_DSN"]).open())
    config = desk.house.folder / "standby.toml"
    config.write_text(Path(told["OPENSQT_CONFIG"]).read_text() + SPOT)
    wires = {
        "OPENSQT_CONFIG": str(config),
        "OPENSQT_NATS_URL": bus.address,
        "OPENSQT_POSTGRES_DSN": journal.address,
    }
    seat = Seat(service="executor", host=host, env=SHIPPED | wires)
    await desk.start(seat)
    return Twin(seat, bus, journal)
