"""The kill of a desk that is reached by its bus and its journal alone: by both at once, also while one of them is away.

The bus is quicker, the journal lasts: an executor that hears neither cannot send anything, and one that starts reads
it there. It counts as confirmed only by an executor that leads, or by what it recorded.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any

import asyncpg
import msgspec
import nats.errors
from nats.aio.client import Client

from opensqt.desk import loopback
from opensqt.desk.address import DeskAddress
from opensqt.desk.error import CliError
from opensqt.domain import subjects
from opensqt.domain.control import CONTROL_STREAM, KillLatched
from opensqt.domain.ids import event_id
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.scope import DESK
from opensqt.domain.standby import STANDBY
from opensqt.runtime.access.grants import role_of
from opensqt.runtime.access.rights import OPERATOR
from opensqt.runtime.bus.port import Stream, account_served_by
from opensqt.runtime.clock import RunClock
from opensqt.runtime.codec import encode
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.questions import Answer, asked, connected, statuses
from opensqt.runtime.registration import COMMANDS

EXECUTOR = "executor-"
ANSWER_S_MAX = 10.0
OBEYED_S_MAX = 6.0  # longer than a lease: who has not renewed it by then does not run
BESIDE_S_MAX = 2.0
BESIDE = "beside us"
LOOK_S = 0.2
QUIET_S_MAX = 0.5  # where no executor says that it is there
PUBLISH_S_MAX = 2.0
READ_MAX = 1000
_LEASES = (
    "SELECT split_part(name, '/', 3) AS account, renewals FROM lease"
    " WHERE name LIKE 'executor/%' AND split_part(name, '/', 4) = '' AND ttl_ms > 0"
)
_KNOWN = "SELECT EXISTS (SELECT FROM journal WHERE stream = $1)"
Failures = (
    TimeoutError,
    OSError,
    nats.errors.Error,
    JournalDown,
    asyncpg.PostgresError,
    LookupError,
)


class Kill(msgspec.Struct, kw_only=True):
    """How far a kill has come. Accounts by name; `running` are those for which somebody renews the lease."""

    answers: list[Answer] = []
    published: bool = False
    recorded: bool = False
    obeyed: set[str] = set()
    running: set[str] = set()
    served: set[str] = (
        set()
    )  # whose commands the bus keeps for an executor, as of a run that may be over
    silent: list[str] = []  # what did not answer, and why

    @property
    def confirmed(self) -> set[str]:
        """Accounts whose leader has answered, or whose executor has recorded that it obeyed."""
        led = (a for a in self.answers if a.said.get("killed") and not a.said.get(STANDBY))
        return self.obeyed | {a.process.removeprefix(EXECUTOR) for a in led}

    @property
    def unconfirmed(self) -> set[str]:
        """Accounts that run, as far as is known, and have not confirmed."""
        known = {a.process.removeprefix(EXECUTOR) for a in self.answers} | self.running
        # The journal tells who runs. Without it nobody knows of an executor that is silent but by its queue.
        return known.union(() if self.recorded else self.served) - self.confirmed


async def kill(place: DeskAddress, words: dict[str, Any], health_port: int = 0) -> Kill:
    """Say it wherever it can be said and return how far it came; raise `CliError` for a strategy that nobody knows.

    `health_port` is that of the process beside us: an executor there obeys the latch file, and says so.
    """
    found = Kill()
    message = KillLatched(**words, time_ms=RunClock().market_ms())
    ways = [_by_bus(place, message, found), _by_journal(place, message, found)]
    if message.scope == DESK:
        await asyncio.gather(*ways, _by_file(health_port, message.kill_id, found))
        return found
    for way in ways:
        # A name that nobody has is refused by who hears it first: it must not stand in the journal then.
        try:
            await way
        except CliError:
            ways[-1].close()
            raise
    return found


async def _by_bus(place: DeskAddress, message: KillLatched, found: Kill) -> None:
    if not place.nats_url:
        return
    try:
        async with connected(place.nats_url, "kill") as client:
            await _say(client, message, found)
    except Failures as error:
        found.silent.append(f"the bus does not answer ({_why(error)})")


async def _say(client: Client, message: KillLatched, found: Kill) -> None:
    words = msgspec.structs.asdict(message)
    async with asked(client, COMMANDS["/kill"], words) as question:
        if message.scope == DESK:
            await _publish(client, message, found)
        there = {a.instance for a in await statuses(client) if a.process.startswith(EXECUTOR)}
        answers = await question.answers(
            within_s=ANSWER_S_MAX,
            quiet_s=ANSWER_S_MAX if there else QUIET_S_MAX,
            enough=partial(_all_of, there),
        )
        found.served = await _served(client)
    found.answers += answers
    if answers and all(answer.said.get("refused") for answer in answers):
        raise CliError(f"nothing was killed: {answers[0].said.get('why')}")
    if message.scope != DESK:
        await _publish(client, message, found)


async def _served(client: Client) -> set[str]:
    """Return the accounts for which an executor took commands from this bus, this one's or a former run's."""
    js = client.jetstream(timeout=PUBLISH_S_MAX)
    try:
        queues = await js.consumers_info(Stream.EXITS.value)
    except Failures:
        return set()
    return {account for queue in queues if (account := account_served_by(queue.name))}


async def _publish(client: Client, message: KillLatched, found: Kill) -> None:
    """Leave the kill on FEED, for whoever comes back to it."""
    envelope = Envelope(
        event_id=message.kill_id, type="KillLatched", source="cli", time_ms=message.time_ms
    )
    js = client.jetstream(timeout=PUBLISH_S_MAX)
    try:
        await js.publish(subjects.KILL, encode(message), headers=envelope.headers())
        found.published = True
    except Failures as error:
        found.silent.append(f"FEED did not take it ({_why(error)})")


def _all_of(there: set[str], answers: Sequence[Answer]) -> bool:
    return bool(there) and there <= {answer.instance for answer in answers}


async def _by_file(port: int, kill_id: str, found: Kill) -> None:
    """Wait a little until the executor beside us has read its latch file."""
    clock = RunClock()
    end_s = clock.monotonic_s() + BESIDE_S_MAX
    while port and clock.monotonic_s() < end_s:
        said = (await loopback.get(port, "/status")).said
        process, kills = str(said.get("name")), said.get("kill_ids")
        if not process.startswith(EXECUTOR):
            return
        if isinstance(kills, dict) and kill_id in kills.get(DESK, ()):
            words = {"killed": True, "by_file": True, STANDBY: said.get(STANDBY)}
            found.answers.append(Answer(process=process, instance=BESIDE, said=words))
            return
        await clock.sleep(LOOK_S)


async def _by_journal(place: DeskAddress, message: KillLatched, found: Kill) -> None:
    if not place.dsn:
        return
    try:
        journal = await PostgresJournal.connect(place.dsn, role=role_of(OPERATOR))
        try:
            await _record(journal, message, found)
        finally:
            await journal.close()
    except Failures as error:
        found.silent.append(f"the journal does not answer ({_why(error)})")


async def _record(journal: PostgresJournal, message: KillLatched, found: Kill) -> None:
    if message.scope != DESK and not found.answers:
        async with journal.pool.acquire() as connection:
            if not await connection.fetchval(_KNOWN, message.scope):
                raise CliError(f"nothing was killed: {message.scope} is nobody that ever ran here")
    position = (await journal.head()).position
    event = NewEvent(
        # Not the kill's own identity: the relay publishes this row beside what was said on the bus.
        event_id=event_id("KillLatched", "cli", message.scope, message.kill_id),
        stream=CONTROL_STREAM,
        message=message,
        subject=subjects.subject_of(message),
        actor=message.actor,
        occurred_at_ms=message.time_ms,
    )
    await journal.append(Entry(events=(event,)))
    found.recorded = True
    before = await _leases(journal)
    found.running = set(before)
    clock = RunClock()
    end_s = clock.monotonic_s() + OBEYED_S_MAX
    while found.running - found.confirmed and clock.monotonic_s() < end_s:
        await clock.sleep(LOOK_S)
        rows = await journal.read(position, READ_MAX, stream_prefix=CONTROL_STREAM)
        facts = map(decode_row, rows)
        found.obeyed |= {
            fact.account
            for fact in facts
            if isinstance(fact, KillLatched) and fact.kill_id == message.kill_id and fact.epoch
        }
    if found.running - found.confirmed:
        # A lease that stands still is nobody's: what would start in its place reads the journal first.
        found.running = {
            a for a, renewals in (await _leases(journal)).items() if before.get(a) != renewals
        }


async def _leases(journal: PostgresJournal) -> dict[str, int]:
    async with journal.pool.acquire() as connection:
        return {row["account"]: row["renewals"] for row in await connection.fetch(_LEASES)}


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__
