"""`opensqt status`: processes, mode, and why a strategy is not trading. Reads; changes nothing."""

import argparse
import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import msgspec
from rich.console import Console
from rich.markup import escape

from opensqt.cli import status_from_afar
from opensqt.cli.desk_figures import ask_all, figures, strategies
from opensqt.desk.address import DeskAddress
from opensqt.desk.data_folder import up_pid
from opensqt.desk.error import GOOD, NOT_RUNNING
from opensqt.desk.runfile import read_run
from opensqt.runtime.clock import RunClock
from opensqt.runtime.latch import read as read_latch

RUN_FILE_AGE_MS_MAX = 5_000  # it is written each second


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `status`: none of its own."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Print the state; return 0 when it runs, 3 when it does not."""
    if isinstance(args.place, DeskAddress):
        lines = asyncio.run(status_from_afar.lines(args.place))
        running, start = bool(lines[-1]["answers"]), f"nothing answers at {args.place}"
    else:
        data = args.data.absolute()
        running = up_pid(data) > 0
        lines = asyncio.run(_lines(data, up_pid(data)))
        start = f"start it with `opensqt up --data {data}`"
    if args.json:
        for line in lines:
            print(json.dumps(line))
    else:
        console = Console(highlight=False)
        _show(console, lines, start, running=running)
        if not running and isinstance(args.place, Path):
            _show_latch(console, args.data)
    return GOOD if running else NOT_RUNNING


async def _lines(data: Path, pid: int) -> list[dict[str, object]]:
    run_file = read_run(data)
    # An `up` that has not got as far yet finds the table of one that was killed.
    processes = run_file.processes if pid and pid == run_file.pid else ()
    told = await ask_all(run_file) if pid else {}
    age_ms = RunClock().wall_ms() - run_file.written_at_ms
    is_old = bool(processes) and age_ms > RUN_FILE_AGE_MS_MAX
    desk = figures(data, told)
    if is_old:
        # Who wrote it cannot write any more, a full disk for one: what it says of the processes is of then.
        old = f"run.json is {age_ms / 1000:.0f} s old, its disk may be full"
        desk = msgspec.structs.replace(desk, why="; ".join(filter(None, (old, desk.why))))
    lines: list[dict[str, object]] = [
        {"type": "process", **msgspec.to_builtins(process)} for process in processes
    ]
    lines += strategies(told)
    port = run_file.ports.get("gateway")
    lines.append(
        {
            "type": "status",
            "ready": bool(processes) and not is_old and all(process.ready for process in processes),
            **msgspec.to_builtins(desk),
            "gateway": f"http://127.0.0.1:{port}/" if port else None,
            "nats": run_file.nats_url or None,
            "pid": pid or None,
            "config_hash": run_file.config_hash,
        }
    )
    return lines


def _show(console: Console, lines: list[dict[str, object]], start: str, *, running: bool) -> None:
    """Print for a tired person: first whether it is safe, then what is open, then who is well."""
    last = lines[-1]
    if not running:
        console.print("[bold red]NOT RUNNING[/] ", start)
    else:
        mode = "KILLED" if last["killed"] else str(last["mode"])
        colour = {"NORMAL": "green", "REDUCING": "yellow"}.get(mode, "red")
        ready = "ready" if last["ready"] else "[yellow]not all processes are ready[/]"
        page = f"  page {last['gateway']}" if last["gateway"] else ""
        console.print(f"[bold {colour}]{mode}[/]  {ready}{page}")
        if last["why"]:
            console.print(f"[bold red]●[/] {escape(str(last['why']))}", soft_wrap=True)
        console.print(
            f"orders open {_known(last['orders_open'])}, unresolved"
            f" {_known(last['orders_unresolved'])}; journal {_known(last['journal_position'])},"
            f" feed {_known(last['feed_sequence'])}; nats {last['nats']}"
        )
        if changed := last["limits_changed"]:
            told = ", ".join(f"{k} {v}" for k, v in dict(cast("dict[str, str]", changed)).items())
            console.print(f"[yellow]limits changed:[/] {escape(told)} (`opensqt limits`)")
        for one in cast("list[dict[str, object]]", last["breakers"] or ()):
            told = f"{one['breaker']} {str(one['state']).replace('_', ' ')} in {one['scope']}: {one['reason']}"
            console.print(
                f"[bold red]breaker[/] {escape(told)} (`opensqt breakers`)", soft_wrap=True
            )
    for line in lines[:-1]:
        console.print(_row(line), soft_wrap=True)


def _show_latch(console: Console, data: Path) -> None:
    """Say that a stopped desk is killed, by whom and why: it will start so."""
    latch = read_latch(data)
    if latch is not None:
        console.print(
            f"[bold red]KILLED[/]  by {escape(latch.actor)}: {escape(latch.reason)};"
            " it starts killed, and then `opensqt resume` releases it",
            soft_wrap=True,
        )


def _known(value: object) -> str:
    return "unknown" if value is None else str(value)


def _row(line: Mapping[str, object]) -> str:
    if line["type"] == "strategy":
        dot = "[green]●[/]" if line.get("trading") else "[yellow]●[/]"
        why = "trading" if line.get("trading") else f"not trading: {line.get('reason', 'unknown')}"
        dust = line.get("dust")
        kept = (
            "".join(f"; dust {amount} {asset}" for asset, amount in dust.items())
            if isinstance(dust, dict)
            else ""
        )
        return f"{dot} {line.get('name')!s:<22} {escape(why)}{kept}"
    dot = "[green]●[/]" if line["ready"] else "[red]●[/]"
    where = line.get("host") or f"pid {line['pid'] or '-'!s:<8}"
    text = f"{dot} {line['name']!s:<22} {line['state']!s:<9} {where}"
    restarts = f"  restarts {line['restarts']}" if line["restarts"] else ""
    return f"{text}{restarts}  {line['why'] or ''}".rstrip()
