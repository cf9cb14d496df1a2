"""The birth of an embedded Postgres, whole or not at all, and its readers one after the other."""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import pytest

from opensqt.cli.reading import opened
from opensqt.desk import ports, postgres
from opensqt.desk.data_folder import DataFolder
from opensqt.desk.error import CliError
from opensqt.desk.runfile import RunFile, write_run
from opensqt.runtime.clock import RunClock
from tests.conditions import until
from tests.supervision import wait_gone

ROOT = Path(__file__).resolve().parents[2]
# In a user namespace of its own, in which nobody may make another one.
FORBIDDEN = """
import asyncio, ctypes, os, pathlib, sys
data = pathlib.Path(sys.argv[1])
ask, told = os.pipe(), os.pipe()
child = os.fork()
if child:
    os.read(ask[0], 1)
    for name in ("uid_map", "gid_map"):
        pathlib.Path(f"/proc/{child}/{name}").write_text("0 0 65536")
    os.write(told[1], b"x")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
assert ctypes.CDLL(None).unshare(0x10000000) == 0
os.write(ask[1], b"x")
os.read(told[0], 1)
os.setgid(0)
os.setuid(0)
pathlib.Path("/proc/sys/user/max_user_namespaces").write_text("0")
from opensqt.desk import postgres
print(asyncio.run(postgres.prepare(data, dict(os.environ))))
"""


async def test_two_readers_of_a_stopped_folder_come_one_after_the_other(tmp_path: Path) -> None:
    """The second does not lean on the first one's server, which ends with the first."""
    data = tmp_path / "data"
    folder = DataFolder(data, RunClock())
    await folder.open()
    chosen = ports.choose(("postgres",), {})
    write_run(data, RunFile(ports=chosen, postgres_dsn=postgres.dsn_of(chosen["postgres"])))
    await postgres.prepare(data, dict(os.environ))
    folder.close()
    begun, first_ended = asyncio.Event(), asyncio.Event()

    async def second() -> tuple[bool, int]:
        begun.set()
        async with opened(data, project=False) as source:
            await first_ended.wait()
            connection = await asyncpg.connect(source.dsn)
            found = await connection.fetchval("SELECT 7")
            await connection.close()
            return source.running, found

    async with opened(data, project=False):
        waiting = asyncio.create_task(second())
        await begun.wait()
    first_ended.set()
    assert await waiting == (False, 7)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A private folder without a database."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def initdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of ours in place of initdb: what is written here."""
    path = tmp_path / "bin" / "initdb"
    path.parent.mkdir()
    path.touch(mode=0o755)
    monkeypatch.setattr(postgres, "find_folder", lambda: path.parent)
    return path


@pytest.mark.parametrize("end", ["kill -INT $$; exit 1", "kill -KILL $$", "echo no space; exit 1"])
async def test_a_birth_that_fails_leaves_a_private_folder_and_nothing_in_it(
    data: Path, initdb: Path, end: str
) -> None:
    """Only the launcher's own word that namespaces are forbidden opens the folder to `nobody`."""
    initdb.write_text(f"#!/bin/sh\n{end}\n")
    with pytest.raises(CliError, match="Postgres cannot be set up"):
        await postgres.prepare(data, dict(os.environ))
    assert list(data.iterdir()) == []
    assert data.stat().st_mode & 0o777 == 0o700


async def test_a_birth_that_is_given_up_ends_what_it_has_started(data: Path, initdb: Path) -> None:
    """It has a process group of its own, so that Ctrl-C reaches it through us only."""
    said = data.parent / "pid"
    initdb.write_text(f"#!/bin/sh\necho $$ > {said}.new\nmv {said}.new {said}\ntail -f /dev/null\n")
    birth = asyncio.create_task(postgres.prepare(data, dict(os.environ)))
    await until(said.exists)
    pid = int(said.read_text())
    assert os.getpgid(pid) == pid
    birth.cancel()
    with pytest.raises(asyncio.CancelledError):
        await birth
    assert wait_gone(pid)
    assert list(data.iterdir()) == []


def prepared_where_forbidden(data: Path) -> subprocess.CompletedProcess[str]:
    """Prepare a folder where the kernel forbids user namespaces."""
    return subprocess.run(
        (sys.executable, "-c", FORBIDDEN, str(data)),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another identity")
def test_where_namespaces_are_forbidden_the_server_is_nobodys() -> None:
    """The folder lets `nobody` pass, and shows nothing."""
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o711)
        data = Path(parent) / "data"
        data.mkdir(mode=0o700)
        done = prepared_where_forbidden(data)
        assert done.stdout == "nobody\n", done.stderr
        assert (data / "postgres").stat().st_uid == postgres.NOBODY_ID
        assert data.stat().st_mode & 0o777 == 0o711


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another identity")
def test_a_folder_that_nobody_cannot_use_stays_private(data: Path) -> None:
    """Where `nobody` gets no further either, the folder is as it was."""
    data.parent.chmod(0o700)
    done = prepared_where_forbidden(data)
    assert "Postgres cannot be set up" in done.stderr
    assert list(data.iterdir()) == []
    assert data.stat().st_mode & 0o777 == 0o700
