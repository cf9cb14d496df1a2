"""A world that does its worst to one executor, drawn from a seed: slow ports, faults, deaths, zombies, kills.

Each request is judged when the executor lets it go; the rest is the audit's, when peace has come.
"""

import asyncio
import inspect
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

from opensqt.domain.instruments import Side
from opensqt.domain.intent import TimeInForce
from opensqt.domain.order_events import Submitting
from opensqt.domain.venue import Obstacle
from opensqt.runtime.bus.port import Stream
from services.executor.service import Executor
from tests.component.rig import SYMBOL, Rig
from tests.simulation.executor_audit import Audit
from tests.support.venue.faults import Fault

LEASE = "executor/binance/main"
QUIET_S = 45.0


class Wire:
    """A port whose every call takes its time before and after its effect, so that a death can fall in between."""

    def __init__(self, port: Any, world: "World") -> None:
        self._port = port
        self._world = world

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        # The dead close nothing; a close in time that stands still would be awaited for its real limit.
        if not inspect.iscoroutinefunction(found) or name == "close":
            return found

        async def slow(*args: Any, **kwargs: Any) -> Any:
            await self._world.delay()
            result = await found(*args, **kwargs)
            await self._world.delay()
            return result

        async def placing(asked: Any, *, obstacle: Obstacle) -> Any:
            """Wait for the turn, let go what nothing keeps, and take a while on the way."""
            await self._world.delay()
            requests = [asked] if name == "place" else asked
            kept = {one.client_order_id: obstacle(one.client_order_id) for one in requests}
            for client_order_id in (one for one, why in kept.items() if not why):
                self._world.on_request(client_order_id)
            return await slow(asked, obstacle=kept.__getitem__)

        return placing if name in ("place", "place_batch") else slow


class World:
    """One seed's story."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.rig = Rig(folder)
        self.rig.wire = lambda port: Wire(port, self)
        self.calm = False
        self.breaches: list[str] = []
        self.numbers = 0
        self.published: set[str] = set()  # intents whose command is in a queue
        self.killed = False
        self._tasks: list[tuple[Executor, asyncio.Task[None]]] = []

    async def run(self, steps: int) -> list[str]:
        """Play the story, then peace, and return what was broken."""
        await self.rig.start_risk()
        beat = asyncio.create_task(self.rig.beat())
        self._start()
        await self._ready()
        for _ in range(steps):
            await self._act()
            await self.rig.clock.run_for(self.random.choice((0.0, 0.003, 0.02, 0.1, 0.4, 1.2)))
        await self._peace()
        audit = Audit(self.rig, self._tasks)
        found = audit.judge(self.published, killed=self.killed)
        beat.cancel()
        for executor, task in self._tasks:
            await self.rig.crash(executor, task)
        return self.breaches + found

    async def delay(self) -> None:
        """Let a call take its time."""
        if not self.calm:
            await self.rig.clock.sleep(self.random.choice((0.0, 0.001, 0.002, 0.01, 0.05, 0.3)))

    def on_request(self, name: str) -> None:
        """Judge a place request at the moment when the executor lets it go."""
        facts = [f for f in self.rig.facts() if isinstance(f, Submitting)]
        found = [f for f in facts if f.ref.client_order_id == name]
        if not found:
            self.breaches.append(f"{name} sent without a committed Submitting")
        elif self.rig.store.lease_row(LEASE).epoch != found[0].epoch:
            self.breaches.append(f"{name} sent under the dead epoch {found[0].epoch}")
        if self.killed:
            self.breaches.append(f"{name} sent after the kill")

    # --- what happens

    async def _act(self) -> None:
        acts = {
            self._place: 30,
            self._cancel: 14,
            self._again: 4,
            self._trade: 12,
            self._fault: 14,
            self._journal: 6,
            self._bus: 4,
            self._stream: 4,
            self._gap: 4,
            self._race: 4,
            self._arrive: 4,
            self._late: 4,
            self._die: 5,
            self._depose: 2,
            self._kill: 1,
        }
        act = self.random.choices(list(acts), list(acts.values()))[0]
        await act()

    async def _place(self) -> None:
        self.numbers += 1
        side = self.random.choice((Side.BUY, Side.SELL))
        far = Decimal(self.random.randrange(-5, 100))
        tif = self.random.choice((TimeInForce.POST_ONLY, TimeInForce.GTC, TimeInForce.IOC))
        changes = {
            "side": side,
            "price": Decimal(50_000) - side.sign * far,
            "quantity": Decimal(self.random.randrange(3, 12)) / 1000,
            "time_in_force": tif,
        }
        await self._publish(self.rig.place(self.numbers, **changes))

    async def _cancel(self) -> None:
        # Also of what is not known yet.
        await self._publish(self.rig.cancel(self.random.randint(1, self.numbers + 1)))

    async def _publish(self, intent: Any) -> None:
        if not self.rig.broker.is_down:
            is_exit = self.random.random() < 0.2 or None
            await self.rig.approve(intent, is_exit=is_exit)
            self.published.add(intent.intent_id)

    async def _again(self) -> None:
        if not self.rig.broker.is_down and self.rig.broker.stream(Stream.COMMANDS).last_sequence:
            self.rig.approve_again()

    async def _trade(self) -> None:
        price = Decimal(50_000 + self.random.randrange(-60, 60))
        self.rig.exchange.trade(SYMBOL, price, Decimal(self.random.randrange(1, 15)) / 1000)

    async def _fault(self) -> None:
        call = self.random.choice(("place", "place", "cancel", "look", "read"))
        faults = {
            "place": list(Fault),
            "cancel": [Fault.LOST_ACK, Fault.LOST_REQUEST, Fault.THROTTLED, Fault.NOT_SENT],
            "look": [Fault.LOST_REQUEST, Fault.THROTTLED, Fault.NOT_SENT],
            "read": [Fault.LOST_REQUEST],
        }[call]
        self.rig.venue.faults.set(call, *self.random.choices(faults, k=self.random.randint(1, 3)))

    async def _journal(self) -> None:
        if self.random.random() < 0.5:
            self.rig.journals[-1].answers_lost += self.random.randint(1, 4)
        else:
            self.rig.store.down = not self.rig.store.down

    async def _bus(self) -> None:
        if self.rig.broker.is_down:
            await self.rig.broker.up()
        else:
            self.rig.broker.down()

    async def _stream(self) -> None:
        if self.random.random() < 0.5:
            self.rig.exchange.stream.break_off("cut by the world")
        else:
            self.rig.exchange.stream.restore()

    async def _gap(self) -> None:
        """Let the stream miss a trade and tell the next one at once."""
        self.rig.exchange.stream.break_off("cut by the world")
        await self._trade()
        self.rig.exchange.stream.restore()
        await self._trade()

    async def _race(self) -> None:
        """Cancel a place while nobody knows yet whether it is committed."""
        self.rig.journals[-1].answers_lost += 1
        await self._place()
        await self.rig.clock.run_for(self.random.choice((0.0, 0.002, 0.02, 0.06)))
        cancel = self.rig.cancel(self.numbers)
        await self._publish(cancel)

    async def _arrive(self) -> None:
        self.rig.venue.faults.deliver_late()

    async def _late(self) -> None:
        """Let a request arrive shortly before its deadline, when it was looked for in vain."""
        self.rig.venue.faults.set("place", Fault.LATE)
        await self._place()
        await self.rig.clock.run_for(1.8)
        self.rig.venue.faults.deliver_late()

    async def _die(self) -> None:
        await self.rig.crash(*self._tasks.pop())
        self._start()

    async def _depose(self) -> None:
        """Cut the leader off from the journal and let a successor start beside it: the old one is a zombie."""
        self.rig.journals[-1].down = True
        self._start()

    async def _kill(self) -> None:
        """Tell everyone who is there, as the command and the bus do."""
        self.killed = True
        alive = [executor for executor, task in self._tasks if not task.done()]
        kills = [e.kill.kill("desk", "drill", "world") for e in alive]
        work = asyncio.gather(*kills)
        while not work.done():
            await self.rig.clock.run_for(0.05)
        await work

    def _start(self) -> None:
        executor = self.rig.executor()
        self._tasks.append((executor, asyncio.create_task(executor.run(asyncio.Event()))))

    async def _ready(self) -> None:
        """Wait until one leads; as the supervisor does, start one where nobody is left."""
        for _ in range(200):
            if all(task.done() for _, task in self._tasks):
                self._start()
            if any(executor.ready for executor, task in self._tasks if not task.done()):
                return
            await self.rig.clock.run_for(0.1)

    async def _peace(self) -> None:
        """End every fault and wait as long as the design promises, and a little more."""
        self.calm = True
        self.rig.store.down = False
        for journal in self.rig.journals[:-1]:
            journal.down = False
        for call in ("place", "cancel", "look", "read"):
            while self.rig.venue.faults.take(call) is not None:
                pass
        self.rig.journals[-1].answers_lost = 0
        self.rig.venue.faults.deliver_late()
        self.rig.exchange.stream.restore()
        if self.rig.broker.is_down:
            await self.rig.broker.up()
        await self._ready()
        await self.rig.clock.run_for(QUIET_S)
