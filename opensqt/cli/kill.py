"""`opensqt kill`: stop new orders and cancel what is open, by every way there is. It never waits for history."""

import argparse
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from opensqt.cli.executors import Asked, actor, all_refused, ask_executors, line_of, reason_of
from opensqt.cli.refusal import Refusal
from opensqt.cli.runfile import read_run
from opensqt.runtime import latch
from opensqt.runtime.clock import RUN_FILE, open_clock
from opensqt.runtime.token import TOKEN_FILE

DESK = "desk"
NOT_REACHED = 1
# Any of them tells a data folder, also one that does not run.
OF_A_DESK = (RUN_FILE, TOKEN_FILE, latch.FILE_NAME)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--strategy", default="", help="kill one strategy (default: the desk)")
    parser.add_argument("--reason", default="", help="why, for the record")


def run(args: argparse.Namespace) -> int:
    """Kill and say what happened; exit code 1 when nobody answered. Raises `Refusal` when there is nobody to kill."""
    if not _is_of_a_desk(args.data):
        raise Refusal(
            f"{args.data} holds no desk, nothing was killed: name the right one with --data"
        )
    run_file = read_run(args.data)
    scope = f"strategy/{args.strategy}" if args.strategy else DESK
    words = {"scope": scope, "reason": reason_of(args.reason), "actor": actor()}
    answers = ask_executors(args.data, run_file, "/kill", words)
    if all_refused(answers):
        raise Refusal(f"nothing was killed: {answers[0].said['detail']}")
    on_bus = False
    try:
        if not answers or not all(answer.heard for answer in answers):
            # Imported only now: the direct way must not wait for the libraries of the other.
            by_bus = importlib.import_module("opensqt.cli.kill_by_bus")
            on_bus = by_bus.publish(args.data, run_file, words)
            if scope == DESK:
                _by_file(args.data, words)
    finally:
        _say(args, scope, answers)
    if any(answer.ok for answer in answers):
        return 0
    _say_unanswered(args, scope, on_bus=on_bus)
    return NOT_REACHED


def _is_of_a_desk(data: Path) -> bool:
    """Tell whether a process of a desk lives in this folder, or lived; one in a pod of its own leaves no file there."""
    its_own = data.is_dir() and os.environ.get("OPENSQT_DATA") == str(data)
    return its_own or any((data / name).exists() for name in OF_A_DESK)


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
            sys.stdout.write(line_of(answer) + "\n")


def _say_unanswered(args: argparse.Namespace, scope: str, *, on_bus: bool) -> None:
    if scope == DESK:
        text = "latched on disk: nothing will be sent until `opensqt resume`"
    elif on_bus:
        again = f"`opensqt resume --strategy {args.strategy}`"
        text = f"said on the bus: whoever hears it there kills {scope}, until {again}"
    else:
        text = (
            f"NOT recorded: nobody heard the kill of {scope};"
            " kill the desk with `opensqt kill`, or say it again while the desk runs"
        )
    if args.json:
        line = {"type": "kill", "scope": scope, "process": "", "ok": False, "detail": text}
        text = json.dumps(line)
    sys.stdout.write(text + "\n")
