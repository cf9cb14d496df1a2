"""`opensqt kill`: stop new orders and cancel what is open, by every way there is. It never waits for history."""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from opensqt.cli.executors import Asked, actor, ask_executors, reason_of
from opensqt.cli.refusal import Refusal
from opensqt.cli.runfile import read_run
from opensqt.runtime import latch
from opensqt.runtime.clock import open_clock

DESK = "desk"
NOT_REACHED = 1


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--strategy", default="", help="kill one strategy (default: the desk)")
    parser.add_argument("--reason", default="", help="why, for the record")


def run(args: argparse.Namespace) -> int:
    """Kill and say what happened; exit code 1 when nobody answered and only the latch was written."""
    run_file = read_run(args.data)
    scope = f"strategy/{args.strategy}" if args.strategy else DESK
    words = {"scope": scope, "reason": reason_of(args.reason), "actor": actor()}
    answers = ask_executors(args.data, run_file, "/kill", words)
    reached = [answer for answer in answers if answer.ok]
    if len(reached) < len(answers) or not answers:
        # Imported only now: the direct way must not wait for the libraries of the other.
        importlib.import_module("opensqt.cli.kill_by_bus").publish(args.data, run_file, words)
        if scope == DESK:
            _by_file(args.data, words)
    _say(args, scope, answers)
    return 0 if reached else NOT_REACHED


def _by_file(data: Path, words: dict[str, Any]) -> None:
    now_ms = open_clock(data).market_ms()
    value = latch.Latch(scope=DESK, reason=words["reason"], actor=words["actor"], time_ms=now_ms)
    try:
        latch.latch(data, value)
    except OSError as error:
        raise Refusal(f"{data / latch.FILE_NAME} cannot be written: {error.strerror}") from error


def _say(args: argparse.Namespace, scope: str, answers: list[Asked]) -> None:
    for answer in answers:
        if args.json:
            line = {"type": "kill", "scope": scope, "process": answer.process, "ok": answer.ok}
            sys.stdout.write(json.dumps(line | answer.said) + "\n")
        elif answer.ok:
            cancels = answer.said.get("cancels", 0)
            sys.stdout.write(f"KILLED {scope}: {answer.process} cancelled {cancels} orders\n")
        else:
            sys.stdout.write(f"{answer.process} did not answer: {answer.said['detail']}\n")
    if not any(answer.ok for answer in answers) and not args.json:
        sys.stdout.write("latched on disk: nothing will be sent until `opensqt resume`\n")
