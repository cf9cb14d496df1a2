"""What the supervisor knows of a process: data, from which everything about it follows. Starts nothing."""

import signal
from collections.abc import Mapping
from enum import StrEnum

import msgspec


class Identity(StrEnum):
    """As whom a process runs: as we do, or as an ordinary user where we are root."""

    SAME = "same"
    MAPPED = "mapped"
    NOBODY = "nobody"


class HttpCheck(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ready when GET answers 200 on loopback; `ca_file` set means TLS under that authority."""

    port: int
    path: str = "/readyz"
    host: str = "127.0.0.1"
    ca_file: str = ""


class PostgresCheck(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ready when the database answers; the database is created when it is missing."""

    dsn: str


class AliveCheck(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Ready as soon as it runs."""


class DoneCheck(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A one-shot: ready for ever once it ended with exit code 0."""


Check = HttpCheck | PostgresCheck | AliveCheck | DoneCheck


class ProcessSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One process; names in `depends` must be ready before its first start. Times are wall seconds."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = {}
    check: Check = AliveCheck()
    depends: tuple[str, ...] = ()
    identity: Identity = Identity.SAME
    stop_signal: int = signal.SIGTERM
    death_signal: int = signal.SIGKILL
    backoff_s_max: float = 5.0
    # How long it may be unready, once it was ready, before another one is started in its place; 0 = for ever.
    unready_s_max: float = 0.0
    # How long a stop waits for this process before those it depends on are told to stop too.
    patience_s: float = 2.0


class ProcessState(StrEnum):
    """Where a process is in its life."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    UNREADY = "unready"
    BACKOFF = "backoff"
    DONE = "done"
    STOPPING = "stopping"
    STOPPED = "stopped"


class ProcessLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a person sees of a process; `why` is its last words when it is not ready."""

    name: str
    pid: int | None
    state: ProcessState
    ready: bool
    restarts: int
    lag_events: int | None = msgspec.field(default=None, name="lag")
    why: str = ""


def levels(specs: tuple[ProcessSpec, ...]) -> tuple[tuple[str, ...], ...]:
    """Return names by dependency, those without any first; raise `ValueError` for a loop or a stranger."""
    open_specs = {spec.name: set(spec.depends) for spec in specs}
    strangers = set().union(*open_specs.values()) - set(open_specs) if open_specs else set()
    if strangers:
        raise ValueError(f"unknown dependencies: {', '.join(sorted(strangers))}")
    result: list[tuple[str, ...]] = []
    while open_specs:
        free = tuple(name for name, needs in open_specs.items() if not needs)
        if not free:
            raise ValueError(f"dependency loop among {', '.join(sorted(open_specs))}")
        result.append(free)
        for name in free:
            del open_specs[name]
        for needs in open_specs.values():
            needs.difference_update(free)
    return tuple(result)
