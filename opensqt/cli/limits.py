"""`opensqt limits`: which limits count, and change one while the desk runs. Only risk records a change."""

import argparse
import json
import os
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape

from opensqt.cli.executors import actor, ask_risk, line_of
from opensqt.cli.reading import Source, connect, read
from opensqt.desk.error import GOOD, NOT_RUNNING, CliError
from opensqt.desk.runfile import read_run
from opensqt.desk.timestamps import rfc3339
from opensqt.domain.control import LimitChanged
from opensqt.runtime.codec import decode
from opensqt.runtime.config.all import RiskConfig, load
from opensqt.runtime.config.limit_changes import CHANGEABLE, CONFIGURED, in_force, shown

_SELECT = "SELECT data FROM journal WHERE type = 'LimitChanged' ORDER BY position"


class LimitLine(msgspec.Struct, frozen=True, kw_only=True):
    """One limit: what counts, what is configured, and who changed it when and why."""

    field: str
    value: str
    configured: str
    actor: str = ""
    reason: str = ""
    time: str = ""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `limits`."""
    parser.add_argument("action", nargs="?", choices=("set",), help="change one: set LIMIT VALUE")
    parser.add_argument("limit", nargs="?", default="", help=f"one of {', '.join(CHANGEABLE)}")
    parser.add_argument(
        "value", nargs="?", default="", help=f"the new value, or `{CONFIGURED}` to take it back"
    )
    parser.add_argument("--reason", default="", help="why, for the record (needed by set)")


def run(args: argparse.Namespace) -> int:
    """Print every limit that may change, or change one; return 0, raise `CliError` where it was not done."""
    if args.action:
        return _set(args)
    lines = read(args.data, _lines)
    if args.json:
        for line in lines:
            print(json.dumps({"type": "limit"} | msgspec.to_builtins(line)))
        return GOOD
    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        changed = (
            f"  [yellow]configured {line.configured}; {line.time} {escape(line.actor)}: {escape(line.reason)}[/]"
            if line.value != line.configured
            else ""
        )
        console.print(f"{line.field:<28} {line.value:<10}{changed}")
    return GOOD


def _set(args: argparse.Namespace) -> int:
    if not (args.limit and args.value and args.reason):
        raise CliError('expected `opensqt limits set LIMIT VALUE --reason "WHY"`')
    words = {"field": args.limit, "value": args.value, "reason": args.reason, "actor": actor()}
    answer = ask_risk(args.data, read_run(args.data), "/limits", words)
    if answer is None or not answer.heard:
        why = line_of(answer) if answer is not None else "no risk gate in this folder"
        raise CliError(
            f"nothing was changed as far as known ({why}): start the desk with `opensqt up` first",
            NOT_RUNNING,
        )
    if not answer.ok:
        raise CliError(f"nothing was changed: {answer.said['detail']}")
    said = answer.said
    text = f"{said['field']} {said['before']} -> {said['after']}, from the next order on"
    print(json.dumps({"type": "limit_set"} | said) if args.json else text)
    return GOOD


async def _lines(source: Source) -> list[LimitLine]:
    connection = await connect(source.dsn)
    try:
        rows = await connection.fetch(_SELECT)
    finally:
        await connection.close()
    newest: dict[str, LimitChanged] = {}
    for row in rows:
        change = decode(row["data"])
        if isinstance(change, LimitChanged):
            newest[change.field] = change
    configured = load(Path(source.run.config), os.environ).risk
    now = in_force(configured, newest.values())
    return [_line(field, now, configured, newest.get(field)) for field in CHANGEABLE]


def _line(
    field: str, now: RiskConfig, configured: RiskConfig, change: LimitChanged | None
) -> LimitLine:
    return LimitLine(
        field=field,
        value=shown(now, field),
        configured=shown(configured, field),
        actor=change.actor if change is not None else "",
        reason=change.reason if change is not None else "",
        time=rfc3339(change.time_ms) if change is not None else "",
    )
