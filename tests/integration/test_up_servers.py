"""The embedded NATS and Postgres under the supervisor: born once, killed, back again."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from opensqt.desk import loopback, nats, ports, postgres
from opensqt.desk.data_folder import DataFolder
from opensqt.desk.runfile import RunFile, read_run, write_run
from opensqt.desk.supervisor import Supervisor
from opensqt.runtime.access.nats_users import NatsUser, configuration
from opensqt.runtime.access.rights import OPERATOR
from opensqt.runtime.bus.streams import DISK_BYTES_MAX
from opensqt.runtime.clock import RunClock
from tests.supervision import Watch, line_of

Running = tuple[Supervisor, Watch, str]


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """Both servers on a new folder, ready."""
    data = tmp_path / "data"
    folder = DataFolder(data, RunClock())
    await folder.open()
    environ = dict(os.environ)
    chosen = ports.choose(("nats", "nats-monitor", "postgres"), {})
    write_run(data, RunFile(ports=chosen))
    identity = await postgres.prepare(data, environ)
    users = configuration((NatsUser(process=OPERATOR, password="of-a-test"),), "of-a-test")
    table = (
        nats.nats_spec(data, chosen["nats"], chosen["nats-monitor"], environ, users),
        postgres.postgres_spec(data, chosen["postgres"], identity, environ),
    )
    watch = Watch()
    supervisor = Supervisor(table, data / "logs", RunClock(), watch)
    supervisor.start()
    await watch.until(lambda: supervisor.ready)
    yield supervisor, watch, postgres.owner_dsn(data, chosen["postgres"])
    await supervisor.stop()
    folder.close()


@pytest.mark.parametrize("name", ["nats", "postgres"])
async def test_a_killed_server_comes_back(running: Running, name: str) -> None:
    """Kill -9 of a server: it is ready again by itself, twice in a row."""
    supervisor, watch, _ = running
    for restarts in (1, 2):
        pid = line_of(supervisor, name).pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await watch.until(
            lambda restarts=restarts: (  # type: ignore[misc]
                line_of(supervisor, name).restarts >= restarts and supervisor.ready
            )
        )


async def test_committed_rows_survive_the_kill_and_serve_a_stopped_folder(
    running: Running, tmp_path: Path
) -> None:
    """A committed row is there after SIGKILL, and a reading verb finds it when all is stopped."""
    supervisor, watch, dsn = running
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("SHOW fsync") == "on"
    await connection.execute("CREATE TABLE t AS SELECT 7 AS n")
    connection.terminate()
    pid = line_of(supervisor, "postgres").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await watch.until(lambda: line_of(supervisor, "postgres").restarts > 0 and supervisor.ready)
    await supervisor.stop()
    async with postgres.serving(tmp_path / "data") as again:
        connection = await asyncpg.connect(again)
        assert await connection.fetchval("SELECT n FROM t") == 7
        await connection.close()


@pytest.mark.usefixtures("running")
async def test_the_bus_has_room_for_its_streams_whatever_is_free(tmp_path: Path) -> None:
    """The server's limit follows from the streams and not from the disk, so that a small disk starts too."""
    monitor = read_run(tmp_path / "data").ports["nats-monitor"]
    said = (await loopback.get(monitor, "/jsz")).said["config"]
    assert isinstance(said, dict)
    assert said["max_storage"] == nats.STORE_BYTES_MAX > DISK_BYTES_MAX
