"""What a service is given to work with: its ports, its clock and its settings. Never chosen by the service itself."""

from typing import TypeVar

from opensqt.runtime.actions import Action
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import Bus
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.all import Config
from opensqt.runtime.crash_points import CrashPoints
from opensqt.runtime.environment import Environment
from opensqt.runtime.journal.port import Journal, Leases
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.progress import Progress
from opensqt.runtime.questions import Asker
from opensqt.runtime.telemetry.logs import Log
from opensqt.runtime.telemetry.metrics import Metrics
from opensqt.runtime.telemetry.provider import Tracer

_Value = TypeVar("_Value")


class NotProvided(LookupError):
    """The process was started without this; its `__main__` must ask for it."""


class Context:
    """One process's surroundings. Tests and the World make one from the in-memory twins."""

    def __init__(
        self,
        *,
        name: str,
        clock: Clock,
        config: Config,
        environment: Environment | None = None,
        bus: Bus | None = None,
        journal: Journal | None = None,
        leases: Leases | None = None,
        steps: CrashPoints | None = None,
        tracer: Tracer | None = None,
        metrics: Metrics | None = None,
        progress: Progress | None = None,
        actions: dict[str, Action] | None = None,
        nats: NatsBus | None = None,
        postgres: PostgresJournal | None = None,
    ) -> None:
        self.name = name
        self.clock = clock
        self.config = config
        self.environment = environment or Environment()
        self.steps = steps or CrashPoints(name)
        self.log = Log(name)
        self.tracer = tracer or Tracer()
        self.metrics = metrics or Metrics()
        self.progress = progress or Progress(clock.monotonic_s)
        # What a person may ask of this process over its health port, by path; needs the folder's token.
        self.actions = actions if actions is not None else {}
        self._bus = bus
        self._journal = journal
        self._leases = leases
        self._nats = nats
        self._postgres = postgres

    @property
    def bus(self) -> Bus:
        """The bus, every effect between two steps."""
        return _given(self._bus, "bus")

    @property
    def journal(self) -> Journal:
        """The journal, every effect between two steps."""
        return _given(self._journal, "journal")

    @property
    def leases(self) -> Leases:
        """The leases, every effect between two steps."""
        return _given(self._leases, "leases")

    @property
    def nats(self) -> NatsBus:
        """The real connection to NATS; absent on the in-memory bus."""
        return _given(self._nats, "nats")

    @property
    def client(self) -> Asker | None:
        """The connection itself, for asking other processes; None on the in-memory bus."""
        return self._nats.client if self._nats is not None else None

    @property
    def postgres(self) -> PostgresJournal:
        """The real connection to Postgres (projections, checkpoints); absent on the in-memory journal."""
        return _given(self._postgres, "postgres")


def _given(value: _Value | None, what: str) -> _Value:
    if value is None:
        raise NotProvided(f"this process has no {what}: ask for it in run_service")
    return value
