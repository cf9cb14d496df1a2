"""What each service may do at a real Postgres: exactly what the table of rights says, and nothing beside it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.recon_events import Halted, Resumed
from opensqt.domain.subjects import subject_of
from opensqt.runtime.access.credentials import ServerCredentials, login_of, with_user
from opensqt.runtime.access.grants import functions_of, role_of, roles
from opensqt.runtime.access.logins import make_logins
from opensqt.runtime.journal.connection import settings_of
from opensqt.runtime.journal.migrate import Connection
from opensqt.runtime.journal.postgres import _APPEND, PostgresJournal, PostgresLeases, _arrays

PASSWORD = "of-a-test"  # of a database that ends with its test
PROCESSES = ("grid", "executor-main", "gateway", "reconciler", "operator")

_TABLES = """
SELECT x.grantee::regrole::text AS role, c.relnamespace::regnamespace::text || '.' || c.relname AS name,
       x.privilege_type AS verb
FROM pg_class c, aclexplode(c.relacl) x
WHERE c.relkind IN ('r', 'v') AND c.relnamespace::regnamespace::text IN ('public', 'view') AND x.grantee <> c.relowner
"""
_FUNCTIONS = """
SELECT x.grantee::regrole::text AS role, p.oid::regprocedure::text AS name
FROM pg_proc p, aclexplode(p.proacl) x
WHERE p.pronamespace::regnamespace::text IN ('public', 'view') AND x.grantee <> p.proowner AND x.grantee <> 0
"""


@pytest.fixture
async def owner(postgres_dsn: str) -> AsyncIterator[Connection]:
    """A connection of the database's owner."""
    connection = await asyncpg.connect(postgres_dsn)
    yield connection
    await connection.close()


@pytest.mark.row("K01")
async def test_grants_are_those_of_the_table(owner: Connection) -> None:
    """Tables and functions that a role may use, its kinds of events and its leases: the migrations left these only."""
    tables = {tuple(row.values()) for row in await owner.fetch(_TABLES)}
    functions = {tuple(row.values()) for row in await owner.fetch(_FUNCTIONS)}
    projections = {name for _, name, _ in tables if name.startswith("view.")}
    wanted: set[tuple[str, ...]] = set()
    for role, rights in roles().items():
        verbs = (
            ("SELECT", "INSERT", "UPDATE", "DELETE") if rights.writes_projections else ("SELECT",)
        )
        wanted |= {(role, f"public.{name}", "SELECT") for name in rights.reads}
        if rights.reads_projections:
            wanted |= {(role, name, verb) for name in projections for verb in verbs}
        kinds = await owner.fetchval("SELECT journal_kinds($1)", role)
        assert frozenset(kinds or ()) == rights.appends
        assert (await owner.fetchval("SELECT lease_prefix($1)", role) or "") == rights.lease
    assert tables == wanted
    plain = {(role, name.replace(", ", ",")) for role, name in functions}
    assert plain == {
        (role, one.replace(", ", ","))
        for role, rights in roles().items()
        for one in functions_of(rights)
    }


@pytest.mark.row("K01")
async def test_no_role_of_ours_owns_or_rules(owner: Connection) -> None:
    """No service is a superuser, may make roles or databases, or owns a table or a function."""
    names = list(roles())
    found = await owner.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)"
        " AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR rolcanlogin)",
        names,
    )
    owned = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relowner::regrole::text = ANY ($1)", names
    )
    assert (found, owned) == ([], [])


@pytest.fixture
async def logins(postgres_dsn: str, owner: Connection) -> AsyncIterator[dict[str, str]]:
    """The addresses of a few processes as themselves."""
    database = await owner.fetchval("SELECT current_database()")
    known = {
        process: ServerCredentials(
            postgres_user=login_of(process, database), postgres_password=PASSWORD
        )
        for process in PROCESSES
    }
    assert await make_logins(postgres_dsn, known) == len(PROCESSES)
    bare = postgres_dsn.replace("opensqt@", "")
    yield {name: with_user(bare, one.postgres_user, PASSWORD) for name, one in known.items()}
    for one in known.values():
        await owner.execute(f'DROP OWNED BY "{one.postgres_user}"; DROP ROLE "{one.postgres_user}"')


def halted(service: str) -> Entry:
    """Return an entry that only some services may append."""
    return said(service, Halted(scope="desk", mode="REDUCING", reason="of a test", time_ms=1))


def said(service: str, message: Halted | Resumed) -> Entry:
    """Return an entry of one message."""
    event = NewEvent(
        event_id=f"halted-{service}",
        stream="control",
        message=message,
        subject=subject_of(message),
        actor=service,
        occurred_at_ms=1,
    )
    return Entry(events=(event,))


@pytest.mark.row("K01")
async def test_a_strategy_halts_itself_and_ends_no_halt(logins: dict[str, str]) -> None:
    """What stops it more it may say; what lets it go on, only others."""
    connection = await asyncpg.connect(logins["grid"], server_settings=settings_of(role_of("grid")))
    await connection.fetch(_APPEND, *_arrays([halted("grid")]), [None])
    release = Resumed(scope="desk", reason="of a test", actor="grid", time_ms=2)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch(_APPEND, *_arrays([said("grid", release)]), [None])
    await connection.close()


@pytest.mark.row("K01")
@pytest.mark.parametrize("process", ["gateway", "operator"])
async def test_nobody_appends_what_is_not_his(logins: dict[str, str], process: str) -> None:
    """The page and the person append nothing of this kind."""
    settings = settings_of(role_of(process))
    connection = await asyncpg.connect(logins[process], server_settings=settings)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch(_APPEND, *_arrays([halted(process)]), [None])
    await connection.close()


async def test_a_service_appends_and_leads_what_is_its_own(logins: dict[str, str]) -> None:
    """The executor of a desk halts, takes its lease, and takes nobody else's."""
    journal = await PostgresJournal.connect(logins["executor-main"], role="opensqt_executor")
    await journal.append(halted("executor-main"))
    leases = PostgresLeases(journal)
    assert await leases.acquire("executor/binance/main", "one", 1000) is not None
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="may not hold the lease risk"):
        await leases.acquire("risk", "one", 1000)
    await journal.close()


@pytest.mark.row("K01")
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_read_file('postgresql.conf')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY journal TO '/tmp/x'",
        "ALTER TABLE journal DISABLE TRIGGER ALL",
        "UPDATE journal SET actor = 'forged'",
        "UPDATE lease SET epoch = epoch + 5",
        "SET ROLE opensqt_executor",
        "SET SESSION AUTHORIZATION opensqt",
        "CREATE TABLE mine ()",
        "CREATE TEMP TABLE mine ()",
        "CREATE ROLE me SUPERUSER",
        "SELECT journal_commit('{}', '{}', '{}')",
        "SELECT lease_take('risk', 'me', 1, 0)",
        "SELECT rolpassword FROM pg_authid",
    ],
)
async def test_a_login_is_no_way_up(logins: dict[str, str], statement: str) -> None:
    """Whoever has the password of a strategy reads no file, runs no program, and becomes nobody else."""
    connection = await asyncpg.connect(logins["grid"])
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)):
        await connection.execute(statement)
    await connection.close()


async def test_a_login_without_its_role_appends_nothing(logins: dict[str, str]) -> None:
    """Who forgets to say as which service he works is told so."""
    connection = await asyncpg.connect(logins["executor-main"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="SET ROLE comes first"):
        await connection.fetch(_APPEND, *_arrays([halted("executor-main")]), [None])
    await connection.close()
