"""`opensqt kill`: stop new orders and cancel what is open, by every way there is. It never waits for history."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from opensqt.cli.executors import Asked, actor, ask_executors, reason_of
from opensqt.cli.refusal import Refusal
from opensqt.cli.runfile import RunFile, read_run
from opensqt.domain.control import KillLatched
from opensqt.domain.ids import event_id
from opensqt.runtime import latch
from opensqt.runtime.bus import subjects
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import BusDown
from opensqt.runtime.clock import open_clock, system_wall_ms
from opensqt.runtime.envelope import Envelope

BUS_S_MAX = 2.0
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
        _by_bus(args.data, run_file, words)
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


def _by_bus(data: Path, run_file: RunFile, words: dict[str, Any]) -> None:
    if not run_file.nats_url:
        return
    clock = open_clock(data)
    message = KillLatched(
        scope=words["scope"],
        reason=words["reason"],
        actor=words["actor"],
        time_ms=clock.market_ms(),
    )
    envelope = Envelope(
        event_id=event_id("kill", words["scope"], system_wall_ms()),
        type="KillLatched",
        source="cli",
        time_ms=message.time_ms,
    )

    async def publish() -> None:
        async with asyncio.timeout(BUS_S_MAX):
            bus = await NatsBus.connect(run_file.nats_url, "kill", monotonic_s=clock.monotonic_s)
            await bus.publish(subjects.KILL, message, envelope)
            await bus.close()

    try:
        asyncio.run(publish())
    except (TimeoutError, BusDown) as error:
        sys.stderr.write(f"opensqt: the bus did not take the kill ({type(error).__name__})\n")


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
