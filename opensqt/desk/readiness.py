"""Asks a process whether it is ready. Never waits longer than its timeout and never judges why not."""

import asyncio
from typing import assert_never

import asyncpg
import msgspec

from opensqt.desk import loopback
from opensqt.desk.spec import AliveCheck, Check, DoneCheck, HttpCheck, PostgresCheck


class ReadinessAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a process said of itself; `standing` names its loops that stand still."""

    ready: bool
    heard: bool = True
    standing: str = ""
    lag_events: int | None = None
    why: str = ""


NOT_THERE = ReadinessAnswer(ready=False, heard=False)


async def ask(check: Check) -> ReadinessAnswer:
    """Return the process's answer; silence, refusal and nonsense are "not ready"."""
    match check:
        case HttpCheck():
            return await _ask_http(check)
        case PostgresCheck(dsn=dsn):
            return await _ask_postgres(dsn)
        case AliveCheck():
            return ReadinessAnswer(ready=True)
        case DoneCheck():
            return NOT_THERE
        case _:
            assert_never(check)


async def _ask_http(check: HttpCheck) -> ReadinessAnswer:
    reply = await loopback.get(check.port, check.path, host=check.host, ca_file=check.ca_file)
    lag = reply.said.get("lag")
    return ReadinessAnswer(
        ready=reply.code == loopback.OK,
        lag_events=lag if isinstance(lag, int) else None,
        why=str(reply.said.get("why", "")),
        heard=reply.code != 0,
        standing=str(reply.said.get("standing", "")),
    )


async def _ask_postgres(dsn: str) -> ReadinessAnswer:
    try:
        async with asyncio.timeout(loopback.TIMEOUT_S):
            return await _select(dsn)
    except asyncpg.PostgresError as error:
        return ReadinessAnswer(ready=False, why=str(error))
    except (TimeoutError, OSError):
        return ReadinessAnswer(ready=False)  # a database is never ended for its silence


async def _select(dsn: str) -> ReadinessAnswer:
    try:
        connection = await asyncpg.connect(dsn)
    except asyncpg.InvalidCatalogNameError:
        await _create_database(dsn)
        return NOT_THERE
    try:
        await connection.execute("SELECT 1")
    finally:
        await connection.close()
    return ReadinessAnswer(ready=True)


async def _create_database(dsn: str) -> None:
    server, _, name = dsn.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres")
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    except asyncpg.DuplicateDatabaseError:
        return
    finally:
        await connection.close()
