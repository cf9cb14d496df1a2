"""The folder `access` of a desk: who each process is at the servers, a file each that only its owner can read.

Made once and kept. Never shown, never in `run.json` and never in the arguments or the environment of a process.
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from opensqt.desk.data_folder import write_private
from opensqt.desk.error import CliError
from opensqt.desk.runfile import RunFile
from opensqt.runtime.access.credentials import (
    BadCredentials,
    ServerCredentials,
    login_of,
    read_credentials,
    without_user,
)
from opensqt.runtime.access.nats_users import NatsUser, configuration
from opensqt.runtime.access.rights import (
    OPERATOR,
    OWNER,
    STREAMS,
    SYSTEM,
    TABLE,
    service_of_process,
)
from opensqt.runtime.config.all import Config
from opensqt.runtime.config.settings_tables import service_of

FOLDER = "access"
CONTEXTS = Path("nats") / "context"  # where the `nats` command looks, below XDG_CONFIG_HOME
PASSWORD_BYTES = 24
ROLE = DATABASE = "opensqt"
MIGRATE = (
    "migrate"  # the owner of the database, wherever it is; `owner` is that of the embedded server
)
USERS_FILE = "users.conf"
MARKET_DATA, EXECUTOR = "market_data-", "executor-"


class Servers(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses of servers that are not ours; empty where they are. May name a user each."""

    nats_url: str = ""
    postgres_dsn: str = ""

    @property
    def database(self) -> str:
        """The name of the desk's database."""
        return urlsplit(self.postgres_dsn).path.strip("/") or DATABASE


def file_of(data: Path, process: str) -> Path:
    """Return the file of a process's credentials."""
    return data / FOLDER / f"{process}.json"


def known(data: Path, process: str) -> ServerCredentials:
    """Return who a process is; nobody where the folder does not say. Raises `CliError` for a damaged file."""
    path = file_of(data, process)
    if not path.exists():
        return ServerCredentials()
    try:
        return read_credentials(path)
    except BadCredentials as error:
        raise CliError(
            f"{error}; delete the file, and the next `opensqt up` makes it anew"
        ) from None


def nats_url(data: Path, run: RunFile) -> str:
    """Return the address of a folder's bus for the person who runs the desk."""
    return known(data, OPERATOR).nats_url(run.nats_url)


def postgres_dsn(data: Path, run: RunFile, process: str = OPERATOR) -> str:
    """Return the address of a folder's database for the person who runs the desk, or as a process."""
    return known(data, process).postgres_dsn(run.postgres_dsn)


def users_of(config: Config, passwords: Mapping[str, ServerCredentials]) -> tuple[NatsUser, ...]:
    """Return the users of the bus: each process of a configuration, with what it is of."""
    strategies: dict[str, list[str]] = {}
    for name, settings in config.strategies.items():
        strategies.setdefault(service_of(name, settings), []).append(name)
    return tuple(
        NatsUser(
            process=process,
            password=passwords[process].nats_password,
            strategies=tuple(strategies.get(process, ())),
            venues=tuple(venue for venue in config.venues if process == MARKET_DATA + venue),
        )
        for process in processes(config)
    )


def processes(config: Config) -> tuple[str, ...]:
    """Return everybody who talks to a server: the processes of a configuration, and the person."""
    found = [MARKET_DATA + venue for venue in config.venues]
    found += [EXECUTOR + account for account in config.accounts]
    found += [service_of(name, settings) for name, settings in config.strategies.items()]
    found += ["risk", "relay", "reconciler", "gateway", STREAMS, OPERATOR]
    return tuple(dict.fromkeys(found))


def prepare(data: Path, config: Config, servers: Servers) -> dict[str, ServerCredentials]:
    """Make the files that are missing and return everybody's credentials; raise `CliError`."""
    found = {}
    for process in (*processes(config), SYSTEM, MIGRATE):
        before = known(data, process)
        found[process] = _completed(process, before, servers)
        if process == MIGRATE and not servers.postgres_dsn:
            found[process] = known(data, OWNER)
        if found[process] != before:
            write(data, process, found[process])
    return found


def prepare_elsewhere(folder: Path, config: Config) -> list[str]:
    """Make the files for servers that somebody else starts, with what NATS must include; return whose they are."""
    owner = known(folder, OWNER)
    if not owner.postgres_password:
        write(
            folder, OWNER, ServerCredentials(postgres_user=ROLE, postgres_password=new_password())
        )
    found = prepare(folder, config, Servers())
    said = configuration(users_of(config, found), found[SYSTEM].nats_password)
    write_private(folder / FOLDER / USERS_FILE, said)
    return sorted(found)


def write(data: Path, process: str, who: ServerCredentials) -> None:
    """Write the file of a process's credentials."""
    folder = data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    write_private(file_of(data, process), msgspec.json.encode(who).decode())


def write_contexts(data: Path, nats_url: str) -> None:
    """Write what the `nats` command needs to connect as the person: `XDG_CONFIG_HOME=DATA/access nats ...`."""
    folder = data / FOLDER / CONTEXTS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, told in ((OPERATOR, "the desk"), (SYSTEM, "the server itself")):
        who = known(data, name)
        said = {
            "description": f"OpenSQT: {told}",
            "url": without_user(nats_url),
            "user": who.nats_user,
            "password": who.nats_password,
        }
        write_private(folder / f"{name}.json", json.dumps(said, indent=1))
    (folder.parent / "context.txt").write_text(OPERATOR, encoding="ascii")


def _completed(process: str, before: ServerCredentials, servers: Servers) -> ServerCredentials:
    """Return credentials as the servers want them: those of an address that names a user, else our own."""
    user, password = _at_nats(process, before, servers)
    login, word = _at_postgres(process, before, servers)
    return ServerCredentials(
        nats_user=user, nats_password=password, postgres_user=login, postgres_password=word
    )


def _at_nats(process: str, before: ServerCredentials, servers: Servers) -> tuple[str, str]:
    if process == MIGRATE:
        return "", ""
    given = urlsplit(servers.nats_url)
    if given.username:
        return given.username, given.password or ""
    return process, before.nats_password if before.nats_user == process else new_password()


def _at_postgres(process: str, before: ServerCredentials, servers: Servers) -> tuple[str, str]:
    if process == MIGRATE:
        given = urlsplit(servers.postgres_dsn)
        return given.username or "", given.password or ""
    if process == SYSTEM or not TABLE[service_of_process(process)].uses_journal:
        return "", ""
    return login_of(process, servers.database), before.postgres_password or new_password()


def new_password() -> str:
    """Draw a password that stands in an address as it is."""
    return secrets.token_urlsafe(PASSWORD_BYTES)
