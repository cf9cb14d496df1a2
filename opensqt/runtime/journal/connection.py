"""Connections to Postgres as the role of a service; the one place that turns its failures into `JournalDown`.

Never holds a transaction that may lock the journal's head across a round trip. Without a role it works as whoever the
address names: the owner, in the steps before and after a desk's life.
"""

import contextlib
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

import asyncpg

from opensqt.runtime.journal.port import JournalDown

SETTINGS = {
    "lock_timeout": "250ms",
    "statement_timeout": "1s",
    "idle_in_transaction_session_timeout": "500ms",
    # An autocommit statement is a transaction until its Sync arrives, and neither limit above counts in between.
    "transaction_timeout": "1s",
    "synchronous_commit": "on",
    "jit": "off",
}
ANSWER_S_MAX = (
    1.5  # beyond the statement's own second: the commit may be stuck, its outcome is unknown
)
CONNECT_S_MAX = 3.0

Connection: TypeAlias = "asyncpg.Connection[Any]"
Pool: TypeAlias = "asyncpg.Pool[Any]"
Borrowed: TypeAlias = "asyncpg.pool.PoolConnectionProxy[Any]"

# What says "Postgres cannot do it now", as opposed to "this statement is wrong".
_DOWN = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TransactionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresIOError,
)


@contextlib.contextmanager
def _border(what: str) -> Any:
    try:
        yield
    except _DOWN as error:
        raise JournalDown(f"{what}: {type(error).__name__}: {error}") from error


def border(what: str) -> contextlib.AbstractContextManager[None]:
    """Turn failures of Postgres inside the block into `JournalDown` that names `what` was tried."""
    manager: contextlib.AbstractContextManager[None] = _border(what)
    return manager


def settings_of(role: str) -> dict[str, str]:
    """Return what a connection asks for at its start: tight limits, and the role of its service if it has one."""
    return SETTINGS | ({"role": role} if role else {})


def new_pool(dsn: str, *, role: str = "", connections_max: int = 4) -> Pool:
    """Return a pool that heals by itself and is down until it has been awaited inside `border`."""
    return asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=connections_max,
        reset=_keep_session,
        timeout=CONNECT_S_MAX,
        command_timeout=ANSWER_S_MAX,
        server_settings=settings_of(role),
        statement_cache_size=100,
    )


async def open_connection(dsn: str, role: str = "") -> Connection:
    """Open one connection of its own; raise `JournalDown`."""
    with border("connect to the journal"):
        return await asyncpg.connect(
            dsn,
            timeout=CONNECT_S_MAX,
            command_timeout=ANSWER_S_MAX,
            server_settings=settings_of(role),
        )


@contextlib.asynccontextmanager
async def borrowed(pool: Pool, what: str) -> AsyncIterator[Borrowed]:
    """Lend a connection; failures inside are `JournalDown`."""
    with border(what):
        async with pool.acquire(timeout=CONNECT_S_MAX) as connection:
            try:
                yield connection
            except asyncpg.InternalClientError:
                # A server killed in the middle of an answer leaves its connection confused for good.
                connection.terminate()
                raise


@contextlib.asynccontextmanager
async def transaction(connection: Borrowed, **options: Any) -> AsyncIterator[None]:
    """Hold one transaction over round trips, for what never takes the journal's head.

    Each statement and each pause has its limit; all of them together have none.
    """
    async with connection.transaction(**options):
        await connection.execute("SET LOCAL transaction_timeout = 0")
        yield


async def _keep_session(_: Connection) -> None:
    """Leave the session as it is: nothing here changes it, and a reset costs a round trip."""
