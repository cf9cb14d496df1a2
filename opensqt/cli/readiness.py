"""Asks a process whether it is ready. Never waits longer than its timeout and never judges why not."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from typing import assert_never

import asyncpg
import msgspec

from opensqt.cli.spec import AliveCheck, Check, DoneCheck, HttpCheck, PostgresCheck

TIMEOUT_S = 1.0
BODY_BYTES_MAX = 64 * 1024


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a process said of itself."""

    ready: bool
    lag_events: int | None = None
    why: str = ""


NOT_THERE = Answer(ready=False)


async def ask(check: Check) -> Answer:
    """Return the process's answer; silence, refusal and nonsense are "not ready"."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            match check:
                case HttpCheck():
                    return await _ask_http(check)
                case PostgresCheck(dsn=dsn):
                    return await _ask_postgres(dsn)
                case AliveCheck():
                    return Answer(ready=True)
                case DoneCheck():
                    return NOT_THERE
                case _:
                    assert_never(check)
    except (TimeoutError, OSError, ssl.SSLError, asyncio.IncompleteReadError):
        return NOT_THERE


async def fetch(check: HttpCheck) -> Mapping[str, object]:
    """Return the JSON object at a path of a process; an empty one when it does not answer."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return _json_object((await _get(check))[1])
    except (TimeoutError, OSError):
        return {}


async def _ask_http(check: HttpCheck) -> Answer:
    good, body = await _get(check)
    said = _json_object(body)
    lag = said.get("lag")
    return Answer(
        ready=good,
        lag_events=lag if isinstance(lag, int) else None,
        why=str(said.get("why", said.get("reason", ""))),
    )


async def _get(check: HttpCheck) -> tuple[bool, bytes]:
    """Return whether the reply was 200, and its body."""
    tls = _loopback_tls(check.ca_file) if check.ca_file else None
    reader, writer = await asyncio.open_connection("127.0.0.1", check.port, ssl=tls)
    try:
        request = f"GET {check.path} HTTP/1.1\r\nHost: {check.host}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        await writer.drain()
        reply = await reader.read(BODY_BYTES_MAX)
        while chunk := await reader.read(BODY_BYTES_MAX):
            reply += chunk
    finally:
        writer.close()
    head, _, body = reply.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    return len(words) > 1 and words[1] == b"200", body


def _loopback_tls(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.check_hostname = False  # the names in the certificate are the real venues'
    return context


def _json_object(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


async def _ask_postgres(dsn: str) -> Answer:
    try:
        connection = await asyncpg.connect(dsn, timeout=TIMEOUT_S)
    except asyncpg.InvalidCatalogNameError:
        await _create_database(dsn)
        return NOT_THERE
    except asyncpg.PostgresError as error:
        return Answer(ready=False, why=str(error))
    try:
        await connection.execute("SELECT 1")
    finally:
        await connection.close(timeout=TIMEOUT_S)
    return Answer(ready=True)


async def _create_database(dsn: str) -> None:
    server, _, name = dsn.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres", timeout=TIMEOUT_S)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    except asyncpg.DuplicateDatabaseError:
        return
    finally:
        await connection.close(timeout=TIMEOUT_S)
