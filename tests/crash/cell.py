"""One cell of the matrix: a scenario in which one process dies at one step, and the verdict on what is left."""

import asyncio
import signal
from collections import Counter
from enum import StrEnum

import asyncpg
import msgspec

from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.config.schema import PaperRules
from opensqt.runtime.journal.port import JournalDown
from tests.conditions import until
from tests.crash import judge
from tests.crash.desk import Desk, Seat
from tests.crash.house import POLL_S, Shared
from tests.crash.intents import Author
from tests.crash.scenarios import SCENARIOS
from tests.e2e import audit

READY_S = 20.0
STOP_S = 9.0
CELL_S_MAX = 120
TAKE_OVER = "take-over"


class When(StrEnum):
    """In which part of a process's life the step is passed for the first time."""

    DURING = "ok"
    STOPPING = "ok, stop"
    AGAIN = "ok, start"


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """Who dies where, when, in which scenario and under whose rules; without a step nobody does."""

    service: str
    scenario: str
    rules: PaperRules = PaperRules.BINANCE
    step: str = ""
    count: int = 1
    when: When = When.DURING
    within: bool = (
        False  # whether the scenario itself passes the step, not only what is before and after it
    )


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """How often each step was passed before the scenario acts, to its end, to a clean stop, to a start after that."""

    cell: Cell
    before: Counter[str]
    during: Counter[str]
    after: Counter[str]
    again: Counter[str]

    def dying_at(self, step: str) -> Cell | None:
        """Return the cell in which this step is died at for the first time within the scenario, if it is passed."""
        count, when, within = 1, When.DURING, self.during[step] > self.before[step]
        if within:
            count = self.before[step] + 1
        elif self.before[step] == 0:
            if self.again[step] == 0:
                return None
            when = When.STOPPING if self.after[step] else When.AGAIN
        return msgspec.structs.replace(self.cell, step=step, count=count, when=when, within=within)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a cell; `broken` is empty where the promise held."""

    cell: Cell
    died: bool
    broken: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()  # processes that ended by themselves
    seconds: float = 0.0
    judged: bool = True  # false where the cell's own servers failed, not the system under test


async def survey(shared: Shared, cell: Cell) -> Survey:
    """Play a scenario in which nobody dies and count the steps; raise `AssertionError` when it does not end well."""
    async with asyncio.timeout(CELL_S_MAX), desk_of(shared, cell) as desk:
        try:
            return await _counted(desk, cell)
        except TimeoutError as error:
            raise AssertionError(f"{cell}, nobody died: {error} {desk.faults[-3:]}") from error


async def run(shared: Shared, cell: Cell) -> Outcome:
    """Let a process die at the cell's step and judge."""
    try:
        async with asyncio.timeout(CELL_S_MAX), desk_of(shared, cell) as desk:
            return await _judged(desk, cell)
    except TimeoutError:
        return Outcome(cell=cell, died=False, broken=(f"did not end within {CELL_S_MAX} s",))
    except (JournalDown, BusDown, asyncpg.PostgresError, OSError) as error:
        # One cell without a verdict, not the end of all others.
        told = (f"its servers failed: {error!r}",)
        return Outcome(cell=cell, died=False, broken=told, judged=False)


def desk_of(shared: Shared, cell: Cell) -> Desk:
    """Return the desk of a cell, which trades the symbols of its scenario."""
    return Desk(shared, cell.rules, symbols=SCENARIOS[cell.scenario].symbols)


async def _counted(desk: Desk, cell: Cell) -> Survey:
    seat, author = await begin(desk, cell)
    scenario = SCENARIOS[cell.scenario]
    await author.surely()
    placed = await scenario.before(author)
    before = desk.passed(seat.name)
    await scenario.then(desk, author, placed)
    found = await verdict(desk, author)
    during = desk.passed(seat.name)
    await _stop(seat)
    after = desk.passed(seat.name)
    if cell.scenario != TAKE_OVER:
        await _start_again(desk, seat)
    again = desk.passed(seat.name)
    assert not found, f"{cell}, nobody died: {found}"
    return Survey(cell=cell, before=before, during=during, after=after, again=again)


async def _judged(desk: Desk, cell: Cell) -> Outcome:
    began_s = desk.house.clock.monotonic_s()
    try:
        broken = await _play(desk, cell)
    except TimeoutError as error:
        rows = audit.rows(desk.house.folder)
        broken = [str(error), judge.differs(desk.house.record, rows)]
    desk.house.failed = bool(broken)
    return Outcome(
        cell=cell,
        died=any(death.startswith(f"{cell.service} ") for death in desk.deaths),
        broken=tuple(broken),
        faults=tuple(desk.faults),
        seconds=desk.house.clock.monotonic_s() - began_s,
    )


async def _play(desk: Desk, cell: Cell) -> list[str]:
    seat, author = await begin(desk, cell)
    await play(desk, author, cell.scenario)
    if cell.when is not When.DURING:
        await _stop(seat)
        if cell.scenario != TAKE_OVER:
            await _start_again(desk, seat, cell.step if cell.when is When.AGAIN else "")
    await author.surely()
    return await verdict(desk, author)


async def play(desk: Desk, author: Author, scenario: str) -> None:
    """Trade, then play a scenario from its beginning."""
    await author.surely()
    placed = await SCENARIOS[scenario].before(author)
    await SCENARIOS[scenario].then(desk, author, placed)


async def begin(desk: Desk, cell: Cell) -> tuple[Seat, Author]:
    """Start the processes that the scenario needs, the mortal one last; return it and the author of intents."""
    desk.play_market()
    lease = None if cell.service == "risk" else await desk.play_risk()
    needed = ("relay", "executor") if lease else ("relay", "executor", "risk")
    seat = Seat(service=cell.service, vacant=cell.scenario == TAKE_OVER)
    for service in needed:
        if service != cell.service:
            await desk.start(Seat(service=service))
    mortal = cell.step and cell.when is not When.AGAIN
    await desk.start(seat, f"{cell.step}:{cell.count}" if mortal else "")

    async def sits_or_died() -> bool:
        return bool(desk.deaths) or await desk.ready(seat)

    await until(sits_or_died, within_s=READY_S, poll_s=POLL_S)
    if cell.scenario == TAKE_OVER:
        await desk.start(Seat(service=cell.service, host="twin"))
    return seat, Author(desk, lease)


async def _start_again(desk: Desk, seat: Seat, crash_at: str = "") -> None:
    """Start a process that has stopped, under a supervisor, and wait until the one that stays is ready."""
    seat.vacant = False
    await desk.start(seat, crash_at)
    if crash_at:
        await until(lambda: bool(desk.deaths), within_s=READY_S)
    await until(lambda: desk.ready(seat), within_s=READY_S, poll_s=POLL_S)


async def _stop(seat: Seat) -> None:
    """Stop a process in good order, or as far as it gets, and its supervisor with it."""
    seat.vacant = True
    if seat.child is not None and seat.watch is not None:
        seat.child.signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_S):
            await asyncio.shield(seat.watch)


async def verdict(desk: Desk, author: Author) -> list[str]:
    """Wait for rest and name every breach of the promise."""
    house = desk.house
    found = [await judge.quiet(desk), await judge.unheard(desk)]
    await house.read()
    found += judge.broken(house.record, audit.rows(house.folder), author.places)
    return [text for text in found if text]
