"""One database per test, copied from a template that was migrated once."""

import importlib
import importlib.util
import itertools
import os
from urllib.parse import urlsplit, urlunsplit

import asyncpg

MIGRATIONS = "opensqt.runtime.journal.migrate"
_numbers = itertools.count(1)


def on(dsn: str, database: str) -> str:
    """Return the address of another database of the same server."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{database}"))


async def make_template(dsn: str) -> str:
    """Create a database with the current schema, as far as migrations exist; return its name."""
    name = await copy(dsn, "template0")
    if importlib.util.find_spec(MIGRATIONS) is not None:
        await importlib.import_module(MIGRATIONS).migrate(on(dsn, name))
    return name


async def copy(dsn: str, template: str) -> str:
    """Create a database like the template and return its name."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    await _execute(dsn, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return name


async def drop(dsn: str, database: str) -> None:
    """Remove a database and whoever is still connected to it."""
    await _execute(dsn, f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
