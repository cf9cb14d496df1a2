"""`make crash-matrix`: steps x scenarios on real processes, printed as a table; the venue's audit is the judge."""

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from tests import databases, servers
from tests.crash import cell, kills, table
from tests.crash.children import Launcher
from tests.crash.house import House, Shared
from tests.crash.scenarios import SCENARIOS
from tests.crash.steps import SERVICES, STEPS

LANES = 6
TELL_EVERY = 50
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


async def outcomes(
    found: Shared,
    services: Iterable[str],
    scenarios: Iterable[str],
    tell: Callable[[str], None],
    part: str = "",
) -> list[cell.Outcome]:
    """Survey which steps each scenario reaches, then die at each of them whose name contains `part`."""
    pairs = [(service, scenario) for service in services for scenario in scenarios]
    surveys = await in_lanes(pairs, lambda pair: cell.survey(found, *pair))
    cells = [
        one
        for (service, scenario), seen in zip(pairs, surveys, strict=True)
        for step in STEPS[service]
        if part in step and (one := seen.cell(service, scenario, step)) is not None
    ]
    tell(f"{len(cells)} cells are reached")

    done: list[cell.Outcome] = []

    async def work(one: cell.Cell) -> cell.Outcome:
        outcome = await cell.run(found, one)
        if not outcome.died and not outcome.broken and one.count > 1:
            # Its turn came at another moment than in the survey: then at the first time of all.
            outcome = await cell.run(found, msgspec.structs.replace(one, count=1))
        done.append(outcome)
        if len(done) % TELL_EVERY == 0:
            tell(f"{len(done)} of {len(cells)} cells")
        if outcome.broken or not outcome.died:
            tell(table.line_of(outcome))
        return outcome

    return await in_lanes(cells, work)


async def main(words: argparse.Namespace) -> int:
    """Run the matrix and the random kills, print both; return 1 when a promise was broken."""
    began_s = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="crash-postgres-"))
    folder.chmod(0o755)
    server = servers.PostgresServer(folder)
    server.start()
    try:
        template = await databases.make_template(server.dsn)
        async with shared(server.dsn, template) as found:
            results = await outcomes(found, words.services, words.scenarios, _tell, words.step)
            violent = await kills.run(found, words.kills, words.seed)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    for line in table.lines(results, words.services, words.scenarios):
        _tell(line)
    for line in kills.lines(violent):
        _tell(line)
    _tell(f"{time.monotonic() - began_s:.0f} s")
    return int(any(one.broken for one in results) or any(one.broken for one in violent))


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", nargs="+", default=list(SERVICES), choices=SERVICES)
    parser.add_argument("--scenarios", nargs="+", default=list(SCENARIOS), choices=SCENARIOS)
    parser.add_argument("--step", default="", help="only steps whose name contains this")
    parser.add_argument("--kills", type=int, default=500, help="kills at random instants")
    parser.add_argument("--seed", type=int, default=1, help="of the random instants")
    sys.exit(asyncio.run(main(parser.parse_args())))
