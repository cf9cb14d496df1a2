"""`make crash-matrix`: steps x scenarios on real processes, printed as a table; the venue's audit is the judge."""

import argparse
import asyncio
import contextlib
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from opensqt.runtime.config.schema import PaperRules
from tests import databases, servers
from tests.crash import cell, kills, table
from tests.crash.children import Launcher
from tests.crash.house import House, Shared
from tests.crash.progress import Progress
from tests.crash.scenarios import SCENARIOS
from tests.crash.steps import SERVICES, STEPS, unreachable

LANES = 7
BOTH = "both"
RULES = [rules.value for rules in PaperRules]
_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


@contextlib.asynccontextmanager
async def shared(postgres_dsn: str, template: str) -> AsyncIterator[Shared]:
    """Open what all cells share: the launcher and the authority of the venues."""
    folder = Path(tempfile.mkdtemp(prefix="crash-shared-"))
    launcher = Launcher()
    await launcher.open()
    found = Shared(
        launcher=launcher,
        postgres_dsn=postgres_dsn,
        template=template,
        authority=folder / "ca",
    )
    try:
        async with House(found) as first:
            shutil.copytree(first.venue.ca_path.parent, found.authority)
        yield found
    finally:
        await launcher.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def alone() -> AsyncIterator[Shared]:
    """Open what all cells share, with a Postgres of its own."""
    folder = Path(tempfile.mkdtemp(prefix="crash-postgres-"))
    folder.chmod(0o755)
    server = servers.PostgresServer(folder)
    server.start()
    try:
        template = await databases.make_template(server.dsn)
        async with shared(server.dsn, template) as found:
            yield found
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def in_lanes(
    jobs: Iterable[_Job], work: Callable[[_Job], Awaitable[_Result]], lanes: int = LANES
) -> list[_Result]:
    """Do all jobs, so many at a time, and return their results in order."""
    gate = asyncio.Semaphore(lanes)

    async def one(job: _Job) -> _Result:
        async with gate:
            return await work(job)

    async with asyncio.TaskGroup() as tasks:
        started = [tasks.create_task(one(job)) for job in jobs]
    return [task.result() for task in started]


async def surveyed(
    found: Shared,
    services: Sequence[str],
    scenarios: Sequence[str],
    rules: Sequence[PaperRules],
    part: str = "",
) -> list[cell.Cell]:
    """Play every scenario once without a death; return the cells that it reaches, of steps that contain `part`."""
    whole = [
        cell.Cell(service=service, scenario=scenario, rules=rule)
        for rule in rules
        for service in services
        for scenario in scenarios
    ]
    surveys = await in_lanes(whole, lambda one: cell.survey(found, one))
    return [
        dying
        for seen in surveys
        for step in STEPS[seen.cell.service]
        if part in step and (dying := seen.dying_at(step)) is not None
    ]


def without_repetition(cells: Iterable[cell.Cell]) -> list[cell.Cell]:
    """Leave out deaths before or after a scenario that another one of these has as well."""
    found: dict[tuple[str, str, str], cell.Cell] = {}
    for one in cells:
        scenario = one.scenario if one.within else ""
        found.setdefault((one.rules.value, one.step, scenario), one)
    inside = {(one.rules, one.step) for one in found.values() if one.within}
    return [one for one in found.values() if one.within or (one.rules, one.step) not in inside]


async def outcomes(
    found: Shared, cells: Sequence[cell.Cell], progress: Progress, book: Path | None = None
) -> list[cell.Outcome]:
    """Die at each of these cells; what `book` says to be good already is not done again, what is new goes into it."""
    known = _read(book)

    async def work(one: cell.Cell) -> cell.Outcome:
        outcome = known.get(_key(one))
        if outcome is None:
            outcome = await _twice(found, one)
            _write(book, outcome)
        if outcome.broken or not outcome.died:
            progress.say(table.line_of(outcome))
        progress.step(failed=bool(outcome.broken), known=_key(one) in known)
        return outcome

    return await in_lanes(cells, work)


async def main(words: argparse.Namespace) -> int:
    """Run the matrix and the random kills, print both; return 1 when a promise was broken."""
    began_s = time.monotonic()
    chosen = [rules for rules in PaperRules if words.rules in (rules.value, BOTH)]
    async with alone() as found, asyncio.TaskGroup() as tasks:
        _tell("surveying which steps each scenario reaches")
        cells = await surveyed(found, words.services, words.scenarios, chosen, words.step)
        bar = Progress("cells and kills", len(cells) + words.kills)
        # Beside each other: a desk that waits for its next death leaves the cores to the cells.
        dying = tasks.create_task(outcomes(found, cells, bar, words.resume))
        killing = tasks.create_task(kills.run(found, words.kills, words.seed, chosen, bar))
        results, violent = await dying, await killing
    for rules in chosen:
        mine = [one for one in results if one.cell.rules is rules]
        for line in table.lines(mine, words.services, words.scenarios, rules):
            _tell(line)
    for line in (
        *table.reasons(results, words.services, words.scenarios),
        *kills.lines(violent),
        f"{time.monotonic() - began_s:.0f} s, of processors {_processors_s():.0f} s",
    ):
        _tell(line)
    broken = any(one.broken for one in results) or any(one.broken for one in violent)
    return int(broken or _unexplained(words, results))


def _unexplained(words: argparse.Namespace, results: list[cell.Outcome]) -> bool:
    """Tell whether a run of everything left out a step that has no reason for it."""
    if words.step or set(words.scenarios) < set(SCENARIOS):
        return False
    return not all(map(unreachable, table.unreached(results, words.services)))


async def _twice(found: Shared, one: cell.Cell) -> cell.Outcome:
    outcome = await cell.run(found, one)
    if not outcome.judged:
        outcome = await cell.run(found, one)
    if not outcome.died and not outcome.broken and one.count > 1:
        # Its turn came at another moment than in the survey: then at the first time of all.
        outcome = await cell.run(found, msgspec.structs.replace(one, count=1))
    return outcome


def _key(one: cell.Cell) -> tuple[str, str, str]:
    return one.rules.value, one.scenario, one.step


def _read(book: Path | None) -> dict[tuple[str, str, str], cell.Outcome]:
    if book is None or not book.exists():
        return {}
    lines = book.read_bytes().splitlines()
    good = (msgspec.json.decode(line, type=cell.Outcome) for line in lines)
    return {_key(one.cell): one for one in good if one.died and not one.broken}


def _write(book: Path | None, outcome: cell.Outcome) -> None:
    if book is not None:
        book.parent.mkdir(parents=True, exist_ok=True)
        with book.open("ab") as file:
            file.write(msgspec.json.encode(outcome) + b"\n")


def _processors_s() -> float:
    """Return the processor time of this process and of all its servers and children that have ended."""
    spent = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in spent)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", nargs="+", default=list(SERVICES), choices=SERVICES)
    parser.add_argument("--scenarios", nargs="+", default=list(SCENARIOS), choices=SCENARIOS)
    parser.add_argument("--rules", default=BOTH, choices=[*RULES, BOTH], help="whose rules on ids")
    parser.add_argument("--step", default="", help="only steps whose name contains this")
    parser.add_argument("--kills", type=int, default=500, help="kills at random instants, in all")
    parser.add_argument("--seed", type=int, default=1, help="of the random instants")
    parser.add_argument(
        "--resume", type=Path, help="a file of cells: the good ones are not repeated"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(_words())))
