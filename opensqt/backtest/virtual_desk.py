"""Strategies, gate, accounts and books of a run: what is decided is judged and carried out at once, and told to all."""

from collections import deque
from collections.abc import Sequence
from typing import Any

from opensqt.backtest.account_desk import AccountDesk
from opensqt.backtest.agenda import Agenda
from opensqt.backtest.desk_books import DeskBooks
from opensqt.backtest.gate import Gate
from opensqt.backtest.market import RowInterest, WalkedMarket
from opensqt.backtest.seat import FIRST_RUN, StrategySeat
from opensqt.backtest.venue_side import terms_of
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Basis
from opensqt.domain.market import Time
from opensqt.domain.messages import Event
from opensqt.domain.strategy_events import StrategyFaulted, StrategyStarted
from opensqt.execution.events import EventSource
from opensqt.risk.verdict import Intent
from opensqt.runtime.config.all import Config
from opensqt.runtime.config.limits import caps_of
from opensqt.simulation.engine.exchange import Exchange
from opensqt.strategies.decision import Cause, Decision, JournalledChoice
from opensqt.strategies.kernel import StrategySpec

GENERATION = "backtest"


class VirtualDesk:
    """A desk without a bus. `intents` holds what was said, where somebody asks to keep it."""

    def __init__(
        self,
        config: Config,
        specs: Sequence[StrategySpec[Any]],
        market: WalkedMarket,
        exchange: Exchange,
        agenda: Agenda,
        *,
        step_ms: int,
        every_row: bool,
    ) -> None:
        self.books = DeskBooks(config.accounts)
        self.books.listeners.append(self.post)
        self.seats = [StrategySeat(spec, market, every_row=every_row) for spec in specs]
        self.intents: list[Intent] = []
        self.keeps_intents = False
        self.decisions = 0
        self._market, self._exchange, self._agenda = market, exchange, agenda
        self._step_ms = step_ms
        self._gate = Gate(config, self.books, agenda)
        self._accounts = _accounts(config, exchange, agenda, self.books)
        self._mail: deque[Event] = deque()
        self._chosen: set[Cause] = set()

    def begin(self) -> None:
        """Record what the accounts hold, and that the strategies run."""
        for account in self._accounts.values():
            account.begin(tuple(self._exchange.rules))
        for seat in self.seats:
            self.books.record(
                StrategyStarted(
                    strategy=seat.spec.name,
                    run=FIRST_RUN,
                    config_hash=seat.spec.config_hash,
                    code_version=seat.spec.code_version,
                    state_fingerprint="",
                    time_ms=self._agenda.now_ms,
                )
            )

    def post(self, fact: Event) -> None:
        """Let everybody whom it concerns hear of a fact, in its turn."""
        self._mail.append(fact)

    def deliver(self) -> None:
        """Bring everything that was posted to those whom it concerns, in order."""
        while self._mail:
            fact = self._mail.popleft()
            for seat in self.seats:
                if seat.instance.concerns(fact):
                    seat.freshen(self._last_step_ms)
                    self._carry_out(seat, seat.hear(fact, self._basis))

    def look(self, symbol: str) -> None:
        """Show a price to those who have to look at it."""
        tick = self._market.tick(symbol)
        if tick is None:
            return
        for seat in self.seats:
            if symbol in seat.spec.symbols and seat.is_new(tick) and seat.is_woken(tick):
                seat.freshen(self._last_step_ms, but=symbol)
                for decision in seat.show_tick(tick, self._basis):
                    self._carry_out(seat, decision)

    def tell_time(self, time_ms: int, shown: Sequence[Event]) -> None:
        """Tell the time to those who have to know it, and before it what is `shown` again to those who do not wait."""
        for seat in self.seats:
            due = seat.wake is None or (seat.wake.time_ms or time_ms + 1) <= time_ms
            if seat.asleep and not due:
                continue
            seat.freshen(self._last_step_ms)
            for message in shown if seat.wake is None else ():
                if seat.instance.concerns(message):
                    seat.instance.see(message)
            self._carry_out(seat, seat.hear(Time(time_ms=time_ms), self._basis))

    @property
    def asleep(self) -> bool:
        """Whether prices may pass without anybody."""
        return all(seat.asleep for seat in self.seats)

    def interest(self, symbol: str) -> RowInterest:
        """Return what makes a price of a symbol worth a look while everybody waits."""
        wakes = [seat.wake for seat in self.seats if symbol in seat.spec.symbols]
        here = [wake for wake in wakes if wake is not None and wake.symbol == symbol]
        lows = [wake.price_min for wake in here if wake.price_min is not None]
        highs = [wake.price_max for wake in here if wake.price_max is not None]
        book = self._exchange.matchers[symbol].book
        return RowInterest(
            own_bid=book.best_resting(Side.BUY),
            own_ask=book.best_resting(Side.SELL),
            mid_min=max(lows, default=None),
            # Who waits for another symbol's price looks at each of this one.
            mid_max=min(highs, default=None) if len(here) == len(wakes) else ZERO,
        )

    @property
    def _basis(self) -> Basis:
        """How much of market and journal there has been."""
        return Basis(generation=1, sequence=self._market.rows + self.books.position)

    @property
    def _last_step_ms(self) -> int:
        """The last time that was told, or would have been, before this millisecond."""
        return (self._agenda.now_ms - 1) // self._step_ms * self._step_ms

    def _carry_out(self, seat: StrategySeat, decision: Decision) -> None:
        self.decisions += 1
        for choice in decision.choices:
            self._choose(seat.spec.name, choice)
        if seat.instance.fault:
            fault = StrategyFaulted(
                strategy=seat.spec.name, error=seat.instance.fault, time_ms=self._agenda.now_ms
            )
            self._choose(seat.spec.name, JournalledChoice(cause=("fault", 1), message=fault))
        if decision.intents:
            for symbol in self._exchange.rules:
                tick = self._market.tick(symbol)
                if tick is not None:
                    self.books.show(tick)
        for intent in decision.intents:
            if self.keeps_intents:
                self.intents.append(intent)
            approval = self._gate.ask(intent, self._basis)
            if approval is not None:
                self._accounts[intent.account].obey(approval)

    def _choose(self, strategy: str, choice: JournalledChoice) -> None:
        # An adoption is one for all strategies of a symbol; everything else belongs to its strategy.
        scope = choice.cause if choice.cause[0] == "adopted" else (strategy, *choice.cause)
        if scope not in self._chosen:
            self._chosen.add(scope)
            self.books.record(choice.message)


def _accounts(
    config: Config, exchange: Exchange, agenda: Agenda, books: DeskBooks
) -> dict[str, AccountDesk]:
    venue, terms, caps = exchange.settlement.venue, terms_of(config), caps_of(config)
    return {
        name: AccountDesk(
            EventSource(actor="backtest", venue=venue, account=name, generation=GENERATION),
            exchange,
            terms,
            caps,
            books,
            agenda,
            config.backtest.latency_ms,
        )
        for name in config.accounts
    }
