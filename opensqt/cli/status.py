"""`opensqt status`: processes, mode, and why a strategy is not trading. Reads; changes nothing."""

import argparse
import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import msgspec

from opensqt.cli.figures import figures
from opensqt.cli.folder import is_running
from opensqt.cli.processes import health_name
from opensqt.cli.readiness import fetch
from opensqt.cli.refusal import GOOD, NOT_RUNNING
from opensqt.cli.runfile import RunFile, read_run
from opensqt.cli.spec import HttpCheck

STRATEGY_SERVICES = ("grid", "arb")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `status`: none of its own."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Print the state; return 0 when it runs, 3 when it does not."""
    data = args.data.absolute()
    running = is_running(data)
    lines = asyncio.run(_lines(data, running=running))
    for line in lines:
        print(json.dumps(line) if args.json else _for_people(line))
    if not running and not args.json:
        print(f"not running: start it with `opensqt up --data {data}`")
    return GOOD if running else NOT_RUNNING


async def _lines(data: Path, *, running: bool) -> list[dict[str, object]]:
    run_file = read_run(data)
    processes = run_file.processes if running else ()
    lines: list[dict[str, object]] = [
        {"type": "process", **msgspec.to_builtins(process)} for process in processes
    ]
    if running:
        lines += await _strategies(run_file)
    found = await figures(data, run_file)
    port = run_file.ports.get("gateway")
    lines.append(
        {
            "type": "status",
            "ready": bool(processes) and all(process.ready for process in processes),
            **msgspec.to_builtins(found),
            "gateway": f"http://127.0.0.1:{port}/" if port else None,
            "nats": run_file.nats_url or None,
            "pid": run_file.pid if running else None,
            "config_hash": run_file.config_hash,
        }
    )
    return lines


async def _strategies(run_file: RunFile) -> list[dict[str, object]]:
    """Ask the strategy services why they are not trading."""
    lines: list[dict[str, object]] = []
    for service in STRATEGY_SERVICES:
        port = run_file.ports.get(health_name(service))
        if port is None:
            continue
        said = await fetch(HttpCheck(port=port, path="/status"))
        told = said.get("strategies")
        lines += [
            {"type": "strategy", "service": service, **strategy}
            for strategy in (told if isinstance(told, list) else [])
            if isinstance(strategy, Mapping)
        ]
    return lines


def _for_people(line: Mapping[str, object]) -> str:
    match line["type"]:
        case "process":
            pid = line["pid"] or "-"
            text = (
                f"{line['name']:<24} {line['state']:<9} pid {pid!s:<8} restarts {line['restarts']}"
            )
            return f"{text}  {line['why']}" if line["why"] else text
        case "strategy":
            if line.get("trading"):
                return f"{line.get('name')!s:<24} trading"
            return f"{line.get('name')!s:<24} not trading: {line.get('reason', 'unknown')}"
        case _:
            return "  ".join(f"{name} {value}" for name, value in line.items() if name != "type")
