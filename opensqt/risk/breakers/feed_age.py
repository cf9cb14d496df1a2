"""The breakers for old prices and old candles: open for a symbol that shows none, close when they come again. Pure."""

from collections.abc import Collection, Container, Iterator
from decimal import Decimal

from opensqt.domain.market import Candle, Tick
from opensqt.domain.messages import Event
from opensqt.domain.order_index import Change
from opensqt.domain.recon_events import Halted
from opensqt.domain.scope import Scope, parsed
from opensqt.risk.breakers.breaker import Trip
from opensqt.risk.breakers.equity import Place
from opensqt.risk.breakers.settings import FeedAgeSettings

Market = tuple[str, str]  # venue, symbol
FEED_AGE, CANDLE_AGE = "feed_age", "candle_age"
_WATCHED: dict[str, type[Tick | Candle]] = {FEED_AGE: Tick, CANDLE_AGE: Candle}
_WORDS = {FEED_AGE: "price is", CANDLE_AGE: "newest candle is"}
_COME = {FEED_AGE: "prices have come", CANDLE_AGE: "candles have come"}


class FeedAgeBreaker:
    """Watches ticks, or candles, of the symbols that the desk trades; the age of what never came is unknown."""

    cooldown_ms = 0

    def __init__(
        self,
        settings: FeedAgeSettings,
        places: Collection[Place],
        speed: Decimal,
        name: str = FEED_AGE,
    ) -> None:
        self.name, self._watched = name, _WATCHED[name]
        self._settings, self._places, self._speed = settings, places, speed
        self._allowed_ms = int(settings.age_ms_max * speed)
        self._fresh_ms = int(settings.cooldown_s * 1000 * speed)
        self._newest_ms: dict[Market, int] = {}
        self._fresh_since_ms: dict[Market, int] = {}

    def fold(self, event: Event, _change: Change) -> None:
        """Take in a tick, or a candle."""
        if not isinstance(event, self._watched):
            return
        market = (event.venue, event.symbol)
        before_ms = self._newest_ms.get(market)
        if before_ms is None or event.time_ms - before_ms > self._allowed_ms:
            self._fresh_since_ms[market] = event.time_ms
        self._newest_ms[market] = max(event.time_ms, before_ms or 0)

    def trips(self, now_ms: int, _trials: Container[str]) -> Iterator[Trip]:
        """Yield every symbol of an account whose price is too old."""
        for venue, account, symbol in self._places:
            tick_ms = self._newest_ms.get((venue, symbol))
            if tick_ms is None or now_ms - tick_ms <= self._allowed_ms:
                continue
            wall_ms = int((now_ms - tick_ms) / self._speed)
            scope = str(Scope(venue=venue, account=account, symbol=symbol))
            yield Trip(
                scope, f"{_WORDS[self.name]} {wall_ms} ms old, allowed {self._settings.age_ms_max}"
            )

    def recovered(self, halt: Halted, now_ms: int) -> str:
        """Say how long prices have come again."""
        scope = parsed(halt.scope)
        if scope is None or (market := (scope.venue, scope.symbol)) not in self._newest_ms:
            return ""
        old = now_ms - self._newest_ms[market] > self._allowed_ms
        since_ms = max(self._fresh_since_ms[market], halt.time_ms)
        if old or now_ms - since_ms < self._fresh_ms:
            return ""
        return f"{_COME[self.name]} for {self._settings.cooldown_s} s again"

    def proved(self, _scope: str, _now_ms: int) -> str:
        """Say nothing: it is never half open."""
        return ""

    def begin_anew(self, _scope: str, _time_ms: int, _by_person: bool) -> None:
        """Change nothing: an old price is an old price, whoever has seen it."""

    def anew(self) -> "FeedAgeBreaker":
        """Return the same with the ticks that were seen."""
        fresh = FeedAgeBreaker(self._settings, self._places, self._speed, self.name)
        fresh._newest_ms, fresh._fresh_since_ms = self._newest_ms, self._fresh_since_ms
        return fresh
