"""The table of processes of a desk, as data: names, commands, order, ports, environment. Starts nothing."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

import opensqt
from opensqt.desk import access
from opensqt.desk.health import EXECUTOR, health_name
from opensqt.desk.nats import nats_spec
from opensqt.desk.postgres import dsn_of, postgres_spec
from opensqt.desk.spec import DoneCheck, HttpCheck, Identity, ProcessSpec
from opensqt.runtime.access.credentials import CREDENTIALS, ServerCredentials, without_user
from opensqt.runtime.access.nats_users import configuration
from opensqt.runtime.access.rights import SYSTEM
from opensqt.runtime.config.alerts import AlertConfig
from opensqt.runtime.config.all import AccountConfig, Config, Profile
from opensqt.runtime.config.settings_tables import module_of, service_of
from opensqt.runtime.migrate import LOGINS

SERVERS = ("nats", "postgres", "venue")
SETUPS = ("migrate", "streams")
VENUE_ADMIN_HOST = "venue.admin"
PATIENCE_S_EXECUTOR = 4.5
PATIENCE_S_RELAY = 1.0


class ProcessRow(msgspec.Struct, frozen=True, kw_only=True):
    """One Python process of ours."""

    name: str
    argv: tuple[str, ...]
    depends: tuple[str, ...]
    one_shot: bool = False
    patience_s: float = 2.0


class RunLocation(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run lives: folder, configuration file, ports, addresses and the environment it began with."""

    data: Path
    config_path: Path
    ports: Mapping[str, int]
    environ: Mapping[str, str]
    nats_url_external: str = ""
    postgres_dsn_external: str = ""
    access: Mapping[str, ServerCredentials] = {}
    identity: Identity = Identity.SAME

    @property
    def nats_url(self) -> str:
        """The bus that every process uses, without a user."""
        return without_user(self.nats_url_external) or f"nats://127.0.0.1:{self.ports['nats']}"

    @property
    def postgres_dsn(self) -> str:
        """The journal that every process uses, without a user."""
        return without_user(self.postgres_dsn_external) or dsn_of(self.ports["postgres"])


def rows(config: Config) -> tuple[ProcessRow, ...]:
    """Return our processes in the order of start, as far as configured."""
    return tuple(_rows(config))


def port_names(config: Config, *, nats: bool, postgres: bool) -> tuple[str, ...]:
    """Return the names of all ports that a run needs; the servers' only where they are ours."""
    names = ["nats", "nats-monitor"] if nats else []
    names += ["postgres"] if postgres else []
    names += ["venue"] if config.run.profile is Profile.PAPER else []
    names += [] if config.gateway.port else ["gateway"]
    names += [] if config.gateway.grpc_port else ["grpc"]
    names += [health_name(row.name) for row in rows(config) if _has_health(row)]
    return tuple(names)


def specs(config: Config, place: RunLocation) -> tuple[ProcessSpec, ...]:
    """Return the whole table for the supervisor."""
    table: list[ProcessSpec] = []
    plain = _without_secrets(config, place)
    if not place.nats_url_external:
        ports = place.ports
        users = configuration(
            access.users_of(config, place.access), place.access[SYSTEM].nats_password
        )
        table.append(nats_spec(place.data, ports["nats"], ports["nats-monitor"], plain, users))
    if not place.postgres_dsn_external:
        port = place.ports["postgres"]
        table.append(postgres_spec(place.data, port, place.identity, plain))
    ours = rows(config)
    there = {spec.name for spec in table} | {row.name for row in ours}
    table += [_spec(row, config, place, there) for row in ours]
    return tuple(table)


def _rows(config: Config) -> Iterator[ProcessRow]:
    if config.run.profile is Profile.PAPER:
        yield ProcessRow(name="venue", argv=("opensqt.cli.paper_venue",), depends=())
    yield ProcessRow(
        name="migrate", argv=("opensqt.runtime.migrate",), depends=("postgres",), one_shot=True
    )
    yield ProcessRow(
        name="streams", argv=("opensqt.runtime.bus.streams",), depends=("nats",), one_shot=True
    )
    yield ProcessRow(
        name="relay",
        argv=("services.relay",),
        depends=(*SERVERS, *SETUPS),
        patience_s=PATIENCE_S_RELAY,
    )
    for account in config.accounts:
        yield ProcessRow(
            name=EXECUTOR + account,
            argv=("services.executor", "--account", account),
            # Nothing else: a kill must be obeyed although neither NATS nor Postgres ever comes up.
            depends=("venue",),
            patience_s=PATIENCE_S_EXECUTOR,
        )
    for venue in config.venues:
        yield ProcessRow(
            name=f"market_data-{venue}",
            argv=("services.market_data", "--venue", venue),
            depends=("relay",),
        )
    yield ProcessRow(name="risk", argv=("services.risk",), depends=("relay",))
    trading = (
        "risk",
        *(EXECUTOR + account for account in config.accounts),
        *(f"market_data-{venue}" for venue in config.venues),
    )
    for service in dict.fromkeys(service_of(*one) for one in config.strategies.items()):
        yield ProcessRow(name=service, argv=module_of(service), depends=trading)
    yield ProcessRow(name="reconciler", argv=("services.reconciler",), depends=trading)
    yield ProcessRow(name="gateway", argv=("services.gateway",), depends=("relay",))


def _spec(row: ProcessRow, config: Config, place: RunLocation, there: set[str]) -> ProcessSpec:
    env = _environment(row, config, place)
    check: HttpCheck | DoneCheck
    if row.one_shot:
        check = DoneCheck()
    elif row.name == "venue":
        check = HttpCheck(
            port=place.ports["venue"],
            path="/healthz",
            host=VENUE_ADMIN_HOST,
            ca_file=str(place.data / "ca" / "ca.pem"),
        )
    else:
        check = HttpCheck(port=place.ports[health_name(row.name)])
        env["OPENSQT_HEALTH_PORT"] = str(check.port)
    return ProcessSpec(
        name=row.name,
        argv=(sys.executable, "-m", *row.argv),
        env=env,
        check=check,
        depends=tuple(name for name in row.depends if name in there),
        patience_s=row.patience_s,
    )


def _environment(row: ProcessRow, config: Config, place: RunLocation) -> dict[str, str]:
    env = _without_secrets(config, place, row.name)
    root = str(Path(opensqt.__file__).parents[1])
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (root, env.get("PYTHONPATH", ""))))
    env["PYTHONUNBUFFERED"] = "1"
    env["OPENSQT_DATA"] = str(place.data)
    env["OPENSQT_CONFIG"] = str(place.config_path)
    env["OPENSQT_NATS_URL"] = place.nats_url
    env["OPENSQT_POSTGRES_DSN"] = place.postgres_dsn
    if row.name in place.access:
        env[CREDENTIALS] = str(access.file_of(place.data, row.name))
    if row.name == access.MIGRATE:
        env[LOGINS] = str(place.data / access.FOLDER)
    if config.run.profile is Profile.PAPER:
        env |= paper_environ(place.data, place.ports)
    if row.name == "gateway":
        env["OPENSQT_GATEWAY_PORT"] = str(config.gateway.port or place.ports["gateway"])
        env["OPENSQT_GATEWAY_GRPC_PORT"] = str(config.gateway.grpc_port or place.ports["grpc"])
    return env


def paper_environ(data: Path, ports: Mapping[str, int]) -> dict[str, str]:
    """Return how the paper venue of a folder is reached, as its processes are told."""
    return {
        "OPENSQT_PAPER_VENUE": f"127.0.0.1:{ports['venue']}",
        "OPENSQT_PAPER_CA": str(data / "ca" / "ca.pem"),
    }


def _without_secrets(config: Config, place: RunLocation, row: str = "") -> dict[str, str]:
    """Return the environment of a process: executors know the keys of venues, the gateway those of alerts."""
    hidden = {"OPENSQT_NATS_URL", "OPENSQT_POSTGRES_DSN", *_variables(config.accounts.values())}
    if row.startswith(EXECUTOR):
        hidden = set()
    if row != "gateway":
        hidden |= _variables(config.alerts.values())
    return {name: value for name, value in place.environ.items() if name not in hidden}


def _variables(tables: Iterable[AccountConfig | AlertConfig]) -> set[str]:
    """Return the variables that hold the secrets of some tables."""
    references = (one.partition(":") for table in tables for one in table.secrets.values())
    return {name for kind, _, name in references if kind == "env"}


def _has_health(row: ProcessRow) -> bool:
    return not row.one_shot and row.name != "venue"
