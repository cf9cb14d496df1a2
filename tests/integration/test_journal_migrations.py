"""Migrations on a real Postgres: forward, once, and noticed when somebody else changed the schema."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg
import pytest

from opensqt.runtime.journal.migrate import (
    Connection,
    Migration,
    MigrationFault,
    check_server,
    migrate,
    migrations,
    schema_shape,
)
from opensqt.runtime.migrate import prepare
from tests.journals import entry, event, open_desk

Names: TypeAlias = tuple[str, ...]
ALL = migrations()


@asynccontextmanager
async def owner(dsn: str) -> AsyncIterator[Connection]:
    """Connect as the owner of the database."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def shape(dsn: str) -> list[str]:
    """Return the schema of a database as lines."""
    async with owner(dsn) as connection:
        return await schema_shape(connection)


@pytest.mark.row("A12")
@pytest.mark.parametrize("applied_first", range(len(ALL)))
async def test_an_upgraded_database_equals_a_fresh_one(
    postgres_empty_dsn: str, postgres_dsn: str, applied_first: int
) -> None:
    """From every earlier version on, with rows in it, the schema ends the same and the rows stay."""
    await migrate(postgres_empty_dsn, ALL[:applied_first])
    has_append = applied_first >= 2
    if has_append:
        async with open_desk(postgres_empty_dsn) as desk:
            await desk.journal.append(entry(event("before")))
    assert await migrate(postgres_empty_dsn) == tuple(one.name for one in ALL[applied_first:])
    assert await shape(postgres_empty_dsn) == await shape(postgres_dsn)
    async with open_desk(postgres_empty_dsn) as desk:
        await desk.journal.append(entry(event("after")))
        rows = await desk.journal.read(0, 10)
    assert [row.event_id for row in rows] == (["before", "after"] if has_append else ["after"])


@pytest.mark.row("A12")
async def test_migrating_again_does_nothing(postgres_dsn: str) -> None:
    """A database of this version stays as it is."""
    before = await shape(postgres_dsn)
    assert await migrate(postgres_dsn) == ()
    assert await shape(postgres_dsn) == before


async def test_two_migrations_at_once_apply_each_step_once(postgres_empty_dsn: str) -> None:
    """The second waits for the first and finds nothing to do."""
    done: Sequence[Names] = await asyncio.gather(
        migrate(postgres_empty_dsn), migrate(postgres_empty_dsn)
    )
    assert sorted(len(names) for names in done) == [0, len(ALL)]


@pytest.mark.row("A12")
async def test_a_schema_changed_by_hand_is_refused(postgres_dsn: str) -> None:
    """Drift stops the start and says after which migration."""
    async with owner(postgres_dsn) as connection:
        await connection.execute("ALTER TABLE journal ADD COLUMN note text")
    with pytest.raises(MigrationFault, match=ALL[-1].name):
        await migrate(postgres_dsn)


@pytest.mark.row("A12")
@pytest.mark.parametrize(
    "change",
    [
        "GRANT UPDATE ON journal TO opensqt_grid",
        "DROP TRIGGER journal_is_append_only ON journal",
        "ALTER TABLE journal DROP CONSTRAINT journal_event_id_key",
        "ALTER FUNCTION lease_renew(text, bigint, integer) SECURITY INVOKER",
    ],
)
async def test_a_weakened_guard_is_drift(postgres_dsn: str, change: str) -> None:
    """Grants, triggers, constraints and functions belong to the schema that is compared."""
    async with owner(postgres_dsn) as connection:
        await connection.execute(change)
    with pytest.raises(MigrationFault, match="by hand"):
        await migrate(postgres_dsn)


@pytest.mark.row("A12")
async def test_an_edited_migration_is_refused(postgres_dsn: str) -> None:
    """A checksum that does not fit names the file."""
    first = ALL[0]
    edited = Migration(version=1, name=first.name, sql=first.sql + "\n-- edited")
    with pytest.raises(MigrationFault, match=r"0001_journal\.sql"):
        await migrate(postgres_dsn, (edited, *ALL[1:]))


async def test_a_newer_database_is_refused(postgres_dsn: str) -> None:
    """An older version of the code does not touch what a newer one made."""
    with pytest.raises(MigrationFault, match="newer"):
        await migrate(postgres_dsn, ALL[:-1])


async def test_a_failing_migration_leaves_nothing(postgres_empty_dsn: str) -> None:
    """A step is applied whole or not at all, and can be tried again."""
    broken = Migration(version=1, name="0001_broken", sql="CREATE TABLE half (); SELECT 1/0")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(postgres_empty_dsn, (broken,))
    assert await migrate(postgres_empty_dsn) == tuple(one.name for one in ALL)


async def test_the_command_migrates_and_journals_the_generation(postgres_empty_dsn: str) -> None:
    """After `python -m opensqt.runtime.migrate` position 1 is the desk's generation."""
    assert "0001_journal" in await prepare(postgres_empty_dsn, None)
    assert "nothing" in await prepare(postgres_empty_dsn, None)
    async with open_desk(postgres_empty_dsn) as desk:
        (row,) = await desk.journal.read(0, 10)
    assert row.type == "DeskGeneration"


def test_a_server_that_cannot_bound_a_transaction_is_refused() -> None:
    """Postgres 17 knows the limit that frees the journal from a client that is cut off; an older one is named."""
    check_server(17)
    with pytest.raises(MigrationFault, match="Postgres 16 is too old, 17 or newer"):
        check_server(16)
