"""The database of a desk for whoever only reads: a running one's own, or a stopped one's for as long as it takes.

A stopped folder is locked meanwhile and its projections are brought to the journal's end first. Never starts trading.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import msgspec

from opensqt.desk import access, postgres
from opensqt.desk.address import DeskAddress, Place
from opensqt.desk.data_folder import READER, UP, DataFolder, InUse, holder, told, up_pid
from opensqt.desk.error import NOT_RUNNING, CliError
from opensqt.desk.runfile import RunFile, read_run
from opensqt.runtime.clock import RunClock
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.projection.port import ProjectionMoved
from opensqt.runtime.projection.store import Projections, caught_up

CONNECT_S_MAX = 3.0
RETRY_S = 0.2
READER_S_MAX = 10.0
RECONCILER = (
    "reconciler"  # who may write the projections of a database that is not the folder's own
)

_Result = TypeVar("_Result")


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where to read, and whether the desk goes on meanwhile."""

    dsn: str
    running: bool
    data: Path | None  # None: the desk is reached by its servers alone
    run: RunFile

    @property
    def folder(self) -> Path:
        """The data folder; raises `CliError` where the desk is reached by its servers alone."""
        if self.data is None:
            raise CliError("this reads files of the desk: name its folder with --data")
        return self.data


def read(place: Place, call: Callable[[Source], Awaitable[_Result]]) -> _Result:
    """Run a reader over a desk's database; raise `CliError` when there is none."""

    async def work() -> _Result:
        async with opened(place) as source:
            return await call(source)

    try:
        return asyncio.run(work())
    except asyncpg.UndefinedColumnError as error:
        fix = f"`opensqt up --data {place}`" if isinstance(place, Path) else "its migration"
        raise CliError(f"{place} is of an earlier version: start it once with {fix}") from error
    except (JournalDown, asyncpg.PostgresError, OSError) as error:
        raise CliError(f"the database of {place} does not answer: {error}", NOT_RUNNING) from error


@asynccontextmanager
async def opened(place: Place, *, project: bool = True) -> AsyncIterator[Source]:
    """Open the database of a desk; raise `CliError` when there is none or it does not answer."""
    if isinstance(place, DeskAddress):
        if not place.dsn:
            raise CliError(f"this reads the journal, and only {place} is known: name it with --dsn")
        run = RunFile(config=os.environ.get("OPENSQT_CONFIG", ""))
        yield Source(dsn=place.dsn, running=True, data=None, run=run)
        return
    data = place.absolute()
    run = read_run(data)
    if not run.postgres_dsn:
        if holder(data) is not None:
            raise CliError(f"{data} is just starting: try again in a second", NOT_RUNNING)
        raise CliError(
            f"{data} holds no desk: start one with `opensqt up --data {data}`", NOT_RUNNING
        )
    folder: DataFolder | None = None
    if not up_pid(data):
        if not (data / "postgres").exists():
            dsn = access.postgres_dsn(data, run, RECONCILER)
            if project:
                await bring_up(dsn)
            yield Source(dsn=dsn, running=False, data=data, run=run)
            return
        folder = await _taken(data)
    if folder is None:
        yield Source(dsn=access.postgres_dsn(data, run), running=True, data=data, run=run)
        return
    try:
        async with postgres.serving(data) as dsn:
            if project:
                await bring_up(dsn)
            yield Source(dsn=dsn, running=False, data=data, run=run)
    finally:
        folder.close()


async def _taken(data: Path) -> DataFolder | None:
    """Lock a stopped folder, after those who read it now; return None where an `up` comes first."""
    clock = RunClock()
    folder = DataFolder(data, clock, verb=READER)
    end_s = clock.monotonic_s() + READER_S_MAX
    while True:
        try:
            await folder.open()
        except InUse as error:
            who = holder(data)
            if who is not None and who.verb == UP:
                return None
            if who is not None and clock.monotonic_s() >= end_s:
                raise CliError(
                    f"{told(who)} still reads {data}: try again when it has ended", NOT_RUNNING
                ) from error
        else:
            return folder


async def bring_up(dsn: str) -> None:
    """Bring the projections of a desk that does not run to the end of its journal."""
    journal = await PostgresJournal.connect(dsn)
    try:
        await caught_up(journal, Projections(journal.pool))
    except asyncpg.UndefinedTableError as error:
        raise CliError(
            "the database was never set up: start the desk once with `opensqt up`"
        ) from error
    except ProjectionMoved as error:
        raise CliError(
            f"the projections cannot be brought up: {error}; try `opensqt rebuild`"
        ) from error
    finally:
        await journal.close()


async def connect(dsn: str) -> "asyncpg.Connection[Any]":
    """Connect to a desk's database for reading, patiently while it starts; raise `CliError`."""
    clock = RunClock()
    end_s = clock.monotonic_s() + CONNECT_S_MAX
    while True:
        try:
            return await asyncpg.connect(
                dsn, timeout=CONNECT_S_MAX, server_settings={"default_transaction_read_only": "on"}
            )
        except (OSError, asyncpg.PostgresError) as error:
            if clock.monotonic_s() >= end_s:
                raise CliError(f"the database does not answer: {error}", NOT_RUNNING) from error
            await clock.sleep(RETRY_S)


async def fetch(source: Source, statement: str, *values: object) -> Sequence[asyncpg.Record]:
    """Return the rows of one statement."""
    connection = await connect(source.dsn)
    try:
        return await connection.fetch(statement, *values)
    finally:
        connection.terminate()  # also in the middle of a statement, when time has run out


async def fetch_together(source: Source, *statements: str) -> list[Sequence[asyncpg.Record]]:
    """Return the rows of several statements as of one moment: what is booked meanwhile is in none of them."""
    connection = await connect(source.dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            return [await connection.fetch(statement) for statement in statements]
    finally:
        connection.terminate()
