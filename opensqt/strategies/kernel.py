"""What every strategy has: a state that is folded and asked, its own run, and a fault that stops it alone.

Pure: process, backtest and replay run the same one.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

from opensqt.domain.bulkhead import Bulkhead
from opensqt.domain.control import StrategyRegistered, StrategyRetiring
from opensqt.domain.decimals import ONE
from opensqt.domain.intent import Basis
from opensqt.domain.market import Time
from opensqt.domain.messages import Event, symbol_of
from opensqt.domain.strategy_events import StrategyFlattened, StrategyStarted
from opensqt.strategies.decision import Decision, shown

KINDS = ("tick", "rules", "status", "funding", "mark")


S = TypeVar("S")


class StrategySpec(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """One strategy as the shell sees it: a name, a beginning and three pure functions."""

    name: str
    venue: str
    account: str
    symbols: tuple[str, ...]
    config_hash: str
    code_version: str
    beginning: S
    decide: Callable[[S, Event], Decision]
    evolve: Callable[[S, Event | Decision], S]
    openings_cancelled: Callable[[S], Decision]
    leave: Callable[[S, StrategyRetiring], Decision]  # the desk
    follow: Callable[[S, Event | Decision], S]  # while it leaves: without the state of its kind
    kinds: tuple[str, ...] = KINDS  # of market data
    lookback_ms: int = 0  # market: of candles, beyond what every start reads
    told: str = ""  # JSON of what it can be made again from
    speed: Decimal = ONE  # of market time


class StrategyInstance:
    """One running strategy: its state, its run, and whether it has stopped."""

    def __init__(self, play: StrategySpec[Any]) -> None:
        self.play = play
        self.fault = ""
        self.forget()

    def forget(self) -> None:
        """Begin again from nothing; a fault stays."""
        self.state = self.play.beginning
        self.run = 0  # the newest whose start was folded, anybody's
        self.own_run = 0  # this process's; 0 before it has one
        self.last = Decision(reason="starting")
        self.retiring: StrategyRetiring | None = None
        self.flattened = False

    @property
    def started(self) -> bool:
        """Whether its own start has been folded: only then it knows which ids are its own, and what it waits for."""
        return 0 < self.own_run == self.run

    def concerns(self, message: Event) -> bool:
        """Tell whether a message may be about this strategy; what names no symbol is about everybody."""
        symbol = symbol_of(message)
        return symbol == "" or symbol in self.play.symbols

    def hear(self, message: Event, basis: Basis, *, live: bool) -> Decision | None:
        """Fold one message; return what is decided after it, None where nothing is to be decided.

        `basis` is what has been read of FEED with this message, `live` says that the past is folded.
        """
        if not self.concerns(message):
            return None
        self.see(message)
        # Who is stopped by a fault goes on cancelling, as time passes.
        stopped = self.fault and not self.retiring and not isinstance(message, Time)
        if not (live and self.started) or stopped:
            return None
        return self.act(message, basis)

    def see(self, message: Event) -> None:
        """Fold one message."""
        match message:
            case StrategyStarted(strategy=name) if name == self.play.name:
                self.run = max(self.run, message.run)
            case StrategyRetiring(strategy=name) if name == self.play.name:
                self.retiring, self.flattened = message, False
            case StrategyRegistered(strategy=name) if name == self.play.name:
                self.retiring = None
            case StrategyFlattened(strategy=name) if name == self.play.name:
                self.flattened = True
            case _:
                pass
        with Bulkhead() as bulkhead:
            self.state = self._evolve(self.state, message)
        self._note(bulkhead.error)

    def act(self, message: Event, basis: Basis) -> Decision:
        """Decide after a message; what is returned has been folded and is to be published."""
        decision = Decision(reason=self.last.reason)
        with Bulkhead() as bulkhead:
            decision = self._next(message)
            decision = stamped(decision, basis)
            self.state = self._evolve(self.state, decision)
        self._note(bulkhead.error)
        if bulkhead.error is not None:
            return Decision()
        self.last = decision
        return decision

    def status(self, deaf: str = "") -> dict[str, Any]:
        """Return whether it trades, and if not, why not; `deaf` says why nothing reaches it now."""
        last = self.last.reason if self.started else "starting"
        fault = f"stopped by a fault: {self.fault}" if self.fault and not self.retiring else ""
        reason = fault or deaf or last
        return {
            "name": self.play.name,
            "trading": not reason,
            "reason": reason,
            **shown(self.last),
        }

    @property
    def _evolve(self) -> Callable[[Any, Event | Decision], Any]:
        return self.play.follow if self.retiring else self.play.evolve

    def _next(self, message: Event) -> Decision:
        if self.retiring:
            decision = self.play.leave(self.state, self.retiring)
            return msgspec.structs.replace(decision, choices=()) if self.flattened else decision
        if self.fault:
            return self.play.openings_cancelled(self.state)
        return self.play.decide(self.state, message)

    def _note(self, error: Exception | None) -> None:
        if error is not None and not self.fault:
            self.fault = f"{type(error).__name__}: {error}"


def stamped(decision: Decision, basis: Basis) -> Decision:
    """Put what had been seen of FEED into new intents; those said again keep their bytes."""
    intents = tuple(
        msgspec.structs.replace(intent, basis=basis) if intent.basis.sequence == 0 else intent
        for intent in decision.intents
    )
    return msgspec.structs.replace(decision, intents=intents)
