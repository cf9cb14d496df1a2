"""What handlers read and what they may do: the ports of the table, given by whoever runs it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol, TypeVar

from opensqt.api.call import Plain
from opensqt.api.seen import DeskSeen
from opensqt.domain.control import CallAudited, OrderedByHand
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.ledger import Ledger
from opensqt.domain.market import Candle, Funding, Mark, Tick
from opensqt.domain.messages import Event
from opensqt.domain.profit import Booked
from opensqt.portfolio.scan import Scan
from opensqt.runtime.config.all import Config, RiskConfig

MarketPlace = tuple[str, str]  # venue, symbol
Found = TypeVar("Found")


class QuotesView(Protocol):
    """The last words of the markets about each symbol."""

    @property
    def ticks(self) -> Mapping[MarketPlace, Tick]:
        """The newest tick of each symbol."""

    @property
    def marks(self) -> Mapping[MarketPlace, Mark]:
        """The newest mark of each symbol."""

    @property
    def fundings(self) -> Mapping[MarketPlace, Funding]:
        """The newest funding of each symbol."""

    @property
    def rules(self) -> Mapping[MarketPlace, InstrumentRules]:
        """The venue's rules of each symbol."""

    def prices(self) -> Mapping[MarketPlace, Decimal]:
        """Return mark, else middle, of each symbol that was heard of, in quote units."""


class DeskView(Protocol):
    """The desk as it is now: the fold of its journal and the last words of its markets. It changes nothing."""

    @property
    def books(self) -> Ledger:
        """The books of the journal."""

    @property
    def config(self) -> Config:
        """The configuration of the desk."""

    @property
    def quotes(self) -> QuotesView:
        """The last words of the markets."""

    @property
    def seen(self) -> DeskSeen:
        """What the books do not keep: the venue's newest looks, corrections, since when is held."""

    @property
    def doubt(self) -> str:
        """Say why this may not be what is now, or nothing."""

    @property
    def speed(self) -> Decimal:
        """How much faster than wall time market time passes."""

    def now_ms(self) -> int:
        """Return the market time."""

    def risk(self) -> RiskConfig:
        """Return the limits that count now."""

    def words(self, message: Event) -> tuple[str, str] | None:
        """Return how bad a message is (info, warning, critical) and what it says to a person, if it is news."""

    def booked(self) -> Booked:
        """Return everything that is booked, at the prices of now."""

    def scan(self, venue: str) -> Scan | None:
        """Return the last look at the universe of a venue; None where nobody looked yet."""

    def candles(self, place: MarketPlace) -> Sequence[Candle]:
        """Return candles of a minute, oldest first."""


class DeskNews(Protocol):
    """The newest messages of the feed, each with its sequence."""

    @property
    def newest(self) -> int:
        """The sequence of the newest one."""

    def since(self, after: int) -> AsyncIterator[tuple[int, Event]]:
        """Yield what comes behind a sequence, 0 for what comes from now on; raise `CallRefused` where it is gone."""


class DeskActions(Protocol):
    """What may be done to the desk. Each returns what was answered: `ok`, and `detail` where it is not."""

    @property
    def view(self) -> DeskView:
        """The desk as it is now."""

    @property
    def news(self) -> DeskNews:
        """What comes next."""

    def made(self, event_id: str) -> CallAudited | None:
        """Return the call that was recorded under this id, as the journal tells."""

    async def record(self, call: CallAudited, event_id: str) -> None:
        """Record a call that changed something; what cannot be recorded now is as soon as it can."""

    async def switch_breaker(
        self, action: str, breaker: str, scope: str, reason: str, actor: str
    ) -> Plain:
        """Open or clear breakers of a scope; `done` names them as `SCOPE BREAKER`."""

    async def order_by_hand(self, wishes: Sequence[OrderedByHand]) -> None:
        """Put wishes on record, all of them or none, each once; raise `CallRefused` where that cannot be done now."""

    async def until(self, found: Callable[[], Found | None]) -> Found | None:
        """Return what `found` returns as soon as it is something, None after as long as callers wait for an answer."""

    async def look(self, actor: str) -> Plain:
        """Let every executor look at its venue now."""

    async def change_limit(self, field: str, value: str, reason: str, actor: str) -> Plain:
        """Change a limit of risk; `before` and `after` tell what it was and is."""
