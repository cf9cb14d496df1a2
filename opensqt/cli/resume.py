"""`opensqt resume`: release the kill latch. Only a person does that, and only a running desk can record it."""

import argparse
import asyncio
import json
import sys
from typing import Any

from opensqt.cli.executors import (
    actor,
    add_scope,
    all_refused,
    ask_executors,
    kills_in_force,
    line_of,
    reason_of,
    scope_of,
)
from opensqt.cli.resume_from_afar import resume
from opensqt.desk.address import DeskAddress
from opensqt.desk.error import JUDGED_FALSE, NOT_RUNNING, CliError
from opensqt.desk.runfile import read_run
from opensqt.domain.scope import Scope, parsed


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_scope(parser, "resume")
    parser.add_argument("--reason", default="", help="why, for the record")


def run(args: argparse.Namespace) -> int:
    """Release and say so; `CliError` where the desk is not running, or where somebody is still killed."""
    scope = scope_of(args)
    words: dict[str, Any] = {"scope": scope, "reason": reason_of(args.reason), "actor": actor()}
    if isinstance(args.place, DeskAddress):
        answers = asyncio.run(resume(args.place, words))
    else:
        run_file = read_run(args.data)
        # What is said after this look is another kill: no executor releases it, however late it hears of this.
        words |= {"kill_ids": kills_in_force(run_file, scope)}
        answers = ask_executors(args.data, run_file, "/resume", words)
    if all_refused(answers):
        raise CliError(f"nothing was released: {answers[0].said['detail']}")
    released = [answer for answer in answers if answer.ok]
    for answer in released:
        still = [str(name) for name in answer.said.get("still") or ()]
        line = {"type": "resume", "scope": scope, "process": answer.process, "still": still}
        text = json.dumps(line) if args.json else f"RESUMED {scope}: {answer.process}"
        sys.stdout.write(text + "\n")
        for name in () if args.json else still:
            sys.stdout.write(f"{name} stays killed at {answer.process}, until `{_release(name)}`\n")
    others = "; ".join(line_of(answer) for answer in answers if not answer.ok)
    if answers and not others:
        return 0
    if answers and all(answer.heard for answer in answers):
        raise CliError(
            f"not all was released ({others}): look why, then resume again", JUDGED_FALSE
        )
    if released:
        raise CliError(
            f"not all was released ({others}): who did not answer may still be killed;"
            f" {_start(args)}, then resume again",
            code=NOT_RUNNING,
        )
    raise CliError(
        f"the latch was not released ({others or 'no executor answers'}): {_start(args)} first",
        code=NOT_RUNNING,
    )


def _start(args: argparse.Namespace) -> str:
    afar = isinstance(args.place, DeskAddress)
    return "let its executor start" if afar else "start the desk with `opensqt up`"


def _release(scope: str) -> str:
    killed = parsed(scope) or Scope()
    return "opensqt resume" + (f" --strategy {killed.strategy}" if killed.strategy else "")
