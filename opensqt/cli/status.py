"""`opensqt status`: processes, mode, and why a strategy is not trading. Reads; changes nothing."""

import argparse
import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import msgspec

from opensqt.cli.figures import ask_all, figures, strategies
from opensqt.cli.folder import is_running
from opensqt.cli.refusal import GOOD, NOT_RUNNING
from opensqt.cli.runfile import read_run


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
    told = await ask_all(run_file) if running else {}
    lines: list[dict[str, object]] = [
        {"type": "process", **msgspec.to_builtins(process)} for process in processes
    ]
    lines += strategies(told)
    port = run_file.ports.get("gateway")
    lines.append(
        {
            "type": "status",
            "ready": bool(processes) and all(process.ready for process in processes),
            **msgspec.to_builtins(figures(data, told)),
            "gateway": f"http://127.0.0.1:{port}/" if port else None,
            "nats": run_file.nats_url or None,
            "pid": run_file.pid if running else None,
            "config_hash": run_file.config_hash,
        }
    )
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
