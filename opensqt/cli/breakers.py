"""`opensqt breakers`: which breakers are on, open or on trial, and open or clear one. Only risk records that."""

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from opensqt.cli.executors import actor, ask_risk, line_of
from opensqt.cli.reading import Source, connect, read
from opensqt.desk.error import GOOD, NOT_RUNNING, CliError
from opensqt.desk.runfile import read_run
from opensqt.desk.timestamps import rfc3339
from opensqt.domain.decimals import ONE
from opensqt.domain.trading_controls import Switch, TradingControls, thrown
from opensqt.risk.breakers.states import BreakerState, Phase, states_of
from opensqt.runtime.codec import decode
from opensqt.runtime.config.all import load
from opensqt.runtime.config.limits import breakers_of

_SELECT = (
    "SELECT data FROM journal WHERE type IN ('Halted', 'Resumed', 'KillReleased') ORDER BY position"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `breakers`."""
    parser.add_argument(
        "action", nargs="?", choices=("open", "clear"), help="open one by hand, or clear open ones"
    )
    parser.add_argument("breaker", nargs="?", default="", help="clear: which one (default: all)")
    parser.add_argument(
        "--scope", default="", help="desk, VENUE/ACCOUNT or VENUE/ACCOUNT/SYMBOL (clear: any)"
    )
    parser.add_argument("--reason", default="", help="why, for the record (needed by both)")


def run(args: argparse.Namespace) -> int:
    """Print every breaker, or open or clear; return 0, raise `CliError` where it was not done."""
    if args.action:
        return _switch(args)
    lines = [_line(state) for state in read(args.data, _states)]
    if args.json:
        for line in lines:
            print(json.dumps({"type": "breaker"} | line))
        return GOOD
    console = Console(highlight=False, soft_wrap=True)
    for text in shown(lines):
        console.print(text)
    return GOOD


def shown(lines: Sequence[dict[str, str]]) -> Iterator[str]:
    """Yield what a person reads, in rich's markup: words of the desk are never read as markup."""
    yield from map(_text, lines)
    if not lines:
        yield escape("no breaker is on: state a limit in [breakers] (docs/configuration.md)")


def _switch(args: argparse.Namespace) -> int:
    if not args.reason:
        raise CliError(f'expected `opensqt breakers {args.action} --reason "WHY"`')
    if args.action == "open" and args.breaker:
        raise CliError(f"a person opens a scope, not {args.breaker}: name it by --scope")
    words = {
        "action": args.action,
        "breaker": args.breaker,
        "scope": args.scope,
        "reason": args.reason,
        "actor": actor(),
    }
    answer = ask_risk(args.data, read_run(args.data), "/breakers", words)
    if answer is None or not answer.heard:
        why = line_of(answer) if answer is not None else "no risk gate in this folder"
        raise CliError(
            f"nothing was changed as far as known ({why}): start the desk with `opensqt up` first",
            NOT_RUNNING,
        )
    if not answer.ok:
        raise CliError(f"nothing was changed: {answer.said['detail']}")
    done = [str(name) for name in answer.said["done"]]
    said = {"type": "breakers", "action": args.action, "done": done}
    verb = "opened" if args.action == "open" else "cleared"
    print(json.dumps(said) if args.json else f"{verb}: {', '.join(done)}")
    return GOOD


async def _states(source: Source) -> list[BreakerState]:
    connection = await connect(source.dsn)
    try:
        rows = await connection.fetch(_SELECT)
    finally:
        await connection.close()
    controls = TradingControls()
    for row in rows:
        event = decode(row["data"])
        if isinstance(event, Switch):
            controls = thrown(controls, event)
    configured = load(Path(source.run.config), os.environ)
    return states_of(controls, breakers_of(configured, ONE).names)


def _line(state: BreakerState) -> dict[str, str]:
    """Return a state as it is printed, with times as RFC 3339."""
    since_ms, until_ms = state.since_ms, state.until_ms
    return {
        "breaker": state.breaker,
        "state": state.state,
        "scope": state.scope,
        "reason": state.reason,
        "actor": state.actor,
        "time": rfc3339(since_ms) if since_ms else "",
        "until": rfc3339(until_ms) if until_ms else "",
    }


def _text(line: dict[str, str]) -> str:
    if line["state"] == Phase.CLOSED:
        return f"{line['breaker']:<12} closed"
    state = "[red]OPEN[/]" if line["state"] == Phase.OPEN else "[yellow]half open[/]"
    until = f", tried again at {line['until']}" if line["until"] else ""
    said = f"{line['scope']}: {line['reason']} ({line['actor']}, {line['time']}{until})"
    return f"{line['breaker']:<12} {state}  {escape(said)}"
