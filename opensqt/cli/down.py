"""`opensqt down`: stop a running folder and wait until it has stopped. Kills nothing by itself."""

import argparse
import asyncio
import os
import signal
from contextlib import suppress
from pathlib import Path

from opensqt.desk.data_folder import UP, holder, told, up_pid
from opensqt.desk.error import GOOD, JUDGED_FALSE, NOT_RUNNING, CliError
from opensqt.runtime.clock import RunClock

STOP_S_MAX = 25.0
POLL_S = 0.05


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `down`: none of its own."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Stop; return 0, or 1 when it did not stop in time; raise `CliError` when it is not running."""
    return asyncio.run(_stop(args.data.absolute()))


async def _stop(data: Path) -> int:
    who = holder(data)
    if who is None:
        raise CliError(
            f"{data} is not running: start it with `opensqt up --data {data}`", NOT_RUNNING
        )
    if who.verb != UP:
        raise CliError(
            f"nothing runs in {data}, only {told(who)} is at it: try again when it has ended",
            NOT_RUNNING,
        )
    pid = who.pid
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    clock = RunClock()
    end_s = clock.monotonic_s() + STOP_S_MAX
    while up_pid(data) == pid:
        if clock.monotonic_s() >= end_s:
            print(
                f"process {pid} has not stopped after {STOP_S_MAX:.0f} s; `kill -9 {pid}` ends it all"
            )
            return JUDGED_FALSE
        await clock.sleep(POLL_S)
    print(f"stopped {data}")
    return GOOD
