"""Whether a venue answers at all: since when something was asked of it and nothing came back. It asks nothing itself.

One lost answer is no silence, another one that comes meanwhile ends it. What a stream says does not count: who may not
ask, can neither order nor look.
"""

from collections.abc import Callable

from opensqt.domain.instruments import Market

SILENT_S_MAX = 2.0  # wall
QUIET_S = 1.0  # wall; nobody heard anything for so long: time to ask


class Contact:
    """When the markets of one venue were asked, and when they answered."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s  # wall seconds that never go back
        self._asked_s: dict[Market, float] = {}  # the first question since the last answer
        self._heard_s: dict[Market, float] = {}

    def ask(self, market: Market) -> None:
        """Note that a request leaves."""
        self._asked_s.setdefault(market, self._now_s())

    def hear(self, market: Market) -> None:
        """Note an answer, whatever it says."""
        self._asked_s.pop(market, None)
        self._heard_s[market] = self._now_s()

    def quiet(self, market: Market) -> bool:
        """Tell whether nothing was heard for a while."""
        heard_s = self._heard_s.get(market)
        return heard_s is None or self._now_s() - heard_s >= QUIET_S

    def why(self) -> str:
        """Say who does not answer and for how long, an empty text while all do."""
        now_s = self._now_s()
        silent = {market: now_s - asked_s for market, asked_s in sorted(self._asked_s.items())}
        told = (
            f"{market.value} for {span_s:.0f} s"
            for market, span_s in silent.items()
            if span_s > SILENT_S_MAX
        )
        words = ", ".join(told)
        return f"the venue does not answer: {words}" if words else ""
