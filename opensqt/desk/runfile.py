"""`run.json`: what a data folder remembers of its run. Written atomically; never holds a secret."""

import os
from pathlib import Path

import msgspec

from opensqt.desk.error import CliError
from opensqt.desk.spec import ProcessLine
from opensqt.runtime.clock import RUN_FILE, ClockOrigin


class RunFile(msgspec.Struct, frozen=True, kw_only=True):
    """The run of a folder; `ports` and `clock` outlive every start, the rest describes the last one.

    `market_ms_last` is the last market time anybody can have seen; times ending in `_ms` are ms UTC.
    """

    pid: int = 0
    ports: dict[str, int] = {}
    clock: ClockOrigin | None = None
    version: str = ""
    config_hash: str = ""
    config: str = ""
    market: str = ""
    market_ms_last: int = 0
    nats_url: str = ""
    postgres_dsn: str = ""
    written_at_ms: int = 0
    processes: tuple[ProcessLine, ...] = ()


def read_run(data: Path) -> RunFile:
    """Read a folder's run; an empty one where there is none, `CliError` where it is damaged."""
    path = data / RUN_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunFile)
    except FileNotFoundError:
        return RunFile()
    except (ValueError, RecursionError, OSError) as error:
        raise CliError(
            f"{path} cannot be read ({error}): delete it; ports and clock then start anew"
        ) from error


def write_run(data: Path, run: RunFile, *, durable: bool = False) -> None:
    """Replace a folder's run in one step; `durable` waits for the disk."""
    path = data / RUN_FILE
    fresh = path.with_suffix(".json.new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(run), indent=1))
        file.flush()
        if durable:
            os.fsync(file.fileno())
    fresh.replace(path)
