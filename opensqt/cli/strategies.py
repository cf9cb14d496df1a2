"""`opensqt strategies`: which strategies a desk has, and add, change or remove some while it runs.

A change is an event of the journal before anything is done about it; `up` does it, now or at its next start.
"""

import argparse
import asyncio
import json
import tomllib
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape

from opensqt.cli.desk_figures import ask_all, strategies
from opensqt.cli.reading import Source, read
from opensqt.cli.strategy_change import (
    ADD,
    CHANGE,
    REMOVE,
    WAIT_S,
    AskedChange,
    planned,
    register,
    remove,
    running,
)
from opensqt.desk.error import GOOD, CliError
from opensqt.desk.strategy_record import recorded
from opensqt.desk.timestamps import rfc3339
from opensqt.domain.clean_text import cleaned
from opensqt.runtime.config.all import Config
from opensqt.runtime.config.strategy_changes import StrategyChanges
from opensqt.runtime.journal.postgres import PostgresJournal

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
    asked = AskedChange(
        data=running(args.data),
        reason=reason,
        wait_s=args.wait,
        say=partial(_say, as_json=args.json),
    )
    if args.action == REMOVE:
        return asyncio.run(remove(asked, args.what))
    return asyncio.run(register(asked, args.action, _tables(Path(args.what))))


def _say(names: tuple[str, ...], text: str, done: bool, *, as_json: bool) -> None:
    line = {"type": "strategy_change", "strategies": names, "done": done, "text": text}
    print(json.dumps(line) if as_json else f"{', '.join(names)}: {text}", flush=True)


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
    config = planned(source.folder, source, changes).config
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
