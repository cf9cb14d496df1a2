"""`opensqt up`: everything in one command, in front, until it is told to stop. Decides no trade."""

import argparse
import asyncio
import os
import re
from pathlib import Path

from opensqt.cli.desk_run import DeskRun
from opensqt.cli.progress import ProgressLines
from opensqt.desk.error import CliError
from opensqt.desk.plan import make_plan, refuse_untradable
from opensqt.runtime.clock import RunClock

SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")
SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `up`."""
    parser.add_argument(
        "--config",
        type=Path,
        help="configuration (default: OPENSQT_CONFIG, else DATA/opensqt.toml)",
    )
    parser.add_argument(
        "--market",
        default="",
        help="synthetic:SEED or recorded:PATH[,PATH], over the configuration",
    )
    parser.add_argument("--speed", default="", help="market seconds per wall second")
    parser.add_argument(
        "--for", dest="span", default="", help="stop this long after everything is ready: 180s, 3m"
    )
    parser.add_argument("--no-screen", action="store_true", help="plain lines, also on a terminal")


def run(args: argparse.Namespace) -> int:
    """Start, stay, stop; return 0, or 1 when a limited run never got ready or was judged false."""
    seconds = span_s(args.span) if args.span else None
    plan = make_plan(
        args.data.absolute(),
        os.environ,
        config_path=args.config,
        market=args.market,
        speed=args.speed,
    )
    refuse_untradable(plan)
    progress = ProgressLines(as_json=args.json)
    for warning in plan.warnings():
        progress.say(f"warning: {warning}")
    house = DeskRun(args.data, plan, RunClock(), progress, screen=not args.no_screen)
    return asyncio.run(house.live(seconds))


def span_s(text: str) -> float:
    """Read a span of wall time in seconds: 180s, 3m, 1h, 500ms or plain seconds; raise `CliError`."""
    match = SPAN.fullmatch(text)
    if match is None or float(match.group(1)) <= 0:
        raise CliError(f"--for {text}: expected a span like 180s, 3m or 1h")
    return float(match.group(1)) * SECONDS[match.group(2)]
