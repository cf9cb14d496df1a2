"""The strategies of a running desk follow the journal: what a person recorded is written down, then run.

Only `up` applies a change. The journal is first: a desk that dies at any line finds there, at its next start, what
was to be, and does it then. Processes that know a strategy by their configuration begin anew, as after any death.
"""

import asyncio
import signal
from collections.abc import Callable

import asyncpg
import msgspec

from opensqt.desk import access, ports
from opensqt.desk.error import CliError
from opensqt.desk.plan import StartPlan, make_plan
from opensqt.desk.processes import RunLocation, port_names, specs
from opensqt.desk.retirement_proof import proof_of
from opensqt.desk.strategy_record import StrategyRecord, record, recorded, write_changes
from opensqt.desk.supervisor import Supervisor
from opensqt.domain.control import StrategyDeregistered, StrategyRetiring
from opensqt.runtime.access.grants import role_of
from opensqt.runtime.access.rights import OPERATOR
from opensqt.runtime.clock import RunClock
from opensqt.runtime.codec import Undecodable
from opensqt.runtime.config.all import Config, ConfigError
from opensqt.runtime.config.settings_tables import service_of
from opensqt.runtime.config.strategy_changes import StrategyChanges
from opensqt.runtime.config.strategy_file import read_changes
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal

LOOK_S = 0.5
NATS = "nats"
WHY = "the strategies of the desk changed"


class RunningDesk(msgspec.Struct, kw_only=True):
    """What runs now, as this start made it and as changes of strategies made it since."""

    plan: StartPlan
    place: RunLocation
    supervisor: Supervisor


def concerned(before: Config, after: Config) -> frozenset[str]:
    """Return the processes that know of the strategies in which two configurations differ."""
    names = {*before.strategies, *after.strategies}
    changed = {n for n in names if before.strategies.get(n) != after.strategies.get(n)}
    found = {"risk", "gateway"} if changed else set()
    for config in (before, after):
        for name in changed & set(config.strategies):
            settings = config.strategies[name]
            found.add(service_of(name, settings))
            if (name in before.strategies) is not (name in after.strategies):
                found.add(f"executor-{settings.account}")  # it knows names and symbols alone
            venue = config.accounts[settings.account].venue
            if before.symbols(venue) != after.symbols(venue):
                found.add(f"market_data-{venue}")
    return frozenset(found)


class StrategyRegister:
    """Follows the journal for as long as the desk runs; `adopt` tells its owner of each new table of processes."""

    def __init__(
        self,
        desk: RunningDesk,
        clock: RunClock,
        say: Callable[[str], None],
        adopt: Callable[[RunningDesk], None],
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._say = say
        self._adopt = adopt
        self._said = ""
        self._record = StrategyRecord()
        self._applied = read_changes(desk.place.data)

    async def follow(self) -> None:
        """Look into the journal for ever; while it is away nothing changes."""
        await self._desk.supervisor.was_ready("relay")
        place = self._desk.place
        dsn = place.access[OPERATOR].postgres_dsn(place.postgres_dsn)
        journal: PostgresJournal | None = None
        try:
            while True:
                try:
                    journal = journal or await PostgresJournal.connect(dsn, role=role_of(OPERATOR))
                    await self._look(journal)
                except JournalDown:
                    pass  # who reads and who writes it says so already
                except (CliError, ConfigError, Undecodable, asyncpg.PostgresError) as error:
                    self._complain(f"the strategies stay as they are: {error}")
                await self._clock.sleep(LOOK_S)
        finally:
            if journal is not None:
                await journal.close()

    async def _look(self, journal: PostgresJournal) -> None:
        self._record = await recorded(journal, self._record)
        changes = self._record.changes
        if changes != self._applied:
            await self._apply(changes)
        for retiring in changes.retiring.values():
            await self._deregister(journal, retiring)

    async def _apply(self, changes: StrategyChanges) -> None:
        """Check, write down, then let the processes begin anew; raise where it cannot be run, with all as it was."""
        desk, place = self._desk, self._desk.place
        plan = await self._planned(changes)
        config, before = plan.config, desk.plan.config
        named = port_names(
            config, nats=not place.nats_url_external, postgres=not place.postgres_dsn_external
        )
        servers = access.Servers(
            nats_url=place.nats_url_external, postgres_dsn=place.postgres_dsn_external
        )
        place = msgspec.structs.replace(
            place,
            ports=ports.choose(named, dict(place.ports)),
            access=access.prepare(place.data, config, servers),
        )
        write_changes(place.data, changes)
        self._desk = RunningDesk(plan=plan, place=place, supervisor=desk.supervisor)
        self._adopt(self._desk)
        self._applied = changes
        names = concerned(before, config)
        if not names:
            return
        self._say(f"{WHY}: {', '.join(sorted(names))} begin anew")
        table = specs(config, place)
        if NATS in {spec.name for spec in table}:
            desk.supervisor.signal(NATS, signal.SIGHUP)  # it reads again who there is
        if set(place.access) - set(desk.place.access):
            await desk.supervisor.again(access.MIGRATE)  # it makes the logins
        await desk.supervisor.change(table, anew=names, why=WHY)

    async def _deregister(self, journal: PostgresJournal, retiring: StrategyRetiring) -> None:
        """Record that a strategy has left, once its own word and the tables prove that it holds nothing."""
        proof = await proof_of(journal, retiring, self._record.retired_at[retiring.strategy])
        if proof.why:
            if proof.is_contradiction:
                self._complain(f"{retiring.strategy} stays: {proof.why}")
            return
        gone = StrategyDeregistered(
            strategy=retiring.strategy,
            journal_position=proof.position,
            dust=proof.dust,
            reason=retiring.reason,
            actor=retiring.actor,
            time_ms=max(proof.flattened_ms, retiring.time_ms + 1),
        )
        # A desk that could not start again without it keeps it.
        await self._planned(self._record.changes.said(gone))
        await record(journal, gone)

    async def _planned(self, changes: StrategyChanges) -> StartPlan:
        desk = self._desk
        return await asyncio.to_thread(
            make_plan,
            desk.place.data,
            desk.plan.environ,
            config_path=desk.plan.config_path,
            changes=changes,
        )

    def _complain(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._say(text)
