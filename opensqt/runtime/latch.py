"""The kill latch on disk: an fsynced file that keeps the desk killed when everything else is gone.

It never decides who may release it, and a file that cannot be read counts as latched.
"""

import os
from collections.abc import Container
from pathlib import Path
from typing import Protocol

import msgspec

from opensqt.domain.clean_text import cleaned

FILE_NAME = "kill.latch"


class Latch(msgspec.Struct, frozen=True, kw_only=True):
    """Who killed what, when (market time) and why.

    Without `kill_id` nobody can have released it yet: it was written by hand, by an older version, or cannot be read.
    `account` is set by an executor that writes down for itself what it obeys; others go by what they know of the kill.
    """

    scope: str
    reason: str
    actor: str
    time_ms: int
    kill_id: str = ""
    account: str = ""


class Latches(Protocol):
    """The latch on disk as an executor's effect: it lies between two steps like any other."""

    async def latch(self, value: Latch, *, known: Container[str]) -> None:
        """Make the latch durable; raise `OSError` when that cannot be.

        A latch that is there already stays, unless its identity is `known`: it is a kill that nobody has read yet.
        So does one of the same kill: whoever said it wrote it first.
        """

    async def release(self) -> None:
        """Remove the latch durably; harmless when there is none."""


class LatchFile:
    """The latch file of a data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def latch(self, value: Latch, *, known: Container[str]) -> None:
        found = read(self._folder)
        if found is None or (found.kill_id in known and found.kill_id != value.kill_id):
            latch(self._folder, value, replace=found is not None)

    async def release(self) -> None:
        release(self._folder)


def latch(folder: Path, value: Latch, *, replace: bool = True) -> None:
    """Write the latch and sync; raise `OSError` when it could not be made durable.

    With `replace` off a latch that appeared meanwhile stays: it may be another's kill.

    Its words are cleaned first: no reason is a reason not to latch.
    """
    value = msgspec.structs.replace(
        value,
        scope=cleaned(value.scope),
        reason=cleaned(value.reason),
        actor=cleaned(value.actor),
        kill_id=cleaned(value.kill_id),
    )
    path = folder / FILE_NAME
    # Executors and the command may latch at the same moment: each replaces the file with one of its own.
    fresh = path.with_name(f"{FILE_NAME}.{os.getpid()}")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(value))
        file.flush()
        os.fsync(file.fileno())
    if replace:
        fresh.replace(path)
    else:
        _put_first(fresh, path)
    _sync_folder(folder)


def _put_first(fresh: Path, path: Path) -> None:
    """Let a file appear under a name that nobody has taken; where there are no links, take it all the same."""
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        fresh.unlink()
    except OSError:
        fresh.replace(path)
    else:
        fresh.unlink()


def read(folder: Path) -> Latch | None:
    """Return the latch, or None; a damaged file is a latch of unknown origin."""
    path = folder / FILE_NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        return Latch(scope="desk", reason=f"unreadable: {error.strerror}", actor="?", time_ms=0)
    try:
        return msgspec.json.decode(data, type=Latch)
    except (ValueError, RecursionError):
        return Latch(scope="desk", reason="damaged latch file", actor="?", time_ms=0)


def look(folder: Path) -> tuple[int, int, int] | None:
    """Return what tells one latch file from the next, for the price of one `stat`; None where there is none."""
    try:
        found = (folder / FILE_NAME).stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return (0, 0, error.errno or 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def release(folder: Path) -> None:
    """Remove the latch durably; harmless when there is none."""
    (folder / FILE_NAME).unlink(missing_ok=True)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
