"""`opensqt notify test`: tell every channel of alerts that it can be reached. The desk need not run."""

import argparse
import asyncio
import json
import os
from pathlib import Path

from opensqt.desk.error import GOOD, JUDGED_FALSE, CliError
from opensqt.desk.plan import FILE_NAME, named_by
from opensqt.runtime.alerts.alert import Alert, AlertMessage
from opensqt.runtime.alerts.channel import HttpChannel, PostResult
from opensqt.runtime.alerts.terms import AlertTerms
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.alerts import AlertSeverity
from opensqt.runtime.config.all import Config, load


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `notify`."""
    parser.add_argument(
        "--config", type=Path, help="the file (default: OPENSQT_CONFIG, else DATA/opensqt.toml)"
    )
    parser.add_argument("action", choices=("test",), help="post one message to every channel")


def run(args: argparse.Namespace) -> int:
    """Post and print what came of it; return 0, or 1 where a channel was not reached. Raises `CliError`."""
    config = load(args.config or named_by(os.environ) or args.data / FILE_NAME, os.environ)
    if not config.alerts:
        raise CliError("no channel is configured: add [alerts.NAME] (docs/configuration.md)")
    found = asyncio.run(_posted(config))
    for name, result in found.items():
        line = {"type": "channel", "name": name, "ok": result.ok, "detail": result.detail}
        told = "reached" if result.ok else f"NOT reached: {result.detail}"
        print(json.dumps(line) if args.json else f"{name:<16} {told}")
    return GOOD if all(result.ok for result in found.values()) else JUDGED_FALSE


async def _posted(config: Config) -> dict[str, PostResult]:
    hello = Alert(
        kind="Test", subject="channel", severity=AlertSeverity.WARN, text="this is only a test"
    )
    message = AlertMessage(desk=config.desk, raised=(hello,), time_ms=RunClock().wall_ms())
    channels = [
        HttpChannel(name, channel, os.environ, AlertTerms().attempt_s_max)
        for name, channel in config.alerts.items()
    ]
    results = await asyncio.gather(*(one.post(message) for one in channels))
    return dict(zip(config.alerts, results, strict=True))
