"""The desk as the calls of the API see it and act on it: what the gateway has folded, and what it passes on."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from opensqt.api.seen import DeskSeen
from opensqt.domain.ledger import Ledger
from opensqt.domain.market import Candle
from opensqt.domain.messages import Event
from opensqt.domain.profit import Booked
from opensqt.portfolio.scan import Scan
from opensqt.runtime.config.all import Config, RiskConfig
from opensqt.runtime.config.limit_changes import in_force
from opensqt.runtime.process_context import Context
from opensqt.runtime.universe_file import read_universe
from services.gateway.activity import BAD, WARN, line_of
from services.gateway.state import Chart, GatewayState, Place, Quotes

SEVERITIES = {BAD: "critical", WARN: "warning"}
JOURNALLED = 1  # any position: the tape shows what is in the journal


class FoldedDesk:
    """What is read of a desk: the fold of FEED that the page shows, and what the processes say."""

    def __init__(
        self,
        context: Context,
        state: Callable[[], GatewayState],
        chart: Chart,
        doubt: Callable[[], str],
    ) -> None:
        self._config = context.config
        self._data = context.environment.data
        self._clock = context.clock
        self._state = state
        self._chart = chart
        self._doubt = doubt

    @property
    def config(self) -> Config:
        """The configuration of the desk."""
        return self._config

    @property
    def books(self) -> Ledger:
        """The books of the journal."""
        return self._state().books

    @property
    def doubt(self) -> str:
        """Say why this may not be what is now, or nothing."""
        return self._doubt()

    @property
    def seen(self) -> DeskSeen:
        """What the books do not keep."""
        return self._state().seen

    @property
    def quotes(self) -> Quotes:
        """The last words of the markets."""
        return self._state().quotes

    @property
    def speed(self) -> Decimal:
        """How much faster than wall time market time passes."""
        return self._clock.speed

    def now_ms(self) -> int:
        """Return the market time."""
        return self._clock.market_ms()

    def words(self, message: Event) -> tuple[str, str] | None:
        """Return how bad a message is and what the tape says of it."""
        line = line_of(message, JOURNALLED)
        return (SEVERITIES.get(line.tone, "info"), line.text) if line is not None else None

    def risk(self) -> RiskConfig:
        """Return the limits that count now."""
        return in_force(self._config.risk, self.books.limits.values())

    def booked(self) -> Booked:
        """Return everything that is booked, at the prices of now."""
        state = self._state()
        return state.earnings.booked(state.books, state.quotes.prices())

    def scan(self, venue: str) -> Scan | None:
        """Return the last look at the universe of a venue, that somebody left in the data folder."""
        return read_universe(self._data, venue).scan

    def candles(self, place: Place) -> Sequence[Candle]:
        """Return candles of a minute, oldest first."""
        return self._chart.rows(place)
