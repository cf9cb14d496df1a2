"""`opensqt restore`: an empty folder becomes a desk again, from a backup. Never writes over a desk.

What happened after the backup is not known here: no old order id may come again (a new desk generation), nothing but
cancels is sent until the venue was read anew (closing what a backup knows might open a position), and nothing is opened
until a person says `opensqt resume`.
"""

import argparse
import asyncio
import json
import os
from pathlib import Path

import asyncpg
import msgspec

from opensqt.cli.backup import run_tool
from opensqt.cli.reading import bring_up
from opensqt.desk import ports, postgres
from opensqt.desk.backup_file import DUMP, Manifest, unpack
from opensqt.desk.data_folder import DataFolder
from opensqt.desk.error import GOOD, CliError
from opensqt.desk.runfile import RunFile, read_run, write_run
from opensqt.domain.control import CONTROL_STREAM
from opensqt.domain.ids import event_id
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.recon_events import Halted
from opensqt.domain.scope import DESK
from opensqt.domain.subjects import subject_of
from opensqt.domain.trading_controls import HALTED, RESTORE
from opensqt.runtime.access.grants import roles_sql
from opensqt.runtime.clock import RunClock, open_clock
from opensqt.runtime.journal.desk import ensure_generation
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal

REASON = (
    "restored from a backup: cancels only until the venue is read anew, then closes only;"
    " look at the venue, then `opensqt resume`"
)
KEPT = {"lock"}
# A dump of before the rights (0011) grants to it, and the migration takes that back.
_SHARED = "DO $$ BEGIN CREATE ROLE opensqt_service NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `restore`."""
    parser.add_argument("source", type=Path, help="a file that `opensqt backup` wrote")


def run(args: argparse.Namespace) -> int:
    """Restore into the folder, which must be empty; say what the desk starts with."""
    data = args.data.absolute()
    if data.exists() and any(path.name not in KEPT for path in data.iterdir()):
        raise CliError(f"{data} is not empty: name an empty folder with --data")
    if not args.source.is_file():
        raise CliError(f"{args.source} is no file: name one that `opensqt backup` wrote")
    try:
        manifest, generation = asyncio.run(_restore(data, args.source))
    except (asyncpg.PostgresError, JournalDown, OSError) as error:
        raise CliError(f"{args.source} cannot be restored: {error}") from error
    line = {
        "type": "restore",
        "data": str(data),
        "position": manifest.position,
        "generation": generation,
    }
    told = (
        f"restored {data} up to journal position {manifest.position}, under a new desk generation.\n"
        f"It opens nothing until you have looked: `opensqt up --data {data}`, then `opensqt resume`"
    )
    print(json.dumps(line) if args.json else told)
    return GOOD


def halt(now_ms: int) -> Halted:
    """Return the switch with which a restored desk begins, at a market time."""
    return Halted(scope=DESK, mode=HALTED, reason=REASON, time_ms=now_ms)


async def _restore(data: Path, source: Path) -> tuple[Manifest, str]:
    clock = RunClock()
    folder = DataFolder(data, clock)
    await folder.open()
    try:
        manifest = unpack(source, data)
        port = ports.choose(("postgres",), {})["postgres"]
        write_run(data, _run(data, manifest, port), durable=True)
        await postgres.prepare(data, dict(os.environ))
        async with postgres.serving(data) as dsn:
            generation = await _fill(dsn, data)
        folder.settle()
    except (CliError, OSError, asyncpg.PostgresError, JournalDown):
        folder.undo()
        raise
    finally:
        (data / DUMP).unlink(missing_ok=True)
        folder.close()
    return manifest, generation


def _run(data: Path, manifest: Manifest, port: int) -> RunFile:
    """Return the run of the restored folder: the same market and clock, nothing of the old machine."""
    before = read_run(data)
    return msgspec.structs.replace(
        before,
        pid=0,
        ports={"postgres": port},
        config="",
        market_ms_last=max(before.market_ms_last, manifest.market_ms),
        nats_url="",
        postgres_dsn=postgres.dsn_of(port),
        processes=(),
    )


async def _fill(dsn: str, data: Path) -> str:
    """Fill the database, draw a new generation and journal it with a halt; return the generation."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_SHARED + roles_sql())
        tool = str(postgres.find_folder() / "pg_restore")
        await run_tool(tool, dsn, "--exit-on-error", "--single-transaction", str(data / DUMP))
        await connection.execute("SELECT journal_new_generation()")
    finally:
        await connection.close()
    journal = await PostgresJournal.connect(dsn)
    try:
        clock = open_clock(data)
        generation = await ensure_generation(journal, RESTORE, clock)
        message = halt(clock.market_ms())
        event = NewEvent(
            event_id=event_id("restored", generation),
            stream=CONTROL_STREAM,
            message=message,
            subject=subject_of(message),
            actor=RESTORE,
            occurred_at_ms=message.time_ms,
        )
        await journal.append(Entry(events=(event,)))
    finally:
        await journal.close()
    await bring_up(dsn)
    return generation
