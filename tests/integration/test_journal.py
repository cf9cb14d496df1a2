"""The journal on a real Postgres: what only locks, grants, crashes and lost answers can show."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator

import asyncpg
import pytest

from opensqt.domain.journal import Appended, AppendOutcome, Duplicate, Entry, Fenced
from opensqt.runtime.journal.connection import settings_of
from opensqt.runtime.journal.migrate import Connection, migrate
from opensqt.runtime.journal.port import Journal, JournalDown
from opensqt.runtime.journal.postgres import _APPEND, PostgresJournal, PostgresLeases, _arrays
from tests import databases
from tests.conditions import until
from tests.journals import entry, event, open_desk
from tests.proxy import Proxy
from tests.servers import PostgresServer

EXECUTOR = "opensqt_executor"


@pytest.fixture
async def owner(postgres_dsn: str) -> AsyncIterator[Connection]:
    """A connection of the database's owner, without the limits of the services' role."""
    connection = await asyncpg.connect(postgres_dsn)
    yield connection
    await connection.close()


async def append_until_answered(journal: Journal, given: Entry) -> AppendOutcome:
    """Append the same entry until the journal answers."""
    answers: list[AppendOutcome] = []

    async def answered() -> bool:
        with contextlib.suppress(JournalDown):
            answers.append(await journal.append(given))
        return bool(answers)

    await until(answered, within_s=30)
    return answers[0]


@pytest.mark.row("A04")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal SET actor = 'x'",
        "DELETE FROM journal",
        "TRUNCATE journal",
        "INSERT INTO journal_head VALUES (false, 1, 'x')",
        "UPDATE journal_head SET position = 0",
        "UPDATE lease SET epoch = 9",
        "SELECT journal_write('{}', 0, 0)",
        "SELECT journal_new_generation()",
    ],
)
async def test_services_may_not_change_what_was_appended(postgres_dsn: str, statement: str) -> None:
    """A service's role reads and calls the granted functions, nothing else."""
    async with open_desk(postgres_dsn) as desk:
        await desk.journal.append(entry(event("a")))
    service = await asyncpg.connect(postgres_dsn, server_settings=settings_of(EXECUTOR))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute(statement)
    await service.close()


@pytest.mark.parametrize("verb", ["UPDATE journal SET actor = 'x'", "DELETE FROM journal"])
async def test_not_even_the_owner_changes_a_row_by_accident(
    postgres_dsn: str, owner: Connection, verb: str
) -> None:
    """A trigger refuses what grants cannot refuse to an owner."""
    async with open_desk(postgres_dsn) as desk:
        await desk.journal.append(entry(event("a")))
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await owner.execute(verb)


async def test_services_work_under_tight_limits(postgres_dsn: str) -> None:
    """No statement of a service can hold others up for long, and no commit skips the disk."""
    journal = await PostgresJournal.connect(postgres_dsn, role=EXECUTOR)
    async with journal.pool.acquire() as connection:
        for name, value in {
            "lock_timeout": "250ms",
            "statement_timeout": "1s",
            "idle_in_transaction_session_timeout": "500ms",
            "synchronous_commit": "on",
            "role": EXECUTOR,
        }.items():
            assert await connection.fetchval(f"SHOW {name}") == value
    await journal.close()


@pytest.mark.row("A04")
async def test_a_commit_whose_answer_was_lost_is_found_again(postgres_dsn: str) -> None:
    """The caller hears that nothing is known, asks again with the same entry, and it is there once."""
    async with Proxy(postgres_dsn).open() as wire, open_desk(postgres_dsn) as judge:
        journal = await PostgresJournal.connect(wire.address)
        await journal.append(entry(event("first")))
        wire.deaf = True
        appending = asyncio.create_task(journal.append(entry(event("second"))))
        async with asyncio.timeout(10):
            while (await judge.journal.head()).position < 2:
                await judge.journal.wait_beyond(1, 1)
        wire.cut()
        with pytest.raises(JournalDown):
            await appending
        wire.deaf = False
        again = await append_until_answered(journal, entry(event("second")))
        assert again == Duplicate(positions=(2,))
        assert (await judge.journal.head()).position == 2
        await journal.close()


@pytest.mark.row("A08")
async def test_a_silent_server_is_reported_as_unknown_in_bounded_time(postgres_dsn: str) -> None:
    """An append that gets no answer ends as `JournalDown`, never as success and never as refused."""
    async with Proxy(postgres_dsn).open() as wire:
        journal = await PostgresJournal.connect(wire.address)
        await journal.append(entry(event("first")))
        wire.deaf = True
        async with asyncio.timeout(10):
            with pytest.raises(JournalDown):
                await journal.append(entry(event("second")))
        wire.deaf = False
        again = await append_until_answered(journal, entry(event("second")))
        assert isinstance(again, Appended | Duplicate)
        assert again.positions == (2,)
        await journal.close()


@pytest.mark.row("A08")
async def test_kill_9_of_postgres_loses_nothing_that_was_answered(
    postgres_server: PostgresServer,
) -> None:
    """Everything acknowledged survives, the same connection object heals, and positions go on."""
    await migrate(postgres_server.dsn)
    journal = await PostgresJournal.connect(postgres_server.dsn)
    for number in range(5):
        await journal.append(entry(event(f"before{number}")))
    postgres_server.kill()
    with pytest.raises(JournalDown):
        await journal.append(entry(event("meanwhile")))
    await asyncio.to_thread(postgres_server.start)
    outcome = await append_until_answered(journal, entry(event("meanwhile")))
    assert outcome == Appended(positions=(6,))
    assert [row.position for row in await journal.read(0, 10)] == [1, 2, 3, 4, 5, 6]
    await journal.close()


async def waiting_for_a_lock(owner: Connection, pid: int) -> None:
    """Return when this backend is blocked by another one."""

    async def is_blocked() -> bool:
        blocked = "SELECT cardinality(pg_blocking_pids($1)) > 0"
        return bool(await owner.fetchval(blocked, pid))

    await until(is_blocked)


@pytest.mark.row("J03")
async def test_a_take_over_waits_for_an_append_under_the_old_epoch(
    postgres_dsn: str, owner: Connection
) -> None:
    """A leader that is stopped inside its append commits before its successor's head, never after."""
    async with open_desk(postgres_dsn) as desk:
        old = await desk.leases.acquire("executor/main", "old", 1)
    assert old is not None
    leader, successor, another = [await asyncpg.connect(postgres_dsn) for _ in range(3)]
    hold = owner.transaction()
    await hold.start()
    await owner.execute("SELECT FROM journal_head FOR UPDATE")
    events, fences = _arrays([entry(event("late"), fence=old.fence)])
    appending = asyncio.create_task(leader.fetch(_APPEND, events, fences, [None]))
    await waiting_for_a_lock(owner, leader.get_server_pid())
    with pytest.raises(asyncpg.LockNotAvailableError):
        await another.execute("SELECT FROM lease WHERE name = 'executor/main' FOR UPDATE NOWAIT")
    taking = asyncio.create_task(
        successor.fetchrow("SELECT * FROM lease_acquire('executor/main', 'new', 1000, 1)")
    )
    await waiting_for_a_lock(owner, successor.get_server_pid())
    await hold.rollback()
    (row,) = await appending
    taken = await taking
    assert (row["outcome"], list(row["positions"])) == ("appended", [1])
    assert taken is not None
    assert (taken["epoch"], taken["head_position"]) == (2, 1)
    for connection in (leader, successor, another):
        await connection.close()


@pytest.mark.row("J03")
async def test_a_paused_leader_cannot_append_under_a_dead_epoch(postgres_dsn: str) -> None:
    """After any take-over an append under the old epoch is refused, whatever its process believed."""
    async with open_desk(postgres_dsn) as desk:
        old = await desk.leases.acquire("executor/main", "old", 1)
        other = PostgresLeases(await PostgresJournal.connect(postgres_dsn))

        async def taken_over() -> bool:
            return await other.acquire("executor/main", "new", 60_000) is not None

        await until(taken_over)
        assert old is not None
        outcome = await desk.journal.append(entry(event("late"), fence=old.fence))
        assert outcome == Fenced(name="executor/main", epoch=1, current_epoch=2)
        other._pool.terminate()


async def test_a_client_stopped_inside_a_transaction_blocks_nobody_for_long(
    postgres_dsn: str,
) -> None:
    """Postgres throws out whoever holds the head across round trips; the others go on."""
    stopped = await asyncpg.connect(postgres_dsn, server_settings=settings_of(EXECUTOR))
    await stopped.execute("BEGIN")
    await stopped.fetch(_APPEND, *_arrays([entry(event("stopped"))]), [None])
    async with open_desk(postgres_dsn) as desk:
        outcome = await append_until_answered(desk.journal, entry(event("alive")))
        assert outcome == Appended(positions=(1,))
    stopped.terminate()


async def test_a_reader_that_goes_on_from_what_it_saw_never_misses_a_row(postgres_dsn: str) -> None:
    """Positions become visible in order, although several processes commit at once."""
    async with open_desk(postgres_dsn) as desk:
        writers = [await desk.another() for _ in range(4)]

        async def write(journal: Journal, name: str) -> None:
            for number in range(40):
                await journal.append(entry(event(f"{name}-{number}", stream=name)))

        async def read(count: int) -> list[int]:
            seen: list[int] = []
            while len(seen) < count:
                rows = await desk.journal.read(seen[-1] if seen else 0, 7)
                seen.extend(row.position for row in rows)
            return seen

        async with asyncio.timeout(30):
            seen, *_ = await asyncio.gather(
                read(160), *(write(one, str(number)) for number, one in enumerate(writers))
            )
    assert seen == list(range(1, 161))


async def test_what_waits_shares_commits(postgres_dsn: str, owner: Connection) -> None:
    """Two hundred concurrent appends of one process are a handful of transactions."""
    async with open_desk(postgres_dsn) as desk:
        await asyncio.gather(*(desk.journal.append(entry(event(str(n)))) for n in range(200)))
    commits = await owner.fetchval("SELECT count(DISTINCT xmin::text) FROM journal")
    assert commits <= 5


async def test_evidence_that_waits_shares_commits(postgres_dsn: str, owner: Connection) -> None:
    """A hundred pieces of two processes, in different orders and partly the same, are a few transactions."""
    pieces = [f"answer {number}".encode() for number in range(100)]
    names = {data: hashlib.sha256(data).hexdigest() for data in pieces}
    async with open_desk(postgres_dsn) as one, open_desk(postgres_dsn) as other:
        kept = [one.journal.keep("rest", data) for data in pieces]
        kept += [other.journal.keep("rest", data) for data in reversed(pieces)]
        assert await asyncio.gather(*kept) == [names[data] for data in pieces + pieces[::-1]]
    rows = await owner.fetch("SELECT encode(hash, 'hex') AS name, data, xmin::text FROM evidence")
    assert {row["data"]: row["name"] for row in rows} == names
    assert len({row["xmin"] for row in rows}) <= 20


async def test_only_a_fact_waits_for_the_disk(postgres_dsn: str) -> None:
    """Keeping evidence waits for no fsync, the append after it does, and that one covers both."""
    service = await asyncpg.connect(postgres_dsn, server_settings=settings_of(EXECUTOR))
    events, fences = _arrays([entry(event("a"))])
    waits = []
    kept, appended = ("SELECT evidence_keep('', $1)", [b"a"]), (_APPEND, [events, fences, [None]])
    for statement, arguments in (kept, appended):
        transaction = service.transaction()
        await transaction.start()
        await service.fetch(statement, *arguments)
        waits.append(await service.fetchval("SHOW synchronous_commit"))
        await transaction.rollback()
    await service.close()
    assert waits == ["off", "on"]


async def test_a_restored_desk_draws_a_new_generation(postgres_dsn: str, owner: Connection) -> None:
    """Another database of the same schema draws another one, and a restore draws again."""
    before = await owner.fetchval("SELECT generation FROM journal_head")
    after = await owner.fetchval("SELECT journal_new_generation()")
    assert before != after
    other = databases.on(postgres_dsn, await databases.copy(postgres_dsn, "template0"))
    await migrate(other)
    async with open_desk(other) as desk:
        assert (await desk.journal.head()).generation not in (before, after)
    await databases.drop(postgres_dsn, other.rpartition("/")[2])
