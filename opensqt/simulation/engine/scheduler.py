"""What the venue does by itself as time goes on: funding, dead-man timers, balance rows. It serves no request.

A liquidation engine would be called in `tick`, right after funding is settled.
"""

from collections.abc import Mapping

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.funding import FundingPoint, FundingTerms

BALANCE_EVERY_MS = 60_000
POINTS_KEPT = 1000


class Countdown(msgspec.Struct, frozen=True, kw_only=True):
    """A dead-man timer: cancel all orders of a symbol at `at_ms` (market time) unless it is set again."""

    account: str
    symbol: str
    at_ms: int


class VenueScheduler:
    """The venue's clockwork; its memory is kept in the store."""

    def __init__(self, exchange: Exchange, terms: Mapping[str, FundingTerms]) -> None:
        self._exchange = exchange
        records = exchange.store.records
        perps = [rules.symbol for rules in exchange.rules.values() if rules.market is Market.PERP]
        self.terms = {symbol: terms.get(symbol, FundingTerms()) for symbol in perps}
        if records.meta("settled_ms") is None:
            now_ms = exchange.clock.market_ms()
            told = msgspec.json.encode(self._past(now_ms))
            exchange.commit({"settled_ms": str(now_ms).encode(), "funding": told})
        self._settled_ms = int(records.meta("settled_ms") or 0)
        self.points = msgspec.json.decode(records.meta("funding") or b"[]", type=list[FundingPoint])
        timers = msgspec.json.decode(records.meta("countdowns") or b"[]", type=list[Countdown])
        self._countdowns = {(timer.account, timer.symbol): timer for timer in timers}
        self._balances_at_ms = exchange.clock.wall_ms() + BALANCE_EVERY_MS

    def tick(self) -> None:
        """Settle funding, run out timers and state balances where it is time."""
        exchange = self._exchange
        now_ms = exchange.clock.market_ms()
        self._settle(now_ms)
        due = [timer for timer in self._countdowns.values() if timer.at_ms <= now_ms]
        for timer in due:
            self._run_out(timer)
        if exchange.clock.wall_ms() >= self._balances_at_ms:
            self._balances_at_ms += BALANCE_EVERY_MS
            exchange.state_balances()
            exchange.commit()

    def arm(self, account: str, symbol: str, countdown_ms: int) -> None:
        """Set the dead-man timer of a symbol (market ms from now); 0 takes it away."""
        self._countdowns.pop((account, symbol), None)
        if countdown_ms > 0:
            at_ms = self._exchange.clock.market_ms() + countdown_ms
            self._countdowns[account, symbol] = Countdown(
                account=account, symbol=symbol, at_ms=at_ms
            )
        self._exchange.commit({"countdowns": msgspec.json.encode(list(self._countdowns.values()))})

    def next_funding_ms(self, symbol: str) -> int:
        """The next funding boundary of a perp (market ms)."""
        return self.terms[symbol].next_ms(self._exchange.clock.market_ms())

    def _past(self, now_ms: int) -> list[FundingPoint]:
        """What the venue says that it paid before it began."""
        found = [
            FundingPoint(symbol=symbol, time_ms=time_ms, rate=terms.rate, mark=ZERO)
            for symbol, terms in self.terms.items()
            for time_ms in terms.past_ms(now_ms)
        ]
        return sorted(found, key=lambda point: point.time_ms)[-POINTS_KEPT:]

    def _settle(self, now_ms: int) -> None:
        exchange = self._exchange
        if any(exchange.settlement.marks[symbol] == 0 for symbol in self.terms):
            return
        paid = False
        for symbol, terms in self.terms.items():
            for boundary_ms in terms.boundaries(self._settled_ms, now_ms):
                paid = True
                exchange.settlement.now_ms = now_ms
                mark = exchange.settlement.marks[symbol]
                self.points.append(
                    FundingPoint(symbol=symbol, time_ms=boundary_ms, rate=terms.rate, mark=mark)
                )
                for account in exchange.settlement.accounts:
                    exchange.settlement.pay_funding(account, symbol, terms.rate)
        self._settled_ms = now_ms
        if paid:
            del self.points[:-POINTS_KEPT]
            exchange.commit(
                {"settled_ms": str(now_ms).encode(), "funding": msgspec.json.encode(self.points)}
            )

    def _run_out(self, timer: Countdown) -> None:
        exchange = self._exchange
        for order_id in list(exchange.open.get((timer.account, timer.symbol), {})):
            exchange.cancel(
                timer.account, timer.symbol, order_id=order_id, client_id="", cancel_id="countdown"
            )
        self.arm(timer.account, timer.symbol, 0)
