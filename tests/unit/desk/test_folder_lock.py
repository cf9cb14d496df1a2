"""Who holds a data folder's lock, and what `down`, `status` and the readers make of it."""

import argparse
import asyncio
import fcntl
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PosixPath

import msgspec
import pytest

from opensqt.cli import down, reading, status
from opensqt.desk.data_folder import READER, UP, DataFolder, Holder, holder, in_use, up_pid
from opensqt.desk.error import GOOD, NOT_RUNNING, CliError
from opensqt.desk.runfile import RunFile, write_run
from opensqt.desk.spec import ProcessLine, ProcessState
from opensqt.runtime.clock import RunClock
from opensqt.runtime.latch import Latch, latch

DSN = "postgresql://opensqt@127.0.0.1:1/opensqt"


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that has nothing to do with us, under the pid of an `up` that was killed."""
    with subprocess.Popen(("tail", "-f", "/dev/null")) as process:
        yield process
        process.kill()


@pytest.fixture
def data(tmp_path: Path, stranger: subprocess.Popen[bytes]) -> Path:
    """A folder whose `up` was killed with -9 while all was ready."""
    ready = ProcessLine(name="grid", pid=1, state=ProcessState.READY, ready=True, restarts=0)
    (tmp_path / "postgres").mkdir()
    write_run(tmp_path, RunFile(pid=stranger.pid, postgres_dsn=DSN, processes=(ready,)))
    return tmp_path


@contextmanager
def locked_with(data: Path, words: bytes) -> Iterator[None]:
    """Hold a folder's lock with these words in it."""
    with (data / "lock").open("wb") as file:
        file.write(words)
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def held(data: Path, verb: str) -> Iterator[None]:
    """Hold a folder's lock as a command of ours does."""
    folder = DataFolder(data, RunClock(), verb=verb)
    asyncio.run(folder.open())
    yield
    folder.close()


def args(data: Path, *, as_json: bool = False) -> argparse.Namespace:
    """Return the arguments of a verb that has none of its own."""
    return argparse.Namespace(data=data, place=data, json=as_json)


def last_status(data: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    """Return the exit code of `status` and its last line."""
    code = status.run(args(data, as_json=True))
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize("verb", [UP, READER])
def test_the_lock_says_who_holds_it_for_as_long_as_it_is_held(tmp_path: Path, verb: str) -> None:
    """The words stay in the file behind the holder, and count no longer."""
    with held(tmp_path, verb):
        found = holder(tmp_path)
        assert found is not None
        assert (found.pid, found.verb) == (os.getpid(), verb)
        assert up_pid(tmp_path) == (os.getpid() if verb == UP else 0)
    assert b"pid" in (tmp_path / "lock").read_bytes()
    assert holder(tmp_path) is None


def test_down_leaves_a_stranger_alone_while_a_reader_has_the_folder(
    data: Path, stranger: subprocess.Popen[bytes]
) -> None:
    """The pid of a killed run belongs to somebody else by now: nothing runs, nobody is signalled."""
    said = rf"nothing runs in .*process {os.getpid()}"
    with held(data, READER), pytest.raises(CliError, match=said) as caught:
        down.run(args(data))
    assert caught.value.code == NOT_RUNNING
    assert stranger.poll() is None


def test_a_reader_makes_no_dead_desk_ready(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The table of a killed run says ready for ever: it is not shown while only a reader is at it."""
    with held(data, READER):
        code, line = last_status(data, capsys)
    assert (code, line["ready"], line["pid"]) == (NOT_RUNNING, False, None)


def test_a_start_is_not_ready_by_the_table_of_a_killed_run(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An `up` that has not written its own table yet runs, under its own pid, and is not ready."""
    with held(data, UP):
        code, line = last_status(data, capsys)
    assert (code, line["ready"], line["pid"]) == (GOOD, False, os.getpid())


def test_words_of_an_earlier_holder_are_not_believed(
    data: Path, stranger: subprocess.Popen[bytes]
) -> None:
    """Whoever has just taken the lock has not written yet: the words are a dead one's, its pid a stranger's."""
    dead = msgspec.json.encode(Holder(pid=stranger.pid, verb=UP, born_ticks=1))
    for words in (dead, b"{", dead[:9]):
        with locked_with(data, words):
            assert holder(data) == Holder()
            with pytest.raises(CliError, match="has just begun"):
                down.run(args(data))
    assert stranger.poll() is None


def test_an_older_up_is_known_by_its_run_file(
    data: Path, stranger: subprocess.Popen[bytes]
) -> None:
    """It writes nothing into the lock; its pid in run.json counts while there is such a process."""
    with locked_with(data, b""):
        assert up_pid(data) == stranger.pid
        stranger.kill()
        stranger.wait()
        assert up_pid(data) == 0


def test_a_start_on_a_folder_that_is_read_names_the_reader(data: Path) -> None:
    """It does not send anybody to `opensqt down`, which could stop nothing."""
    with held(data, READER):
        said = in_use(data)
        with pytest.raises(CliError, match=f"another command .process {os.getpid()}"):
            asyncio.run(DataFolder(data, RunClock(), verb=UP).open())
    assert "opensqt down" not in said


class Shared(PosixPath):
    """A path at which another command removes at once what is put there."""

    def touch(self, mode: int = 0o666, exist_ok: bool = True) -> None:
        super().touch(mode, exist_ok)
        self.unlink()


def test_two_commands_may_try_a_folder_at_the_same_moment(tmp_path: Path) -> None:
    """Each removes the other's trial file: the folder can be written all the same."""
    folder = DataFolder(Shared(tmp_path), RunClock())
    asyncio.run(folder.open())
    folder.close()


def test_a_reader_does_not_wait_for_another_for_ever(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names who still reads, and no database of a killed run is asked."""
    monkeypatch.setattr(reading, "READER_S_MAX", 0.0)

    async def never(_: reading.Source) -> None:
        pytest.fail("there is no database to read")

    with (
        held(data, READER),
        pytest.raises(CliError, match=rf"process {os.getpid()}\) still reads") as caught,
    ):
        reading.read(data, never)
    assert caught.value.code == NOT_RUNNING


def test_the_status_of_a_stopped_desk_says_that_it_is_killed(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who starts it must know: by whom, why, and what releases it."""
    latch(data, Latch(scope="desk", reason="fat [red] finger", actor="ann", time_ms=1))
    assert status.run(args(data)) == NOT_RUNNING
    said = " ".join(capsys.readouterr().out.split())
    assert "KILLED by ann: fat [red] finger" in said
    assert "`opensqt resume` releases it" in said
