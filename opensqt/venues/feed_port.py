"""The market as market_data sees it; ccxt.pro and the in-memory twin pass the same contract suite."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.market import BookTop, Candle, FeedStatus, Funding, Mark, Trade

Observation = BookTop | Trade | Candle | Funding | Mark | FeedStatus


class FeedDown(ConnectionError):
    """A request for market metadata was not answered."""


class Feed(Protocol):
    """Public data of one venue."""

    async def rules(self, symbols: Sequence[str]) -> tuple[InstrumentRules, ...]:
        """Return the venue's filters of these symbols; raise `FeedDown`, or `LookupError` naming an unknown symbol."""

    def watch(self, symbols: Sequence[str]) -> AsyncIterator[Observation]:
        """Yield observations of these symbols for ever; lost connections and gaps come as `FeedStatus`."""

    async def close(self) -> None:
        """Disconnect."""
