"""`opensqt backup`: one file that a desk can be restored from, also while it runs. Changes nothing, holds no key.

The journal is taken first and the paper venue after it: a desk may find more at its venue than it knows, never less.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

import opensqt
from opensqt.cli.reading import Source, connect, opened
from opensqt.cli.verify_evidence import FILE as AUDIT
from opensqt.desk import postgres
from opensqt.desk.backup_file import DUMP, SCHEMA, Manifest, pack, sha256_of
from opensqt.desk.error import GOOD, NOT_RUNNING, CliError
from opensqt.desk.plan import FILE_NAME
from opensqt.desk.timestamps import rfc3339
from opensqt.runtime import latch
from opensqt.runtime.access.credentials import without_password
from opensqt.runtime.clock import RUN_FILE, open_clock
from opensqt.runtime.environment import APPROVAL_KEYS_FOLDER

VENUE = "venue/state.sqlite"
PREFIX, SUFFIX = "opensqt-backup-", ".tar.gz"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `backup`."""
    parser.add_argument(
        "--to", type=Path, help="the file, or a folder (default: ./opensqt-backup-TIME.tar.gz)"
    )
    parser.add_argument(
        "--keep", type=int, default=0, metavar="N", help="remove all but the newest N in the folder"
    )


def run(args: argparse.Namespace) -> int:
    """Write the backup and say where it is and how far it goes."""
    folder = _folder_of(args.to)
    _check_folder(folder)
    if args.keep < 0:
        raise CliError(f"--keep {args.keep}: expected how many backups stay, 0 for all")

    async def work() -> tuple[Path, Manifest]:
        async with opened(args.place, project=False) as source:
            return await _backup(source, args.to)

    try:
        target, manifest = asyncio.run(work())
    except (asyncpg.PostgresError, sqlite3.Error, OSError) as error:
        raise CliError(f"{args.place} cannot be backed up: {error}", NOT_RUNNING) from error
    removed = _remove_old(folder, args.keep)
    line = {
        "type": "backup",
        "path": str(target),
        "position": manifest.position,
        "bytes": target.stat().st_size,
        "removed": removed,
    }
    told = f"wrote {target}: journal up to position {manifest.position}, {line['bytes']} bytes"
    print(json.dumps(line) if args.json else told)
    return GOOD


def _folder_of(wanted: Path | None) -> Path:
    """Return the folder into which a backup goes."""
    path = (wanted or Path.cwd()).absolute()
    return path if path.is_dir() else path.parent


def _remove_old(folder: Path, keep: int) -> list[str]:
    """Remove all but the newest backups of this command's names, oldest first; 0 keeps all."""
    found = sorted(folder.glob(f"{PREFIX}*{SUFFIX}"))
    old = found[:-keep] if keep else []
    for path in old:
        path.unlink()
    return [path.name for path in old]


def _check_folder(folder: Path) -> None:
    """Refuse a folder that no file can be written to, before a database is started for it."""
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise CliError(
            f"{folder} is no folder that can be written: make it, or name another file with --to"
        )


async def _backup(source: Source, wanted: Path | None) -> tuple[Path, Manifest]:
    clock = open_clock(source.data)
    now_ms = clock.wall_ms()
    name = f"{PREFIX}{rfc3339(now_ms)[:19].replace(':', '')}Z{SUFFIX}"
    target = wanted.absolute() if wanted and not wanted.is_dir() else _folder_of(wanted) / name
    if target.exists():
        raise CliError(f"{target} exists: name another file with --to")
    with tempfile.TemporaryDirectory(prefix="opensqt-backup-", dir=target.parent) as scratch:
        folder = Path(scratch)
        connection = await connect(source.dsn)
        try:
            head = await connection.fetchrow("SELECT position, generation FROM journal_head")
        finally:
            await connection.close()
        if head is None:
            raise CliError("there is no journal yet: start the desk once")
        await _dump(source.dsn, folder / DUMP)  # holds this position, and perhaps more
        parts = {DUMP: folder / DUMP} | _files(source.data, folder, source.run.config)
        manifest = Manifest(
            schema=SCHEMA,
            version=opensqt.__version__,
            created_ms=now_ms,
            market_ms=max(clock.market_ms(), source.run.market_ms_last),
            position=head["position"],
            generation=head["generation"],
            parts={name: sha256_of(path) for name, path in parts.items()},
        )
        pack(target, manifest, parts)
    return target, manifest


async def _dump(dsn: str, target: Path) -> None:
    tool = str(postgres.find_folder() / "pg_dump")
    await run_tool(tool, dsn, "--format=custom", "--compress=0", f"--file={target}")


async def run_tool(tool: str, dsn: str, *words: str) -> None:
    """Run a tool of Postgres on a database to its end; raise `CliError` with its last words."""
    # Everybody may read the arguments of a process, nobody its environment.
    password = unquote(urlsplit(dsn).password or "")
    process = await asyncio.create_subprocess_exec(
        tool,
        f"--dbname={without_password(dsn)}",
        *words,
        env={**os.environ, "PGPASSWORD": password} if password else None,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        last = said.decode(errors="replace").strip().splitlines()
        raise CliError(f"{Path(tool).name} failed: {last[-1] if last else 'no reason given'}")


def _files(data: Path | None, scratch: Path, config: str) -> dict[str, Path]:
    """Return the small files of a folder; those that are being written are copied to `scratch` first.

    A configuration that lies elsewhere (`up --config`) comes along. The audit goes before the venue's state, which can
    complete it.
    """
    found: dict[str, Path] = {}
    elsewhere = Path(config)
    if data is None:
        if config and elsewhere.is_file():
            found[FILE_NAME] = elsewhere
        return found
    # What proves the approvals of the journal comes along; what makes them never does.
    public = (
        f"{APPROVAL_KEYS_FOLDER}/{one.name}" for one in data.glob(f"{APPROVAL_KEYS_FOLDER}/*.pem")
    )
    for name in (FILE_NAME, RUN_FILE, *public):
        if (data / name).exists():
            found[name] = scratch / name
            found[name].parent.mkdir(exist_ok=True)
            found[name].write_bytes((data / name).read_bytes())
    if (latched := latch.read(data)) is not None:
        # Whatever has the name kills the desk: written anew it is a file, which a backup can hold.
        latch.latch(scratch, latched)
        found[latch.FILE_NAME] = scratch / latch.FILE_NAME
    if FILE_NAME not in found and config and elsewhere.is_file():
        found[FILE_NAME] = scratch / FILE_NAME
        found[FILE_NAME].write_bytes(elsewhere.read_bytes())
    if (data / AUDIT).exists():
        text = (data / AUDIT).read_bytes()
        (scratch / AUDIT).write_bytes(text[: text.rfind(b"\n") + 1])
        found[AUDIT] = scratch / AUDIT
    if (data / VENUE).exists():
        found[VENUE] = scratch / "state.sqlite"
        with (
            sqlite3.connect(f"file:{data / VENUE}?mode=ro", uri=True) as live,
            sqlite3.connect(found[VENUE]) as copy,
        ):
            live.backup(copy)
        live.close()
        copy.close()
    return found
