"""Strategies added, changed and removed while a desk runs: checked, recorded, and waited for. `up` does it.

A change is an event of the journal before anything is done about it.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from opensqt.cli.desk_figures import ask_all, strategies
from opensqt.cli.executors import actor
from opensqt.cli.reading import Source, opened
from opensqt.desk.data_folder import up_pid
from opensqt.desk.error import GOOD, JUDGED_FALSE, NOT_RUNNING, CliError
from opensqt.desk.plan import StartPlan, make_plan, refuse_untradable
from opensqt.desk.runfile import read_run
from opensqt.desk.strategy_record import record, recorded
from opensqt.domain.control import StrategyRegistered, StrategyRetiring
from opensqt.runtime.access.grants import role_of
from opensqt.runtime.access.rights import OPERATOR
from opensqt.runtime.clock import RunClock, open_clock
from opensqt.runtime.config.all import Config
from opensqt.runtime.config.strategy_changes import StrategyChanges, text_of
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal

ADD, CHANGE, REMOVE = "add", "change", "remove"
LOOK_S = 0.5
WAIT_S = 120.0


class AskedChange(msgspec.Struct, frozen=True, kw_only=True):
    """Of which running desk, why, how long to wait (wall), and who hears of whom how it comes along and is done."""

    data: Path
    reason: str
    wait_s: float
    say: Callable[[tuple[str, ...], str, bool], None]


def running(data: Path) -> Path:
    """Return the folder of a desk that runs; raise `CliError` for one that does not."""
    folder = data.absolute()
    if not up_pid(folder):
        raise CliError(
            f"{folder} does not run: change its configuration, or start it with `opensqt up` first",
            NOT_RUNNING,
        )
    return folder


async def register(asked: AskedChange, action: str, tables: Mapping[str, Any]) -> int:
    """Record added or changed tables and wait until they run; return 0, 1 where that took too long."""
    data = asked.data
    async with opened(data, project=False) as source:
        journal = await opened_journal(source)
        try:
            changes = (await recorded(journal)).changes
            before = planned(data, source, changes).config
            facts = [
                StrategyRegistered(
                    strategy=name,
                    settings=text_of(table),
                    reason=asked.reason,
                    actor=actor(),
                    time_ms=open_clock(data).market_ms(),
                )
                for name, table in tables.items()
            ]
            for fact in facts:
                _refuse_unlike(action, fact.strategy, before, changes)
                changes = changes.said(fact)
            plan = planned(data, source, changes)
            refuse_untradable(plan)
            for fact in facts:
                if action == CHANGE:
                    _refuse_moved(fact.strategy, before, plan.config)
                await record(journal, fact)
        finally:
            await journal.close()
    return await _wait(asked, tuple(tables), lambda: _runs(data, tables))


async def remove(asked: AskedChange, name: str) -> int:
    """Record that a strategy leaves and wait until it has; return 0, 1 where that took too long."""
    data = asked.data
    async with opened(data, project=False) as source:
        journal = await opened_journal(source)
        try:
            changes = (await recorded(journal)).changes
            config = planned(data, source, changes).config
            if name not in config.strategies:
                raise CliError(
                    f"{name} is no strategy of this desk: {', '.join(config.strategies)}"
                )
            if set(config.strategies) <= {name, *changes.retiring}:
                raise CliError(f"{name} is the last one: stop the desk with `opensqt down`")
            if name not in changes.retiring:
                now_ms = open_clock(data).market_ms()
                fact = StrategyRetiring(
                    strategy=name, reason=asked.reason, actor=actor(), time_ms=now_ms
                )
                await record(journal, fact)
            return await _wait(asked, (name,), lambda: _gone(data, journal, name))
        finally:
            await journal.close()


async def _wait(
    asked: AskedChange,
    names: tuple[str, ...],
    look: Callable[[], Awaitable[tuple[bool, str]]],
) -> int:
    """Say how it comes along until it is done; it goes on by itself when nobody waits any more."""
    clock, words = RunClock(), ""
    end_s = clock.monotonic_s() + asked.wait_s
    while True:
        done, now = await look()
        if now != words:
            words = now
            asked.say(names, now, done)
        if done:
            return GOOD
        if clock.monotonic_s() >= end_s or not up_pid(asked.data):
            asked.say(names, f"recorded, and not done within {asked.wait_s:.0f} s: {now}", False)
            return JUDGED_FALSE
        await clock.sleep(LOOK_S)


async def _runs(data: Path, tables: Mapping[str, Any]) -> tuple[bool, str]:
    run = read_run(data)
    told = await ask_all(run)
    there = {line["name"] for line in strategies(told) if told[str(line["service"])].get("ready")}
    if set(tables) - there or not all(process.ready for process in run.processes):
        return False, "recorded; the processes that know of it begin anew"
    return True, "part of the desk, and runs"


async def _gone(data: Path, journal: PostgresJournal, name: str) -> tuple[bool, str]:
    try:
        left = (await recorded(journal)).changes.gone.get(name)
    except JournalDown:
        return False, "the journal does not answer"
    run = read_run(data)
    now = {line["name"]: str(line.get("reason")) for line in strategies(await ask_all(run))}
    if left is None:
        return False, now.get(name, "its process does not answer")
    if name in now or not all(process.ready for process in run.processes):
        return False, "flat; the processes that know of it begin anew"
    dust = "".join(f"; {one.amount:f} {one.asset} stays, no order can sell it" for one in left.dust)
    return True, f"left the desk, flat at journal position {left.journal_position}{dust}"


def _refuse_unlike(action: str, name: str, before: Config, changes: StrategyChanges) -> None:
    if name in changes.retiring:
        raise CliError(f"{name} is leaving the desk: wait until it has left")
    if (name in before.strategies) is not (action == CHANGE):
        there = action == ADD
        raise CliError(
            f"{name} is {'there already' if there else 'no strategy of this desk'}:"
            f" expected `opensqt strategies {CHANGE if there else ADD} FILE`"
        )


def _refuse_moved(name: str, before: Config, after: Config) -> None:
    """Raise where a strategy would leave behind what it holds: another kind, account or symbol is another strategy."""
    old, new = before.strategies[name], after.strategies[name]
    if (old.kind, old.account, old.symbols) != (new.kind, new.account, new.symbols):
        raise CliError(
            f"{name} would trade something else: remove it, and add another one under a name of its own"
        )


def planned(data: Path, source: Source, changes: StrategyChanges) -> StartPlan:
    """Return what a start of the running desk with these changes would do."""
    run = source.run
    config = Path(run.config) if run.config else None
    return make_plan(data, os.environ, config_path=config, market=run.market, changes=changes)


async def opened_journal(source: Source) -> PostgresJournal:
    """Return the journal of a desk for whoever may change which strategies there are."""
    return await PostgresJournal.connect(source.dsn, role=role_of(OPERATOR))
