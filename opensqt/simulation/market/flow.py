"""The flow of a market: what other people do to a book, as frames in time order. Never our own orders."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol

import msgspec

from opensqt.domain.instruments import InstrumentRules, Side

Level = tuple[Decimal, Decimal]


class BookSnapshot(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The whole book of one symbol; replaces what was there. Levels are (price, quantity), best first."""

    symbol: str
    time_ms: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class BookDelta(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """New quantities of some levels; quantity 0 removes a level."""

    symbol: str
    time_ms: int
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class BestQuotes(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The best level of each side and nothing of what lies behind it; replaces the best that was there.

    A side that moves back from the price has lost its best level; where it moves on, the one before is out of sight.
    """

    symbol: str
    time_ms: int
    bid: Level
    ask: Level


class MarketTrade(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A trade between other people; `taker` is the side of the aggressor."""

    symbol: str
    time_ms: int
    price: Decimal
    quantity: Decimal
    taker: Side


Frame = BookSnapshot | BookDelta | MarketTrade  # of a flow, which knows whole books


class MarketFlow(Protocol):
    """A source of frames for one or more symbols, in time order, endless, the same for the same input.

    `frames()` goes on from where `restore` put it (or from the start); it never reads a clock: frame times are
    market times in ms, and the venue plays each frame when its clock has reached it.
    """

    @property
    def origin_ms(self) -> int | None:
        """Market time of the first frame, or None where the flow starts at whatever time it is given."""

    @property
    def instruments(self) -> tuple[InstrumentRules, ...]:
        """The instruments this flow has a market for, with filters and fees."""

    def start(self, time_ms: int) -> None:
        """Begin at this market time; a recording ignores times before its own beginning."""

    def frames(self) -> Iterator[Frame]:
        """Yield frames for ever, never decreasing in `time_ms`; each symbol begins with a `BookSnapshot`."""

    def state(self) -> bytes:
        """Everything needed to go on after the last yielded frame (small; called every few seconds)."""

    def restore(self, state: bytes) -> None:
        """Go on where `state()` was taken; the next `frames()` begins with a snapshot of each symbol."""
