"""The logins of the processes at Postgres: made, and given their passwords, by the owner of the database alone.

A login may become the role of its service and nothing else. No password is in a statement: the server is told what
proves one (SCRAM), so no log of statements holds it.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from opensqt.runtime.access.credentials import ServerCredentials, read_credentials
from opensqt.runtime.access.grants import role_of
from opensqt.runtime.access.rights import OPERATOR, is_process, service_of_process

ITERATIONS = 4096
SALT_BYTES = 16
CONNECTIONS_MAX, CONNECTIONS_MAX_OPERATOR = 16, 40  # of 120: nobody takes the places of all others


def verifier(password: str, salt: bytes, iterations: int = ITERATIONS) -> str:
    """Return what Postgres stores of a password (RFC 5803); the password cannot be had from it."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    said = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(iterations, *said)


def login_sql(process: str, login: str, proof: str, database: str) -> str:
    """Return the statements that make the login of a process, or give it a new password."""
    service = service_of_process(process)
    name, where = _quoted(login), _quoted(database)
    most = CONNECTIONS_MAX_OPERATOR if service == OPERATOR else CONNECTIONS_MAX
    return (
        f"DO $$ BEGIN CREATE ROLE {name}; EXCEPTION WHEN duplicate_object THEN NULL; END $$;\n"
        f"ALTER ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        f" CONNECTION LIMIT {most} PASSWORD '{proof}';\n"
        f"GRANT {role_of(service)} TO {name};\n"
        f"GRANT CONNECT ON DATABASE {where} TO {name};\n"
    )


def known_logins(folder: Path) -> dict[str, ServerCredentials]:
    """Return the credentials of a folder by process, of those that log in as a service; raise `BadCredentials`."""
    found = {path.stem: path for path in sorted(folder.glob("*.json"))}
    return {name: read_credentials(path) for name, path in found.items() if is_process(name)}


async def make_logins(dsn: str, known: Mapping[str, ServerCredentials]) -> int:
    """Make the logins of these processes as the owner of the database; return how many have one."""
    connection = await asyncpg.connect(dsn)
    try:
        database = await connection.fetchval("SELECT current_database()")
        wanted = {name: one for name, one in known.items() if one.postgres_user}
        steps = [
            login_sql(
                process,
                one.postgres_user,
                verifier(one.postgres_password, secrets.token_bytes(SALT_BYTES)),
                database,
            )
            for process, one in wanted.items()
        ]
        shut = f"REVOKE ALL ON DATABASE {_quoted(database)} FROM PUBLIC;\n"
        await connection.execute(shut + "".join(steps))
    finally:
        await connection.close()
    return len(wanted)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""').replace("\0", "") + '"'
