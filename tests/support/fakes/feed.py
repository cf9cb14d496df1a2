"""The in-memory twin of the feed port: a test says what the market does. Deterministic, no clock of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from opensqt.domain.instruments import InstrumentRules
from opensqt.venues.feed_port import FeedDown, Observation


class MemoryFeed:
    """Observations are pushed; `down` makes the next questions fail."""

    def __init__(self, rules: Sequence[InstrumentRules]) -> None:
        self._rules = {rule.symbol: rule for rule in rules}
        self._watchers: list[tuple[frozenset[str], asyncio.Queue[Observation | None]]] = []
        self.failures = 0  # how many of the next requests for metadata are not answered

    def push(self, *observations: Observation) -> None:
        """Show these to whoever watches their symbol."""
        for observation in observations:
            for symbols, queue in self._watchers:
                if observation.symbol in symbols:
                    queue.put_nowait(observation)

    def change(self, rules: InstrumentRules) -> None:
        """Let the venue change the filters of an instrument."""
        self._rules[rules.symbol] = rules

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._watchers)

    async def rules(self, symbols: Sequence[str]) -> tuple[InstrumentRules, ...]:
        """Return the filters; raise `FeedDown`, or `LookupError` naming an unknown symbol."""
        self._check(symbols)
        return tuple(self._rules[symbol] for symbol in symbols)

    async def watch(self, symbols: Sequence[str]) -> AsyncIterator[Observation]:
        """Yield what is pushed from now on."""
        self._check(symbols)
        queue: asyncio.Queue[Observation | None] = asyncio.Queue()
        watcher = (frozenset(symbols), queue)
        self._watchers.append(watcher)
        try:
            while (observation := await queue.get()) is not None:
                yield observation
        finally:
            self._watchers.remove(watcher)

    async def close(self) -> None:
        """End all watchers."""
        for _, queue in self._watchers:
            queue.put_nowait(None)

    def _check(self, symbols: Sequence[str]) -> None:
        if self.failures:
            self.failures -= 1
            raise FeedDown("set by the test")
        for symbol in symbols:
            if symbol not in self._rules:
                known = ", ".join(self._rules)
                raise LookupError(f"symbol {symbol!r} is not traded here (known: {known})")
