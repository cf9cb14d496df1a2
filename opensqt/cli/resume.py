"""`opensqt resume`: release the kill latch. Only a person does that, and only a running desk can record it."""

import argparse
import json
import sys

from opensqt.cli.executors import actor, ask_executors, reason_of
from opensqt.cli.refusal import Refusal
from opensqt.cli.runfile import read_run

NOT_RUNNING = 3


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--strategy", default="", help="resume one strategy (default: the desk)")
    parser.add_argument("--reason", default="", help="why, for the record")


def run(args: argparse.Namespace) -> int:
    """Release and say so; `Refusal` where the desk is not running."""
    scope = f"strategy/{args.strategy}" if args.strategy else "desk"
    words = {"scope": scope, "reason": reason_of(args.reason), "actor": actor()}
    answers = ask_executors(args.data, read_run(args.data), "/resume", words)
    silent = [f"{answer.process}: {answer.said['detail']}" for answer in answers if not answer.ok]
    if silent or not answers:
        detail = "; ".join(silent) or "no executor in this folder"
        raise Refusal(
            f"the latch was not released ({detail}): start the desk with `opensqt up` first",
            code=NOT_RUNNING,
        )
    for answer in answers:
        line = {"type": "resume", "scope": scope, "process": answer.process}
        text = json.dumps(line) if args.json else f"RESUMED {scope}: {answer.process}"
        sys.stdout.write(text + "\n")
    return 0
