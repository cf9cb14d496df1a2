"""`opensqt strategies`: which strategies a desk has, and add, change or remove some while it runs.

A change is an event of the journal before anything is done about it; `up` does it, now or at its next start.
"""

import argparse
import asyncio
import json
import os
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape

from opensqt.cli.desk_figures import ask_all, strategies
from opensqt.cli.executors import actor
from opensqt.cli.reading import Source, opened, read
from opensqt.desk.data_folder import up_pid
from opensqt.desk.error import GOOD, JUDGED_FALSE, NOT_RUNNING, CliError
from opensqt.desk.plan import StartPlan, make_plan, refuse_untradable
from opensqt.desk.runfile import read_run
from opensqt.desk.strategy_record import record, recorded
from opensqt.desk.timestamps import rfc3339
from opensqt.domain.clean_text import cleaned
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
FILE, RECORD = "configuration", "journal"  # where a strategy is told


class StrategyLine(msgspec.Struct, frozen=True, kw_only=True):
    """One strategy of the desk: where it is told, who changed it last and why, and what it does now."""

    name: str
    kind: str
    account: str
    symbols: tuple[str, ...]
    told: str
    leaving: bool = False
    now: str = "not running"
    actor: str = ""
    reason: str = ""
    time: str = ""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `strategies`."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=(ADD, CHANGE, REMOVE),
        help=f"{ADD} FILE or {CHANGE} FILE: a TOML file with [strategies.NAME] tables; {REMOVE} NAME: it closes what"
        " it holds, then it leaves",
    )
    parser.add_argument("what", nargs="?", default="", help="the file, or the name")
    parser.add_argument("--reason", default="", help="why, for the record (needed by a change)")
    parser.add_argument(
        "--wait", type=float, default=WAIT_S, help=f"wall seconds until it is done ({WAIT_S:.0f})"
    )


def run(args: argparse.Namespace) -> int:
    """Print every strategy, or change which there are; return 0, 1 where it is recorded and not done in time."""
    if not args.action:
        return _show(args)
    reason = cleaned(args.reason)
    if not args.what or not reason:
        what = "NAME" if args.action == REMOVE else "FILE"
        raise CliError(f'expected `opensqt strategies {args.action} {what} --reason "WHY"`')
    data = args.data.absolute()
    if not up_pid(data):
        raise CliError(
            f"{data} does not run: change its configuration, or start it with `opensqt up` first",
            NOT_RUNNING,
        )
    work = _remove(args, data, reason) if args.action == REMOVE else _register(args, data, reason)
    return asyncio.run(work)


async def _register(args: argparse.Namespace, data: Path, reason: str) -> int:
    tables = _tables(Path(args.what))
    async with opened(data, project=False) as source:
        journal = await _journal(source)
        try:
            changes = (await recorded(journal)).changes
            before = _planned(data, source, changes).config
            facts = [
                StrategyRegistered(
                    strategy=name,
                    settings=text_of(table),
                    reason=reason,
                    actor=actor(),
                    time_ms=open_clock(data).market_ms(),
                )
                for name, table in tables.items()
            ]
            for fact in facts:
                _refuse_unlike(args.action, fact.strategy, before, changes)
                changes = changes.said(fact)
            plan = _planned(data, source, changes)
            refuse_untradable(plan)
            for fact in facts:
                if args.action == CHANGE:
                    _refuse_moved(fact.strategy, before, plan.config)
                await record(journal, fact)
        finally:
            await journal.close()
    return await _wait(args, data, tuple(tables), lambda: _runs(data, tables))


async def _remove(args: argparse.Namespace, data: Path, reason: str) -> int:
    name = args.what
    async with opened(data, project=False) as source:
        journal = await _journal(source)
        try:
            changes = (await recorded(journal)).changes
            config = _planned(data, source, changes).config
            if name not in config.strategies:
                raise CliError(
                    f"{name} is no strategy of this desk: {', '.join(config.strategies)}"
                )
            if set(config.strategies) <= {name, *changes.retiring}:
                raise CliError(f"{name} is the last one: stop the desk with `opensqt down`")
            if name not in changes.retiring:
                now_ms = open_clock(data).market_ms()
                fact = StrategyRetiring(strategy=name, reason=reason, actor=actor(), time_ms=now_ms)
                await record(journal, fact)
            return await _wait(args, data, (name,), lambda: _gone(data, journal, name))
        finally:
            await journal.close()


async def _wait(
    args: argparse.Namespace,
    data: Path,
    names: tuple[str, ...],
    look: Callable[[], Awaitable[tuple[bool, str]]],
) -> int:
    """Say how it comes along until it is done; it goes on by itself when nobody waits any more."""
    clock, words = RunClock(), ""
    end_s = clock.monotonic_s() + args.wait
    while True:
        done, now = await look()
        if now != words:
            words = now
            _say(args, names, now, done=done)
        if done:
            return GOOD
        if clock.monotonic_s() >= end_s or not up_pid(data):
            _say(args, names, f"recorded, and not done within {args.wait:.0f} s: {now}", done=False)
            return JUDGED_FALSE
        await clock.sleep(LOOK_S)


def _say(args: argparse.Namespace, names: tuple[str, ...], text: str, *, done: bool) -> None:
    line = {"type": "strategy_change", "strategies": names, "done": done, "text": text}
    print(json.dumps(line) if args.json else f"{', '.join(names)}: {text}", flush=True)


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
    now = {
        line["name"]: str(line.get("reason")) for line in strategies(await ask_all(read_run(data)))
    }
    if left is None:
        return False, now.get(name, "its process does not answer")
    if name in now:
        return False, "flat; the processes that know of it begin anew"
    dust = "".join(f"; {one.amount:f} {one.asset} stays, no order can sell it" for one in left.dust)
    return True, f"left the desk, flat at journal position {left.journal_position}{dust}"


def _show(args: argparse.Namespace) -> int:
    lines = read(args.data, _lines)
    if args.json:
        for line in lines:
            print(json.dumps({"type": "strategy"} | msgspec.to_builtins(line)))
        return GOOD
    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        by = f"  {line.time} {line.actor}: {line.reason}" if line.actor else ""
        what = f"{line.kind} on {' and '.join(line.symbols)}"
        console.print(escape(f"{line.name:<22} {what:<36} {line.now or 'trading'}{by}"))
    return GOOD


async def _lines(source: Source) -> list[StrategyLine]:
    journal = await PostgresJournal.connect(source.dsn)
    try:
        changes = (await recorded(journal)).changes
    finally:
        await journal.close()
    config = _planned(source.folder, source, changes).config
    told = strategies(await ask_all(source.run)) if source.running else []
    now = {str(line["name"]): str(line.get("reason", "")) for line in told}
    return [_line(name, config, changes, now) for name in config.strategies]


def _line(
    name: str, config: Config, changes: StrategyChanges, now: Mapping[str, str]
) -> StrategyLine:
    settings = config.strategies[name]
    change = changes.retiring.get(name) or changes.registered.get(name)
    return StrategyLine(
        name=name,
        kind=settings.kind,
        account=settings.account,
        symbols=settings.symbols,
        told=RECORD if name in changes.registered else FILE,
        leaving=name in changes.retiring,
        now=now.get(name, "not running"),
        actor=change.actor if change else "",
        reason=change.reason if change else "",
        time=rfc3339(change.time_ms) if change else "",
    )


def _tables(path: Path) -> dict[str, dict[str, Any]]:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CliError(f"{path} cannot be read: {error}") from error
    tables = found.pop("strategies", None)
    if found or not isinstance(tables, dict) or not tables:
        extra = f" and no {', '.join(found)}" if found else ""
        raise CliError(f"{path}: expected tables [strategies.NAME]{extra}")
    return tables


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


def _planned(data: Path, source: Source, changes: StrategyChanges) -> StartPlan:
    run = source.run
    config = Path(run.config) if run.config else None
    return make_plan(data, os.environ, config_path=config, market=run.market, changes=changes)


async def _journal(source: Source) -> PostgresJournal:
    return await PostgresJournal.connect(source.dsn, role=role_of(OPERATOR))
