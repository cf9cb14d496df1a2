"""Bring a journal's database to the version of this code: forward only, checksummed, drift noticed.

Never edits or undoes an applied migration, and never touches another schema than `public` (projections live
in schemas of their own).
"""

import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import PurePath
from typing import Any, TypeAlias

import asyncpg
import msgspec

from opensqt.runtime.journal.port import JournalDown

Connection: TypeAlias = "asyncpg.Connection[Any]"

# `transaction_timeout` is of 17: without it a client that is cut off blocks every append.
SERVER_VERSION_MIN = 17

# Advisory locks are numbers; this one keeps two migrations of one database apart.
_LOCK = 7_205_759_403

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum bytea NOT NULL,
    schema_hash bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""

# Everything that makes two databases behave alike; oids, sizes and dates are left out.
_SHAPE = """
SELECT 'column' AS kind, c.relname::text AS owner, a.attname::text AS name,
       format_type(a.atttypid, a.atttypmod) || coalesce(' not null ' || nullif(a.attnotnull, false), '')
       || coalesce(' collate ' || l.collname, '') || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
       AS shape
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'v', 'c')
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'table', c.relname, '', coalesce(c.reloptions::text, '') || coalesce(
       (SELECT string_agg(x.grantee::regrole::text || ' ' || x.privilege_type, ',' ORDER BY 1)
        FROM aclexplode(c.relacl) x WHERE x.grantee <> c.relowner AND x.grantee <> 0), '')
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
UNION ALL
SELECT 'constraint', n.conrelid::regclass::text, n.conname, pg_get_constraintdef(n.oid)
FROM pg_constraint n WHERE n.connamespace = 'public'::regnamespace AND n.conrelid <> 0
UNION ALL
SELECT 'index', '', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger', t.tgrelid::regclass::text, t.tgname, pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
UNION ALL
SELECT 'function', p.proname, pg_get_function_identity_arguments(p.oid), pg_get_functiondef(p.oid) || coalesce(
       (SELECT string_agg(x.grantee::regrole::text || ' ' || x.privilege_type, ',' ORDER BY 1)
        FROM aclexplode(p.proacl) x WHERE x.grantee <> p.proowner), ' public')
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3, 4
"""


class MigrationFault(RuntimeError):
    """The database does not have the history or the schema that its migrations made."""


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """One forward step; its number and name are its file's."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> bytes:
        """What was applied; an edited file no longer matches."""
        return hashlib.sha256(self.sql.encode()).digest()


def migrations() -> tuple[Migration, ...]:
    """Return the migrations of this code in order; raise `MigrationFault` when a number is missing."""
    folder = resources.files("opensqt.runtime.journal") / "migrations"
    found = sorted(
        (
            Migration(
                version=int(file.name.partition("_")[0]),
                name=PurePath(file.name).stem,
                sql=file.read_text(encoding="utf-8"),
            )
            for file in folder.iterdir()
            if file.name.endswith(".sql")
        ),
        key=lambda migration: migration.version,
    )
    for expected, migration in enumerate(found, start=1):
        if migration.version != expected:
            raise MigrationFault(
                f"{migration.name}.sql has number {migration.version}, expected {expected}"
            )
    return tuple(found)


async def migrate(dsn: str, steps: Sequence[Migration] | None = None) -> tuple[str, ...]:
    """Apply what is missing as the owner of the database; return the names of what was applied.

    Raises `MigrationFault` when the server is too old, an applied step was edited, the database is newer than this code
    or its schema was changed by hand; `JournalDown` when the database cannot be reached.
    """
    wanted = migrations() if steps is None else tuple(steps)
    try:
        connection: Connection = await asyncpg.connect(dsn)
    except (OSError, asyncpg.PostgresError) as error:
        raise JournalDown(f"Postgres does not answer: {error}") from error
    try:
        check_server(connection.get_server_version().major)
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await connection.execute(_LEDGER)
        return await _apply(connection, wanted)
    finally:
        await connection.close()


def check_server(major: int) -> None:
    """Raise `MigrationFault` unless a Postgres of this major version can keep a journal."""
    if major < SERVER_VERSION_MIN:
        raise MigrationFault(
            f"Postgres {major} is too old, {SERVER_VERSION_MIN} or newer is needed (its transaction_timeout);"
            " upgrade the server"
        )


async def schema_hash(connection: Connection) -> bytes:
    """Return one hash over columns, constraints, indexes, triggers, functions and grants of schema `public`."""
    return hashlib.sha256("\n".join(await schema_shape(connection)).encode()).digest()


async def schema_shape(connection: Connection) -> list[str]:
    """Return the schema as comparable lines."""
    return [
        "|".join(str(value) for value in row.values()) for row in await connection.fetch(_SHAPE)
    ]


async def _apply(connection: Connection, wanted: tuple[Migration, ...]) -> tuple[str, ...]:
    rows = await connection.fetch("SELECT * FROM schema_migration ORDER BY version")
    if len(rows) > len(wanted):
        newest = rows[-1]["name"]
        raise MigrationFault(
            f"the database is newer ({newest}) than this code; start the newer version"
        )
    for row, migration in zip(rows, wanted, strict=False):
        if (row["version"], bytes(row["checksum"])) != (migration.version, migration.checksum):
            raise MigrationFault(
                f"{migration.name}.sql is not what was applied as {row['name']}; restore the file and put "
                "the change into a new migration"
            )
    if rows and bytes(rows[-1]["schema_hash"]) != await schema_hash(connection):
        raise MigrationFault(
            f"schema public is not what {rows[-1]['name']} left; undo the change that was made by hand"
        )
    missing = wanted[len(rows) :]
    # All at once: a service that starts meanwhile finds no schema or this version's, never one in between.
    async with connection.transaction():
        for migration in missing:
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO schema_migration (version, name, checksum, schema_hash) VALUES ($1, $2, $3, $4)",
                migration.version,
                migration.name,
                migration.checksum,
                await schema_hash(connection),
            )
    return tuple(migration.name for migration in missing)
