"""`opensqt logs [NAME]`: what the processes said, in the order of time. Reads; changes nothing."""

import argparse
import asyncio
import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from opensqt.desk.error import GOOD, CliError
from opensqt.runtime.clock import RunClock

LINES = 200
POLL_S = 0.2
HIDDEN = ("time", "process", "level", "event")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `logs`."""
    parser.add_argument("name", nargs="?", default="", help="a process; all where none is named")
    parser.add_argument("--follow", "-f", action="store_true", help="go on with what comes")
    parser.add_argument(
        "--lines", "-n", type=int, default=LINES, help=f"how many (default {LINES})"
    )


def run(args: argparse.Namespace) -> int:
    """Print the last lines and, when asked, what follows; raise `CliError` for an unknown process."""
    folder = args.data.absolute() / "logs"
    paths = sorted(folder.glob(f"{args.name or '*'}.jsonl"))
    if not paths:
        there = ", ".join(path.stem for path in sorted(folder.glob("*.jsonl"))) or "none yet"
        raise CliError(f"no log of {args.name or 'any process'} in {folder} (there: {there})")
    last: deque[str] = deque(maxlen=max(1, args.lines))
    last.extend(sorted((line for path in paths for line in _whole(path)), key=_time))
    for line in last:
        print(line if args.json else _for_people(line))
    if args.follow:
        asyncio.run(_follow(paths, as_json=args.json))
    return GOOD


async def _follow(paths: list[Path], *, as_json: bool) -> None:
    clock = RunClock()
    offsets = {path: path.stat().st_size for path in paths}
    while True:
        for path in paths:
            size = path.stat().st_size if path.exists() else 0
            if size < offsets[path]:  # rotated: begin with the new file
                offsets[path] = 0
            if size == offsets[path]:
                continue
            with path.open("rb") as file:
                file.seek(offsets[path])
                block = file.read()
            complete = block.rfind(b"\n") + 1
            offsets[path] += complete
            for line in block[:complete].decode(errors="replace").splitlines():
                print(line if as_json else _for_people(line), flush=True)
        await clock.sleep(POLL_S)


def _whole(path: Path) -> Iterator[str]:
    """Yield the lines of the log and of its predecessor, oldest first."""
    for part in (path.with_name(path.name + ".1"), path):
        if part.exists():
            yield from part.read_text(encoding="utf-8", errors="replace").splitlines()


def _time(line: str) -> str:
    return str(_fields(line).get("time", ""))


def _fields(line: str) -> dict[str, object]:
    try:
        fields = json.loads(line)
    except ValueError:
        return {"event": line}
    return fields if isinstance(fields, dict) else {"event": line}


def _for_people(line: str) -> str:
    fields = _fields(line)
    head = f"{fields.get('time', '')} {fields.get('process', ''):<20} {fields.get('level', ''):<7}"
    rest = " ".join(f"{name}={value}" for name, value in fields.items() if name not in HIDDEN)
    return f"{head} {fields.get('event', '')} {rest}".rstrip()
