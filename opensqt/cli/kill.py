"""`opensqt kill`: stop new orders and cancel what is open, by every way there is. It never waits for history.

The latch comes first and words come later: a file that an executor beside it obeys, then the executors' own ports, then
the bus. It says who confirmed what, and nothing else.
"""

import argparse
import asyncio
import importlib
import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opensqt.cli.executors import (
    Asked,
    actor,
    add_scope,
    all_refused,
    ask_executors,
    line_of,
    reason_of,
    scope_of,
)
from opensqt.desk.address import DeskAddress
from opensqt.desk.data_folder import up_pid
from opensqt.desk.error import CliError
from opensqt.desk.runfile import RunFile, read_run
from opensqt.domain.scope import DESK
from opensqt.runtime import latch
from opensqt.runtime.clock import RUN_FILE, RunClock, open_clock
from opensqt.runtime.environment import Environment
from opensqt.runtime.token import TOKEN_FILE

NOT_REACHED = 1
ID_BYTES = 16
# Any of them, or a latch, tells a data folder, also one that does not run.
OF_A_DESK = (RUN_FILE, TOKEN_FILE)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_scope(parser, "kill")
    parser.add_argument("--reason", default="", help="why, for the record")


def run(args: argparse.Namespace) -> int:
    """Kill and say who confirmed it; exit code 1 when nobody did. Raises `CliError` when there is nobody to kill."""
    if isinstance(args.place, DeskAddress):
        return _from_afar(args, args.place)
    if not _is_of_a_desk(args.data):
        raise CliError(
            f"{args.data} holds no desk, nothing was killed: name the right one with --data"
        )
    words = _words(args)
    scope = words["scope"]
    # The file comes first: whatever happens to this command afterwards, an executor finds it.
    unlatched = _latched(args.data, words) if scope == DESK else "only the desk has a file"
    run_file, damaged = _run_of(args.data)
    answers = ask_executors(args.data, run_file, "/kill", words)
    if all_refused(answers):
        raise CliError(f"nothing was killed: {answers[0].said['detail']}")
    on_bus = False
    reached = bool(answers) and all(answer.heard for answer in answers)
    stopped = not reached and _is_stopped(args.data)
    if not reached and not stopped:
        # Imported only now: the direct way must not wait for the libraries of the other.
        by_bus = importlib.import_module("opensqt.cli.kill_by_bus")
        on_bus = by_bus.publish(args.data, run_file, words)
    if not stopped:
        _say(args, scope, answers)
    if answers and all(answer.ok or answer.refused for answer in answers):
        return 0
    if any(answer.ok for answer in answers):
        _say_line(args, scope, _partly(answers, on_disk=not unlatched) + damaged, ok=False)
        return NOT_REACHED
    text = _unconfirmed(args, scope, unlatched=unlatched, on_bus=on_bus, stopped=stopped)
    _say_line(args, scope, f"{text}{damaged}", ok=stopped and not unlatched)
    return 0 if stopped and not unlatched else NOT_REACHED


def _words(args: argparse.Namespace) -> dict[str, str]:
    return {
        "scope": scope_of(args),
        "reason": reason_of(args.reason),
        "actor": actor(),
        "kill_id": secrets.token_hex(ID_BYTES),
    }


def _from_afar(args: argparse.Namespace, place: DeskAddress) -> int:
    """Kill a desk without a folder here; an executor in the same pod finds the latch file."""
    words = _words(args)
    port = 0
    if words["scope"] == DESK and os.environ.get("OPENSQT_DATA") == str(args.data):
        port = 0 if _latched(args.data, words) else Environment.read(os.environ).health_port
    afar = importlib.import_module("opensqt.cli.kill_from_afar")
    report = importlib.import_module("opensqt.cli.kill_report")
    found = asyncio.run(afar.kill(place, words, port))
    for line in report.lines(words["scope"], found):
        sys.stdout.write((json.dumps(line) if args.json else line["detail"]) + "\n")
    return 0 if report.is_certain(found) else NOT_REACHED


def _is_of_a_desk(data: Path) -> bool:
    """Tell whether a process of a desk lives in this folder, or lived; one in a pod of its own leaves no file there."""
    its_own = data.is_dir() and os.environ.get("OPENSQT_DATA") == str(data)
    known = any((data / name).exists() for name in OF_A_DESK)
    return its_own or known or latch.is_there(data)


def _run_of(data: Path) -> tuple[RunFile, str]:
    """Return what is known of the run; a damaged file stops no kill, and is named at the end."""
    try:
        return read_run(data), ""
    except CliError as refusal:
        return RunFile(), f" ({refusal})"


def _is_stopped(data: Path) -> bool:
    """Tell whether nobody can obey: `up` is the parent of all that run on its folder; a pod's has no run."""
    try:
        return (data / RUN_FILE).exists() and up_pid(data) == 0
    except CliError:
        return False


def _latched(data: Path, words: dict[str, Any]) -> str:
    """Write the latch file; return why it could not be written, or nothing."""
    try:
        now_ms = open_clock(data).market_ms()
    except (OSError, ValueError):
        now_ms = RunClock().wall_ms()  # no clock tells kills apart: it is for people to read
    try:
        latch.latch(data, latch.Latch(**words, time_ms=now_ms))
    except OSError as error:
        return f"{data / latch.FILE_NAME} cannot be written: {error.strerror}"
    return ""


def _say(args: argparse.Namespace, scope: str, answers: list[Asked]) -> None:
    for answer in answers:
        if args.json:
            line = {"type": "kill", "scope": scope, "process": answer.process, "ok": answer.ok}
            sys.stdout.write(json.dumps(line | answer.said) + "\n")
        elif answer.ok:
            sys.stdout.write(f"KILLED {scope}: {answer.process} {cancelled(answer.said)}\n")
        else:
            sys.stdout.write(line_of(answer) + "\n")


def cancelled(said: Mapping[str, Any]) -> str:
    """Say what the venue confirmed; what it did not is asked for again until it does."""
    asked, confirmed = said.get("cancels", 0), said.get("confirmed", 0)
    if asked == confirmed:
        return f"cancelled {asked} orders"
    return (
        f"latched it and asked to cancel {asked} orders, {confirmed} confirmed by the venue so far:"
        " it goes on asking; look with `opensqt orders --open`"
    )


def _partly(answers: list[Asked], *, on_disk: bool) -> str:
    """Say what holds for those that did not confirm while others did."""
    silent = ", ".join(answer.process for answer in answers if not (answer.ok or answer.refused))
    disk = ": the kill is latched on disk, which an executor obeys within a second" * on_disk
    return f"NOT confirmed by {silent}{disk}; say it again, and look with `opensqt status`"


def _unconfirmed(
    args: argparse.Namespace, scope: str, *, unlatched: str, on_bus: bool, stopped: bool
) -> str:
    """Say what is sure where no executor answered."""
    if scope == DESK and not unlatched:
        if stopped:
            return (
                "latched on disk: the desk is stopped, nothing will be sent until `opensqt resume`;"
                " an order that still stands at the venue is cancelled by the next start"
            )
        bus = " and said on the bus" if on_bus else ""
        return (
            f"latched on disk{bus}: an executor on this folder obeys within a second, and no order"
            " of a desk that starts on it is sent until `opensqt resume`;"
            " NOT confirmed by any executor"
        )
    if on_bus:
        again = "opensqt resume" + (f" --strategy {args.strategy}" if scope != DESK else "")
        return (
            f"said on the bus: whoever hears it there kills {scope}, until `{again}`; NOT confirmed"
        )
    if scope == DESK:
        return f"NOT killed: nobody heard it, and {unlatched}"
    fix = "kill the desk with `opensqt kill`, or say it again while the desk runs"
    return f"NOT recorded: nobody heard the kill of {scope}; {fix}"


def _say_line(args: argparse.Namespace, scope: str, text: str, *, ok: bool) -> None:
    if args.json:
        line = {"type": "kill", "scope": scope, "process": "", "ok": ok, "detail": text}
        text = json.dumps(line)
    sys.stdout.write(text + "\n")
