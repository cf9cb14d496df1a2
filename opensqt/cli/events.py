"""`opensqt events`: the journal as it is, row by row. Reads; changes nothing."""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator

import asyncpg

from opensqt.cli.reading import Source, connect, opened
from opensqt.desk.error import GOOD, NOT_RUNNING, CliError
from opensqt.desk.timestamps import rfc3339
from opensqt.runtime.clock import RunClock
from opensqt.runtime.codec import Undecodable, decode, to_json

CHUNK = 1000
POLL_S = 0.2
_SELECT = (
    "SELECT position, stream, version, type, schema_version, event_id, correlation_id, causation_id, occurred_at_ms,"
    " recorded_at_ms, data FROM journal WHERE position > $1 AND starts_with(stream, $2) AND ($3 = '' OR type = $3)"
    " ORDER BY position LIMIT $4"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `events`."""
    parser.add_argument("--after", type=int, default=0, help="only beyond this journal position")
    parser.add_argument("--stream", default="", help="only streams that begin so, e.g. order/")
    parser.add_argument("--type", default="", help="only this type, e.g. Fill")
    parser.add_argument("--follow", action="store_true", help="stay and print what comes")


def run(args: argparse.Namespace) -> int:
    """Print the rows; with --follow until interrupted."""
    try:
        asyncio.run(_print(args))
    except (asyncpg.PostgresError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CliError(f"the database of {args.place} went away: {error}", NOT_RUNNING) from error
    return GOOD


async def _print(args: argparse.Namespace) -> None:
    async with opened(args.place, project=False) as source:
        async for row in _rows(source, args):
            print(json.dumps(_line(row)) if args.json else _for_people(row))
        if args.follow and not source.running:
            sys.stderr.write(f"opensqt: {args.place} is stopped, nothing more can come\n")


async def _rows(source: Source, args: argparse.Namespace) -> AsyncIterator[asyncpg.Record]:
    connection = await connect(source.dsn)
    clock = RunClock()
    after = args.after
    try:
        while True:
            found = await connection.fetch(_SELECT, after, args.stream, args.type, CHUNK)
            for row in found:
                yield row
                after = row["position"]
            if len(found) == CHUNK:
                continue
            if not (args.follow and source.running):
                return
            sys.stdout.flush()
            await clock.sleep(POLL_S)
    finally:
        connection.terminate()


def _line(row: asyncpg.Record) -> dict[str, object]:
    return {
        "position": row["position"],
        "stream": row["stream"],
        "version": row["version"],
        "type": row["type"],
        "schema_version": row["schema_version"],
        "event_id": row["event_id"],
        "correlation_id": row["correlation_id"],
        "causation_id": row["causation_id"],
        "occurred_at": rfc3339(row["occurred_at_ms"]),
        "recorded_at": rfc3339(row["recorded_at_ms"]),
        "data": _data(row),
    }


def _for_people(row: asyncpg.Record) -> str:
    time = rfc3339(row["occurred_at_ms"])[5:23].replace("T", " ")
    told = " ".join(_told(_data(row)))
    return f"{row['position']:>8}  {time}  {row['type']:<16} {row['stream']:<36} {told}"


def _told(data: dict[str, object], depth: int = 0) -> list[str]:
    words: list[str] = []
    for name, value in data.items():
        if isinstance(value, dict) and depth == 0:
            words += _told(value, depth + 1)
        elif not isinstance(value, dict | list) and value not in ("", None, False):
            words.append(f"{name}={value}")
    return words


def _data(row: asyncpg.Record) -> dict[str, object]:
    try:
        return to_json(decode(row["data"]))
    except Undecodable as error:
        return {"undecodable": str(error)}
