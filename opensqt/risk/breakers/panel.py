"""All breakers of a desk: a fold of what FEED tells, and what has to be said of them now. Pure; it records nothing.

Whether a breaker is open, on trial or closed stands in the journal, as a halt by its name: there is no other memory.
"""

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from opensqt.domain.market import Time
from opensqt.domain.messages import Event
from opensqt.domain.order_index import Change
from opensqt.domain.recon_events import Halted, Resumed, halt_name
from opensqt.domain.trading_controls import REDUCING, Switch, TradingControls, thrown
from opensqt.risk.breakers.answers import LatencyBreaker, RejectBreaker
from opensqt.risk.breakers.breaker import Breaker
from opensqt.risk.breakers.equity import Place
from opensqt.risk.breakers.feed_age import CANDLE_AGE, FeedAgeBreaker
from opensqt.risk.breakers.loss import DESK_LOSS, SYMBOL_LOSS, LossBreaker
from opensqt.risk.breakers.market import MarketBreaker
from opensqt.risk.breakers.settings import BreakerSettings, LossSettings
from opensqt.risk.breakers.states import BreakerState, states_of

RISK = "risk"  # who opens and closes by rule
MANUAL = "manual"  # the breaker that a person opens


class BreakerPanel:
    """The breakers that are on, and what the journal says of all of them."""

    def __init__(self, breakers: Collection[Breaker]) -> None:
        self._breakers = tuple(breakers)
        self._controls = TradingControls()
        self._ended_ms: dict[str, int] = {}  # by name: when it was closed last
        self._now_ms = 0  # as FEED tells it: what was not read yet makes nothing old

    @property
    def names(self) -> tuple[str, ...]:
        """The breakers that are on."""
        return tuple(one.name for one in self._breakers)

    @property
    def words(self) -> list[Halted | Resumed]:
        """The words of the journal that count: what opened a breaker, or put it on trial."""
        halts = [halt for halt in self._controls.halts.values() if halt.breaker]
        return [*halts, *self._controls.trials.values()]

    @property
    def states(self) -> list[BreakerState]:
        """Where each breaker stands."""
        return states_of(self._controls, self.names)

    def anew(self) -> "BreakerPanel":
        """Return the same breakers before the journal's beginning."""
        return BreakerPanel([one.anew() for one in self._breakers])

    def fold(self, event: Event, change: Change) -> None:
        """Take in one event of FEED, and what it changed of orders."""
        match event:
            case Time():
                self._now_ms = max(self._now_ms, event.time_ms)
            case _ if isinstance(event, Switch):
                self._switch(event)
            case _:
                for breaker in self._breakers:
                    breaker.fold(event, change)

    def due(self) -> Iterator[Halted | Resumed]:
        """Yield what has to be recorded now; it is due until the journal says it."""
        for breaker in self._breakers:
            yield from self._due(breaker)

    def newest_ms(self, name: str, now_ms: int) -> int:
        """Return a market time for the next word on a breaker: what is recorded later must be newer."""
        known = self._controls.halts.get(name)
        return max(now_ms, self._ended_ms.get(name, -1) + 1, known.time_ms + 1 if known else 0)

    def _due(self, breaker: Breaker) -> Iterator[Halted | Resumed]:
        now_ms = self._now_ms
        halts = [one for one in self._controls.halts.values() if one.breaker == breaker.name]
        trials = [one for one in self._controls.trials.values() if one.breaker == breaker.name]
        closed, on_trial = {one.scope for one in halts}, {one.scope for one in trials}
        tripped = set()
        for trip in breaker.trips(now_ms, on_trial):
            tripped.add(trip.scope)
            if trip.scope not in closed:
                time_ms = self.newest_ms(halt_name(trip.scope, breaker.name), now_ms)
                until_ms = time_ms + breaker.cooldown_ms if breaker.cooldown_ms else 0
                yield opened(breaker.name, trip.scope, trip.reason, RISK, time_ms, until_ms)
        for halt in halts:
            if 0 < halt.until_ms <= now_ms:
                yield self._closed(halt, "its cooldown is over", half_open=True)
            elif reason := breaker.recovered(halt, now_ms):
                yield self._closed(halt, reason)
        for trial in trials:
            if trial.scope not in tripped and (reason := breaker.proved(trial.scope, now_ms)):
                yield self._closed(trial, reason)

    def _closed(self, said: Halted | Resumed, reason: str, *, half_open: bool = False) -> Resumed:
        return Resumed(
            scope=said.scope,
            reason=reason,
            actor=RISK,
            time_ms=max(self._now_ms, said.time_ms),
            breaker=said.breaker,
            half_open=half_open,
        )

    def _switch(self, event: Switch) -> None:
        before, self._controls = self._controls, thrown(self._controls, event)
        by_person = not (isinstance(event, Resumed) and event.actor == RISK)
        for name, halt in before.halts.items():
            if name in self._controls.halts or not halt.breaker:
                continue
            self._ended_ms[name] = event.time_ms
            for breaker in self._breakers:
                if breaker.name == halt.breaker:
                    breaker.begin_anew(halt.scope, event.time_ms, by_person)


def opened(
    breaker: str, scope: str, reason: str, actor: str, time_ms: int, until_ms: int = 0
) -> Halted:
    """Return the event of a breaker that opens: closes go on, nothing is opened."""
    return Halted(
        scope=scope,
        mode=REDUCING,
        reason=reason,
        time_ms=time_ms,
        breaker=breaker,
        actor=actor,
        until_ms=until_ms,
    )


def panel_of(
    settings: BreakerSettings,
    places: Collection[Place],
    rates: Mapping[str, Decimal],
    speed: Decimal,
) -> BreakerPanel:
    """Return the breakers that the settings switch on.

    `places` are what the desk trades, `rates` what a unit of each quote asset is stated to be worth in the currency of
    the limits; market time passes `speed` times as fast as wall time.
    """
    found: list[Breaker] = []
    if settings.market.volume_factor:
        symbols = settings.market.symbols or {symbol for _, _, symbol in places}
        watched = sorted({(venue, symbol) for venue, _, symbol in places if symbol in symbols})
        found.append(MarketBreaker(settings.market, watched))
    losses: tuple[tuple[str, LossSettings], ...] = (
        (DESK_LOSS, settings.desk_loss),
        (SYMBOL_LOSS, settings.symbol_loss),
    )
    for name, loss in losses:
        if loss.is_on:
            found.append(LossBreaker(name, loss, rates, int(loss.cooldown_s * 1000 * speed)))
    if settings.latency.answer_ms_p99_max:
        found.append(LatencyBreaker(settings.latency, speed))
    if settings.feed_age.age_ms_max:
        found.append(FeedAgeBreaker(settings.feed_age, places, speed))
    if settings.candle_age.age_ms_max:
        found.append(FeedAgeBreaker(settings.candle_age, places, speed, CANDLE_AGE))
    if settings.rejects.refused_share_max:
        found.append(RejectBreaker(settings.rejects, speed))
    return BreakerPanel(found)
