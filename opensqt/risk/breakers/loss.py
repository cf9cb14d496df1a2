"""Breakers for losses: in a row, from a peak, within a window; of the desk or of each symbol of an account. Pure."""

from collections import deque
from collections.abc import Container, Iterator, Mapping
from decimal import Decimal

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import quote_asset
from opensqt.domain.messages import Event
from opensqt.domain.order_index import Change
from opensqt.domain.recon_events import Halted
from opensqt.domain.scope import DESK, Scope
from opensqt.risk.breakers.breaker import Trip, figure
from opensqt.risk.breakers.equity import EquityBook, News, Place
from opensqt.risk.breakers.settings import LossSettings

HOUR_MS = 3_600_000
DESK_LOSS, SYMBOL_LOSS = "desk_loss", "symbol_loss"


class WindowPeak:
    """The highest equity that was in force within a window of time; equity moves in steps."""

    def __init__(self, equity: Decimal, window_ms: int) -> None:
        self._window_ms = window_ms
        # Falling values, each with the time until which it was in force; the last one still is.
        self._highs: deque[tuple[Decimal, int | None]] = deque([(equity, None)])

    def step(self, equity: Decimal, time_ms: int) -> None:
        """Take in the equity from a time on."""
        high, until_ms = self._highs[-1]
        if until_ms is None:
            self._highs[-1] = high, time_ms
        while self._highs and self._highs[-1][0] <= equity:
            self._highs.pop()
        self._highs.append((equity, None))

    def at(self, now_ms: int) -> Decimal:
        """Return the peak of the window that ends now."""
        since_ms = now_ms - self._window_ms
        while (until_ms := self._highs[0][1]) is not None and until_ms <= since_ms:
            self._highs.popleft()
        return self._highs[0][0]


class LossTrack:
    """How one scope has done since it was cleared last; amounts in the currency of the limits."""

    def __init__(self, equity: Decimal, settings: LossSettings) -> None:
        self._settings = settings
        self.equity = self.peak = equity
        self.losses_in_a_row = 0
        self.won = False  # whether the last close earned something
        self._window = WindowPeak(equity, settings.window_hours * HOUR_MS)

    def step(self, equity: Decimal, time_ms: int) -> None:
        """Take in the equity from a time on."""
        self.equity, self.peak = equity, max(self.peak, equity)
        self._window.step(equity, time_ms)

    def close(self, result: Decimal) -> None:
        """Take in the result of a closing order; what neither wins nor loses ends a row of losses, too."""
        self.won = result >= 0
        self.losses_in_a_row = 0 if self.won else self.losses_in_a_row + 1

    def broken(self, now_ms: int, *, on_trial: bool) -> str:
        """Say which limit is passed and by what, or an empty text."""
        limits, row = self._settings, self.losses_in_a_row
        if on_trial and row:
            return "the first close of the trial lost"
        if 0 < limits.losses_in_a_row_max <= row:
            return f"{row} losses in a row, allowed below {limits.losses_in_a_row_max}"
        down = EXACT.subtract(self.peak, self.equity)
        if 0 < limits.drawdown_quote_max < down:
            return f"{figure(down)} below the peak, allowed {limits.drawdown_quote_max}"
        whole = EXACT.add(limits.capital_quote, self.peak)
        if limits.drawdown_share_max and down > EXACT.multiply(whole, limits.drawdown_share_max):
            allowed = f"allowed {limits.drawdown_share_max} of {figure(whole)}"
            return f"{figure(down)} below the peak, {allowed}"
        if not limits.window_loss_quote_max:
            return ""
        lost = EXACT.subtract(self._window.at(now_ms), self.equity)
        if lost <= limits.window_loss_quote_max:
            return ""
        return (
            f"{figure(lost)} lost within {limits.window_hours} h,"
            f" allowed {limits.window_loss_quote_max}"
        )


class LossBreaker:
    """One set of limits for the whole desk, or the same for each symbol of each account."""

    def __init__(
        self, name: str, settings: LossSettings, rates: Mapping[str, Decimal], cooldown_ms: int
    ) -> None:
        self.name = name
        self.cooldown_ms = cooldown_ms
        self._settings = settings
        self._rates = rates  # quote asset -> what a unit is worth in the currency of the limits
        self._book = EquityBook()
        self._worth: dict[Place, Decimal] = {}
        self._tracks: dict[str, LossTrack] = {}

    def fold(self, event: Event, change: Change) -> None:
        """Take in what fills, funding and corrections did to equity."""
        news = self._book.fold(event, change)
        if news is None or (rate := self._rates.get(quote_asset(news.place[2]))) is None:
            return
        before = self._worth.get(news.place, ZERO)
        self._worth[news.place] = EXACT.multiply(news.equity, rate)
        scope = self._scope(news)
        track = self._track(scope)
        gained = EXACT.subtract(self._worth[news.place], before)
        if gained:
            track.step(EXACT.add(track.equity, gained), event.time_ms)
        for result in news.closes:
            track.close(result)

    def trips(self, now_ms: int, trials: Container[str]) -> Iterator[Trip]:
        """Yield every scope beyond one of the limits."""
        for scope, track in self._tracks.items():
            if reason := track.broken(now_ms, on_trial=scope in trials):
                yield Trip(scope, reason)

    def recovered(self, _halt: Halted, _now_ms: int) -> str:
        """Say nothing: what is lost does not come back while nothing is opened."""
        return ""

    def proved(self, scope: str, _now_ms: int) -> str:
        """Say that the first close of the trial has won."""
        track = self._tracks.get(scope)
        return "the first close of the trial won" if track is not None and track.won else ""

    def begin_anew(self, scope: str, _time_ms: int, _by_person: bool) -> None:
        """Measure from here: what was lost before has been seen."""
        self._tracks[scope] = LossTrack(self._track(scope).equity, self._settings)

    def anew(self) -> "LossBreaker":
        """Return the same before any fill."""
        return LossBreaker(self.name, self._settings, self._rates, self.cooldown_ms)

    def _scope(self, news: News) -> str:
        if self.name == DESK_LOSS:
            return DESK
        venue, account, symbol = news.place
        return str(Scope(venue=venue, account=account, symbol=symbol))

    def _track(self, scope: str) -> LossTrack:
        if scope not in self._tracks:
            self._tracks[scope] = LossTrack(ZERO, self._settings)
        return self._tracks[scope]
