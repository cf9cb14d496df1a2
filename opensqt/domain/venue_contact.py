"""Whether a venue answers at all: since when something was asked of it and nothing came back. It asks nothing itself.

One lost answer is no silence, another one that comes meanwhile ends it. What a stream says does not count: who may not
ask, can neither order nor look.
"""

from collections.abc import Callable

from opensqt.domain.instruments import Market

MS_PER_S = 1000
SILENT_MS_MAX = 2000  # wall
QUIET_MS = 1000  # wall; nobody heard anything for so long: time to ask


class Contact:
    """When the markets of one venue were asked, and when they answered."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms  # wall ms that never go back
        self._asked_ms: dict[Market, int] = {}  # the first question since the last answer
        self._heard_ms: dict[Market, int] = {}

    def ask(self, market: Market) -> None:
        """Note that a request leaves."""
        self._asked_ms.setdefault(market, self._now_ms())

    def hear(self, market: Market) -> None:
        """Note an answer, whatever it says."""
        self._asked_ms.pop(market, None)
        self._heard_ms[market] = self._now_ms()

    def quiet(self, market: Market) -> bool:
        """Tell whether nothing was heard for a while."""
        heard_ms = self._heard_ms.get(market)
        return heard_ms is None or self._now_ms() - heard_ms >= QUIET_MS

    def why(self) -> str:
        """Say who does not answer and for how long, an empty text while all do."""
        now_ms = self._now_ms()
        silent = {market: now_ms - asked_ms for market, asked_ms in sorted(self._asked_ms.items())}
        told = (
            f"{market.value} for {span_ms // MS_PER_S} s"
            for market, span_ms in silent.items()
            if span_ms > SILENT_MS_MAX
        )
        words = ", ".join(told)
        return f"the venue does not answer: {words}" if words else ""
