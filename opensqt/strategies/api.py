"""What a strategy is made of: read this and docs/strategies.md, write one file and its test. Pure.

    class MakerSettings(Settings, frozen=True, kw_only=True):
        symbol: str
        half_spread_bps: Positive

    def decide(state: StrategyState, event: Event) -> Decision:
        tick = state.market.ticks[state.settings.symbol]
        ...
        return aim(state, [bid, ask])

    MAKER = Strategy(settings=MakerSettings, decide=decide)

The kernel does the rest: it tracks intents and orders, says again what nobody answered, books trades, obeys kills and
halts, waits for rules and prices, leaves out what the venue would refuse, pauses after refusals, and says why nothing
trades.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import Purpose, TimeInForce
from opensqt.domain.market import BookTop, Candle, Funding, Mark, Tick
from opensqt.domain.messages import Event
from opensqt.domain.position import Position
from opensqt.domain.ranges import Count, NotNegative, Positive, Range, Share, SpanMs
from opensqt.strategies.aiming import aim, openings_cancelled
from opensqt.strategies.decision import Decision, WakeCondition
from opensqt.strategies.folding import Changes, folded, published
from opensqt.strategies.indicators import mean_close, mean_range_bps, microprice
from opensqt.strategies.kernel import KINDS, StrategySpec
from opensqt.strategies.planner import TargetOrder, slot_name
from opensqt.strategies.pricing import quantity_of
from opensqt.strategies.retirement import leave
from opensqt.strategies.settings import SettingError, Settings
from opensqt.strategies.state import FUNDING_AGE_MS_MAX, ORDERS_PER_PLACE, Setup, StrategyState
from opensqt.strategies.tracked_intent import RetryPolicy
from opensqt.strategies.waking import believed

__all__ = [
    "BookTop",
    "Candle",
    "Changes",
    "Count",
    "Decision",
    "Event",
    "Funding",
    "InstrumentRules",
    "Mark",
    "NotNegative",
    "Position",
    "Positive",
    "Purpose",
    "Range",
    "SettingError",
    "Settings",
    "Share",
    "Side",
    "SpanMs",
    "Strategy",
    "StrategyState",
    "TargetOrder",
    "Tick",
    "TimeInForce",
    "WakeCondition",
    "aim",
    "mean_close",
    "mean_range_bps",
    "microprice",
    "quantity_of",
    "slot_name",
]

S = TypeVar("S", bound=StrategyState)


class RunTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What a run says beside the settings: its venue, what risk allows, and the pace of market time."""

    venue: str
    orders_open_max: int
    tick_age_ms_max: int  # wall
    speed: Decimal
    config_hash: str
    code_version: str


class _ToldKind(msgspec.Struct, frozen=True):
    kind: str


class _ToldRun(msgspec.Struct, frozen=True):
    settings: _ToldKind
    terms: RunTerms


def told(settings: Settings, terms: RunTerms) -> str:
    """Return as JSON what `Strategy.spec` makes one strategy from, beside its name."""
    return msgspec.json.encode({"settings": settings, "terms": terms}, order="sorted").decode()


def kind_of(text: str) -> str:
    """Return the kind of the strategy that a text was told of; raise `msgspec.ValidationError` for any other text."""
    return msgspec.json.decode(text, type=_ToldRun).settings.kind


def unchanged(state: S, event: Event | Decision, changes: Changes) -> S:
    """Evolve nothing: the strategy has no state of its own."""
    del event, changes
    return state


def followed(state: S, event: Event | Decision) -> S:
    """Fold what the kernel alone knows of a message, or of a decision."""
    if isinstance(event, Decision):
        return published(state, event)[0]
    return folded(state, event)[0]


class Strategy(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """One kind: its settings, its functions, and what it listens to."""

    settings: type[Settings]
    decide: Callable[[S, Event], Decision]
    evolve: Callable[[S, Event | Decision, Changes], S] = unchanged
    state: type[StrategyState] = StrategyState
    channels: tuple[str, ...] = KINDS  # of market data, beside them "book" and "candle"
    lookback_ms: int = 0  # market: how much of candles it needs, at a start, too
    decides_early: bool = (
        False  # asked before rules and prices are known, and earlier intents have lapsed
    )

    def fold(self, state: S, event: Event | Decision) -> S:
        """Fold a message of FEED, or the strategy's own decision as it was published."""
        if isinstance(event, Decision):
            state, changes = published(state, event)
        else:
            state, changes = folded(state, event)
        return self.evolve(state, event, changes)

    def ask(self, state: S, event: Event) -> Decision:
        """Decide after a message that has been folded already."""
        waiting = "" if self.decides_early else state.unready or state.lapsing
        return Decision(reason=waiting) if waiting else believed(state, self.decide(state, event))

    def begin(self, setup: Setup[Any]) -> S:
        """Return the state of a strategy of which nothing is known yet."""
        return self.state(setup=setup)  # type: ignore[return-value]

    def spec_again(self, name: str, text: str) -> StrategySpec[S]:
        """Return the strategy that this text was told of; raise `msgspec.ValidationError` where it no longer fits."""
        settings = msgspec.convert(msgspec.json.decode(text)["settings"], self.settings)
        return self.spec(name, settings, msgspec.json.decode(text, type=_ToldRun).terms)

    def spec(self, name: str, settings: Settings, terms: RunTerms) -> StrategySpec[S]:
        """Return one strategy of a configuration, ready to be driven."""
        orders_max = min(ORDERS_PER_PLACE * settings.orders_open_max, terms.orders_open_max)
        lookback_ms = max(self.lookback_ms, settings.lookback_ms)
        candles = ("candle",) if settings.lookback_ms and "candle" not in self.channels else ()
        setup = Setup(
            strategy=name,
            venue=terms.venue,
            settings=settings,
            orders_max=orders_max,
            tick_age_ms_max=int(terms.tick_age_ms_max * terms.speed),
            funding_age_ms_max=int(FUNDING_AGE_MS_MAX * terms.speed),
            timing=RetryPolicy(valid_for_ms=settings.valid_for_ms).scaled(terms.speed),
            speed=terms.speed,
            candles_kept_ms=lookback_ms,
        )
        return StrategySpec(
            name=name,
            venue=terms.venue,
            account=settings.account,
            symbols=settings.symbols,
            config_hash=terms.config_hash,
            code_version=terms.code_version,
            beginning=self.begin(setup),
            decide=self.ask,
            evolve=self.fold,
            openings_cancelled=openings_cancelled,
            leave=leave,
            follow=followed,
            kinds=(*self.channels, *candles),
            lookback_ms=lookback_ms,
            told=told(settings, terms),
            speed=terms.speed,
        )
