"""The kill latch on disk: an fsynced file that keeps the desk killed when everything else is gone.

It never decides who may release it. Whatever has its name counts as latched: a file that cannot be read, a link to
nothing, a folder, a pipe. Somebody put it there.
"""

import errno
import os
import stat
from collections.abc import Container
from pathlib import Path
from typing import Protocol

import msgspec

from opensqt.domain.clean_text import cleaned

FILE_NAME = "kill.latch"
BYTES_MAX = 65_536  # of a latch that is read; a real one has some hundred


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
    try:
        with fresh.open("wb") as file:
            file.write(msgspec.json.encode(value))
            file.flush()
            os.fsync(file.fileno())
        if replace:
            _put(fresh, path)
        else:
            _put_first(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(folder)


def _put(fresh: Path, path: Path) -> None:
    """Let a file take a name from whatever has it; a folder, which no file can replace, is moved aside."""
    try:
        fresh.replace(path)
    except IsADirectoryError:
        path.rename(path.with_name(f"{fresh.name}.folder"))
        fresh.replace(path)


def _put_first(fresh: Path, path: Path) -> None:
    """Let a file appear under a name that nobody has taken; where there are no links, take it all the same."""
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        pass
    except OSError:
        _put(fresh, path)


def read(folder: Path) -> Latch | None:
    """Return the latch, or None; what is no latch file is a latch of unknown origin."""
    path = folder / FILE_NAME
    try:
        data = _content(path)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not path.is_symlink():
            return None
        return Latch(scope="desk", reason=f"unreadable: {error.strerror}", actor="?", time_ms=0)
    try:
        return msgspec.json.decode(data, type=Latch)
    except (ValueError, RecursionError):
        return Latch(scope="desk", reason="damaged latch file", actor="?", time_ms=0)


def _content(path: Path) -> bytes:
    """Return what a file holds; raise `OSError` at once for what is none: it may never come to an end."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, f"{path.name} is no file")
        return os.read(handle, BYTES_MAX)
    finally:
        os.close(handle)


def is_there(folder: Path) -> bool:
    """Tell whether anything has the latch's name, a link to nothing as well."""
    return os.path.lexists(folder / FILE_NAME)


def look(folder: Path) -> tuple[int, int, int] | None:
    """Return what tells one latch from the next, for the price of one `stat`; None where there is none."""
    path = folder / FILE_NAME
    try:
        found = path.stat()
    except FileNotFoundError:
        return _look_at_link(path)
    except OSError as error:
        return (0, 0, error.errno or 0)
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _look_at_link(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
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
