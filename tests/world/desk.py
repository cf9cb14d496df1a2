"""The processes of a World under their supervisor: started again whenever they end."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextvars import Context as Surroundings
from functools import partial
from pathlib import Path
from typing import Any

from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.recon_events import Halted, Resumed
from opensqt.domain.subjects import subject_of
from opensqt.runtime.clock_watch import clock_trouble
from opensqt.runtime.lease import LeaseLost
from tests.world.checkers import HAND, Judge
from tests.world.loop import Life, WorldClock, WorldLoop
from tests.world.servers import Servers, Service
from tests.world.setting import Setting

RESTART_S = 0.2
TWIN = "executor-twin"


class Post:
    """One process under its supervisor, over all its lives."""

    def __init__(self, name: str, build: Callable[[Life], Service]) -> None:
        self.name = name
        self.build = build
        self.life = Life(name)
        self.life.dead = True
        self.service: Service | None = None
        self.deaths = 0

    @property
    def ready(self) -> bool:
        """True when it runs and serves."""
        alive = not self.life.dead and not self.life.frozen
        return alive and self.service is not None and self.service.ready


class Desk(Servers):
    """The servers, and the processes that come and go."""

    def __init__(
        self,
        clock: WorldClock,
        draw: random.Random,
        judge: Judge,
        folder: Path,
        loop: WorldLoop,
        setting: Setting,
    ) -> None:
        super().__init__(clock, draw, judge, folder, setting)
        self.loop = loop
        self.posts = {
            "relay": Post("relay", self._relay),
            "executor": Post("executor", self._executor),
            "risk": Post("risk", self._risk),
        }
        if setting.is_house:
            self.posts["grid"] = Post("grid", self._grid)
        if setting.has_carry:
            self.posts["arb"] = Post("arb", self._arb)
        if setting.has_market_data:
            self.posts["market_data"] = Post("market_data", self._market_data)
        if setting.has_reconciler:
            self.posts["reconciler"] = Post("reconciler", self._reconciler)
        self._thrown = 0
        self._phases = random.Random(len(self.posts))
        self.resumed: Callable[[], Coroutine[Any, Any, None]] = _nothing  # called after a restore
        self.closed = False  # nobody runs and nobody is started again
        self.restored = False  # a backup was put back
        self.kills_heard: set[str] = set()  # kills that were said while a leader listened

    def start(self, name: str) -> None:
        """Start a process anew."""
        post = self.posts[name]
        life = post.life = Life(name)
        post.service = post.build(life)
        self.judge.note("start", name)
        streams = self.buses[name].streams
        streams.service = post.service
        self.loop.born(life, streams.keep(self._phases.random()))
        task = self.loop.born(life, post.service.run(asyncio.Event()))
        task.add_done_callback(lambda t: self._ended(post, life, t), context=Surroundings())

    def kill(self, name: str) -> None:
        """End a process as SIGKILL does, and let its supervisor start it again."""
        post = self.posts[name]
        if post.life.dead:
            return
        post.life.dead = True
        post.deaths += 1
        self.judge.note("kill", name)
        self.outside(self._again(name, RESTART_S))

    def restart_wrong_clocks(self) -> None:
        """Do what a status asks a person for: start again what began while the machine's time was set."""
        for name in self.posts:
            if clock_trouble(self.clocks[name]):
                self.kill(name)

    def standby(self) -> None:
        """Start a second executor for the account, if there is none."""
        if "executor-b" not in self.posts:
            self.posts["executor-b"] = Post("executor-b", self._executor)
            self.start("executor-b")

    def twin(self) -> None:
        """Start a second executor that says it is the first: each takes the lease from the other."""
        if TWIN not in self.posts:
            self.posts[TWIN] = Post(TWIN, partial(self._executor, holder="executor"))
            self.start(TWIN)

    def retire(self, name: str) -> None:
        """End a process for good."""
        post = self.posts.pop(name, None)
        if post is not None:
            post.life.dead = True

    def close(self) -> None:
        """End everybody at once, as a machine that is lost does."""
        self.closed = True
        for post in self.posts.values():
            post.life.dead = True
            self.judge.note("lost", post.name)

    def open(self) -> None:
        """Start everybody again."""
        self.closed = False
        for name in list(self.posts):
            self.start(name)

    def throw(self, switch: Halted | Resumed) -> None:
        """Put a switch into the journal by hand."""
        self._thrown += 1
        event = NewEvent(
            event_id=f"thrown {self._thrown}",
            stream="control",
            message=switch,
            subject=subject_of(switch),
            actor=HAND,
            occurred_at_ms=switch.time_ms,
        )
        self.store.append(Entry(events=(event,)))

    def leader(self) -> str:
        """Return the executor that serves now, or the first."""
        return next(
            (n for n, p in self.posts.items() if n.startswith(self.led_by) and p.ready),
            self.led_by,
        )

    def outside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that belongs to no process."""
        self.loop.create_task(work, context=Surroundings())

    async def _again(self, name: str, after_s: float) -> None:
        await self.clock.sleep(after_s)
        if name in self.posts and self.posts[name].life.dead and not self.closed:
            self.start(name)

    def _ended(self, post: Post, life: Life, task: "asyncio.Task[None]") -> None:
        if life.dead:
            return
        life.dead = True
        error = None if task.cancelled() else task.exception()
        causes = _leaves(error) if error is not None else []
        self.judge.note("ended", post.name, *(type(cause).__name__ for cause in causes))
        if any(isinstance(cause, LeaseLost) for cause in causes):
            causes = []  # it ends on purpose, and its other tasks notice that in their own ways
        for cause in causes:
            self.judge.blame("services do not die", f"{post.name}: {cause!r}{_where(cause)}")
        self.outside(self._again(post.name, RESTART_S))


async def _nothing() -> None:
    """Nobody has anything to say."""


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in _leaves(part)]
    return [error]


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}"
