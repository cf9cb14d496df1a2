"""What a venue's folder tells the engine of its public streams; values and one protocol, no behaviour."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.market import Candle, Trade
from opensqt.venues.engine.depth_book import Checksum, DepthChange, SequenceRule
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.request import Query


class SubscriptionRefused(msgspec.Struct, frozen=True):
    """The venue refused a subscription."""

    reason: str


class SubscriptionAccepted(msgspec.Struct, frozen=True):
    """The venue took a subscription."""


class MarkChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a frame tells of mark and funding; None is what it does not tell, which stays as it was.

    `on_the_grid`: funding is paid at the multiples of its interval (UTC), so that no frame tells when.
    """

    time_ms: int
    mark_price: Decimal | None = None
    index_price: Decimal | None = None
    rate: Decimal | None = None
    next_funding_ms: int | None = None
    on_the_grid: bool = False


class RunningCandle(msgspec.Struct, frozen=True):
    """A candle as it is now, of a venue that does not say when one has ended."""

    candle: Candle


class SymbolFrame(msgspec.Struct, frozen=True):
    """What a frame says of one of our symbols."""

    symbol: str
    value: DepthChange | Trade | Candle | RunningCandle | MarkChange


# None: not asked for; a venue may tell several things in one frame.
FeedFrame = SymbolFrame | list[SymbolFrame] | SubscriptionAccepted | SubscriptionRefused | None


class FeedConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A public connection: what is sent on it, of which symbols (ours) it tells, and whether books come over it.

    `market` is None where it tells of all of them, by names that differ.
    """

    url: str
    market: Market | None
    category: str
    symbols: tuple[str, ...]
    messages: tuple[dict[str, Any], ...]
    has_books: bool


def subscriptions(args: Sequence[Any], at_once: int) -> tuple[dict[str, Any], ...]:
    """Return the messages that subscribe all of it where a venue knows `subscribe` with `args`, so many in each."""
    starts = range(0, len(args), at_once)
    return tuple(
        {"op": "subscribe", "args": list(args[start : start + at_once])} for start in starts
    )


class FeedFormat(Protocol):
    """The public data of a venue."""

    @property
    def sequence_rules(self) -> Mapping[Market, SequenceRule]:
        """How the numbers of one depth change must follow those of the last."""

    @property
    def checksum(self) -> Checksum | None:
        """How the venue sums a book; None where it does not."""

    @property
    def funding_hours_usual(self) -> int:
        """The funding interval of an instrument that `funding_hours` does not name."""

    def connections(
        self, client: Any, instruments: Sequence[Instrument]
    ) -> Sequence[FeedConnection]:
        """Return the connections over which these instruments are watched."""

    def read(self, connection: FeedConnection, text: str, symbols: Mapping[str, str]) -> FeedFrame:
        """Read one frame; `symbols` are those of the connection's market. Never raises."""

    def snapshot(self, at: Instrument, now_ms: int) -> Query[DepthChange] | None:
        """Ask for a whole book; None where the stream itself sends it, at the latest after a new connection."""

    def funding_hours(self, markets: frozenset[Market]) -> Query[Mapping[str, int]] | None:
        """Ask for the funding intervals by our symbol; None where there is no funding."""
