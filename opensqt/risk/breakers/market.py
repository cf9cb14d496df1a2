"""The market monitor: opens for the whole desk when prices fall on high volume. Pure; it remembers candles only."""

from collections import deque
from collections.abc import Collection, Container, Iterator, Sequence
from decimal import Decimal

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.market import Candle
from opensqt.domain.messages import Event
from opensqt.domain.order_index import Change
from opensqt.domain.recon_events import Halted
from opensqt.domain.scope import DESK
from opensqt.risk.breakers.breaker import Trip, figure
from opensqt.risk.breakers.settings import MarketSettings, Trigger

Market = tuple[str, str]  # venue, symbol
SPAN_MAX = 2  # windows: closed candles that are farther apart are no window


class SymbolCandles:
    """The candles of one symbol: the newest, closed or not, and the closed ones of a window and one more."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._closed: deque[Candle] = deque(maxlen=window + 2)
        self.newest: Candle | None = None

    def fold(self, candle: Candle) -> None:
        """Take in a candle; what is told again or comes late changes nothing."""
        if self.newest is None or candle.open_time_ms >= self.newest.open_time_ms:
            self.newest = candle
        if candle.closed and (
            not self._closed or candle.open_time_ms > self._closed[-1].open_time_ms
        ):
            self._closed.append(candle)

    @property
    def last_closed(self) -> Candle | None:
        """The newest candle that does not change any more."""
        return self._closed[-1] if self._closed else None

    def means_before(self, candle: Candle) -> tuple[Decimal, Decimal] | None:
        """Return mean close and mean volume of the window before a candle; None where too little is known."""
        before = [one for one in self._closed if one.open_time_ms < candle.open_time_ms]
        window = before[-self._window :]
        if len(window) < self._window:
            return None
        span_ms = candle.open_time_ms - window[0].open_time_ms
        if span_ms > SPAN_MAX * self._window * candle.interval_ms:
            return None
        return _mean([one.close for one in window]), _mean([one.volume for one in window])


class MarketBreaker:
    """Watches the candles of some symbols."""

    name = "market"
    cooldown_ms = 0

    def __init__(self, settings: MarketSettings, watched: Collection[Market]) -> None:
        self._settings = settings
        self._candles = {market: SymbolCandles(settings.window_candles) for market in watched}
        self._ignored_ms = -1  # candles that began up to here open nothing: a person has seen them

    def fold(self, event: Event, _change: Change) -> None:
        """Take in a candle of a watched symbol."""
        if isinstance(event, Candle) and (known := self._candles.get((event.venue, event.symbol))):
            known.fold(event)

    def trips(self, now_ms: int, _trials: Container[str]) -> Iterator[Trip]:
        """Yield the desk while any or all watched symbols are abnormal."""
        found = [text for one in self._candles.items() if (text := self._abnormal(*one, now_ms))]
        needed = 1 if self._settings.trigger is Trigger.ANY else len(self._candles)
        if found and len(found) >= needed:
            yield Trip(DESK, "; ".join(found))

    def recovered(self, halt: Halted, now_ms: int) -> str:
        """Say which symbols are calm again by a candle that closed after the halt, if those are enough."""
        calm = [market[1] for market, known in self._candles.items() if self._calm(known, halt)]
        needed = self._settings.recovered_symbols_min or len(self._candles)
        if len(calm) < needed or any(self.trips(now_ms, ())):
            return ""
        return f"above the mean price on normal volume again: {', '.join(calm)}"

    def proved(self, _scope: str, _now_ms: int) -> str:
        """Say nothing: it is never half open."""
        return ""

    def begin_anew(self, _scope: str, time_ms: int, by_person: bool) -> None:
        """Let no candle open it again that a person had seen."""
        if by_person:
            self._ignored_ms = max(self._ignored_ms, time_ms)

    def anew(self) -> "MarketBreaker":
        """Return the same with its candles."""
        fresh = MarketBreaker(self._settings, ())
        fresh._candles = self._candles
        return fresh

    def _abnormal(self, market: Market, known: SymbolCandles, now_ms: int) -> str:
        candle = known.newest
        if candle is None or candle.open_time_ms <= self._ignored_ms:
            return ""
        if now_ms - candle.open_time_ms > SPAN_MAX * candle.interval_ms:
            return ""  # nobody knows how it looks now
        if (means := known.means_before(candle)) is None:
            return ""
        price, volume = means
        allowed = EXACT.multiply(self._settings.volume_factor, volume)
        if candle.volume <= allowed or candle.close >= price:
            return ""
        return (
            f"{market[1]} at {candle.close}, mean {figure(price)};"
            f" volume {candle.volume}, allowed {figure(allowed)}"
        )

    def _calm(self, known: SymbolCandles, halt: Halted) -> bool:
        candle = known.last_closed
        if candle is None or candle.open_time_ms + candle.interval_ms <= halt.time_ms:
            return False
        if (means := known.means_before(candle)) is None:
            return False
        price, volume = means
        allowed = EXACT.multiply(self._settings.volume_factor, volume)
        return candle.close > price and candle.volume < allowed


def _mean(numbers: Sequence[Decimal]) -> Decimal:
    return EXACT.divide(sum(numbers, ZERO), Decimal(len(numbers)))
