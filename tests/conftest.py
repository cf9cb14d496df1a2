"""Shared fixtures: real servers, recordings, and which tests this machine can run.

A server is taken, in this order, from the environment, from the wheels, from a Docker engine.
Never skips a test without a reason that says what is missing.
"""

import asyncio
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import containers, databases, servers, streams

ROOT = Path(__file__).resolve().parent.parent

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


# No test leaves a key among those of whoever runs it.
os.environ.setdefault("OPENSQT_SEAL_KEYS", str(Path(tempfile.gettempdir()) / "opensqt-test-keys"))


def recordings_folder() -> Path:
    """Return where recorded market data are looked for."""
    return Path(
        os.environ.get("OPENSQT_RECORDINGS") or ROOT / ".." / "shared" / "recordings"
    ).resolve()


def _no_recordings() -> str | None:
    folder = recordings_folder()
    return None if folder.is_dir() else f"no recordings at {folder}: set OPENSQT_RECORDINGS"


def _no_docker() -> str | None:
    return None if containers.engine_answers() else "no Docker engine answers"


def _no_root() -> str | None:
    return None if os.geteuid() == 0 else "only root gives folders to a pod's group"


def _no_browser() -> str | None:
    return None if chromium_path() else "no chromium on PATH"


def chromium_path() -> str | None:
    """Return the browser that page tests drive."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def _no_prometheus() -> str | None:
    missing = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    return f"no {' and no '.join(missing)} on PATH" if missing else None


def node_modules() -> Path | None:
    """Return where the packages of npm are that OPENSQT_NODE_MODULES names, None without Node or bitget-api."""
    named = os.environ.get("OPENSQT_NODE_MODULES", "")
    found = bool(named) and (Path(named) / "bitget-api").is_dir() and shutil.which("node")
    return Path(named).resolve() if found else None


def _no_node() -> str | None:
    return None if node_modules() else "no bitget-api for Node: set OPENSQT_NODE_MODULES"


NEEDS: dict[str, Callable[[], str | None]] = {
    "recordings": _no_recordings,
    "docker": _no_docker,
    "root": _no_root,
    "browser": _no_browser,
    "prometheus": _no_prometheus,
    "node": _no_node,
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what this machine cannot run, with the reason; put the files with the longest tests first."""
    for marker, missing in NEEDS.items():
        marked = [item for item in items if item.get_closest_marker(marker)]
        reason = missing() if marked else None
        for item in marked if reason else ():
            item.add_marker(pytest.mark.skip(reason=reason or ""))
    long = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of recorded market data."""
    return recordings_folder()


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The Chromium of this machine."""
    return chromium_path() or pytest.fail("mark the test with pytest.mark.browser")


@pytest.fixture(scope="session")
def session_folder() -> Iterator[Path]:
    """A short folder for this worker's servers, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="sqt-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def nats_session_url(session_folder: Path) -> Iterator[str]:
    """A JetStream server for the whole session; tests take `nats_url`."""
    given = os.environ.get("OPENSQT_TEST_NATS_URL")
    if given:
        yield given
    elif servers.nats_binary():
        server = servers.NatsServer(session_folder / "nats")
        server.start()
        yield server.url
        server.stop()
    else:
        with containers.nats() as url:
            yield url


@pytest.fixture
def nats_url(nats_session_url: str) -> str:
    """A JetStream server without any stream."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(streams.wipe(nats_session_url))
    return nats_session_url


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[servers.NatsServer]:
    """A JetStream server of the test's own, to be killed and started again."""
    server = servers.NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_session_dsn(session_folder: Path) -> Iterator[str]:
    """A Postgres for the whole session; tests take `postgres_dsn`."""
    given = os.environ.get("OPENSQT_TEST_POSTGRES_DSN")
    if given:
        yield given
    elif servers.postgres_folder():
        server = servers.PostgresServer(session_folder / "postgres")
        server.start()
        yield server.dsn
        server.stop()
    else:
        with containers.postgres() as dsn:
            yield dsn


@pytest.fixture(scope="session")
def postgres_template(postgres_session_dsn: str) -> Iterator[str]:
    """The name of a database that holds the current schema and nothing else."""
    lock = Path(tempfile.gettempdir()) / f"opensqt-test-template-{os.getuid()}.lock"
    with lock.open("a") as handle, asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        # Roles belong to the whole server: workers that share one must not migrate at once.
        fcntl.flock(handle, fcntl.LOCK_EX)
        name = runner.run(databases.make_template(postgres_session_dsn))
        fcntl.flock(handle, fcntl.LOCK_UN)
        yield name
        runner.run(databases.drop(postgres_session_dsn, name))


@pytest.fixture
def postgres_dsn(postgres_session_dsn: str, postgres_template: str) -> Iterator[str]:
    """A database of the test's own with the current schema."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        name = runner.run(databases.copy(postgres_session_dsn, postgres_template))
        yield databases.on(postgres_session_dsn, name)
        runner.run(databases.drop(postgres_session_dsn, name))


@pytest.fixture
def postgres_empty_dsn(postgres_session_dsn: str) -> Iterator[str]:
    """A database of the test's own with no schema at all."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        name = runner.run(databases.copy(postgres_session_dsn, "template0"))
        yield databases.on(postgres_session_dsn, name)
        runner.run(databases.drop(postgres_session_dsn, name))


@pytest.fixture
def postgres_server(session_folder: Path) -> Iterator[servers.PostgresServer]:
    """A Postgres of the test's own, durable, to be killed and started again; without a schema."""
    folder = Path(tempfile.mkdtemp(prefix="own-", dir=session_folder))
    server = servers.PostgresServer(folder, fsync=True)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)
