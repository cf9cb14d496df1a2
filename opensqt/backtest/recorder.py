"""What a report needs to know of a run while it goes on: values over time, and the price around each trade."""

from decimal import Decimal
from functools import partial

import msgspec

from opensqt.backtest.agenda import Rank
from opensqt.backtest.run import BacktestRun
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.ledger_wallet import assets_of
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill, IntentPlaced

SAMPLES_MAX = 3_000
INTERVALS_MS = (1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000, 86_400_000)
LATER_MS = (1_000, 10_000, 60_000)  # after a trade, to see where the price went


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """How it stood at a market time, by symbol: mid, base units held; and what all earned so far, in quote units."""

    time_ms: int
    net_pnl: Decimal
    prices: dict[str, Decimal]
    held: dict[str, Decimal]


class Traded(msgspec.Struct, kw_only=True):
    """One trade, with the mid when its order was decided, and some ms after it."""

    fill: Fill
    decided_mid: Decimal | None
    later: dict[int, Decimal | None]


class Recorder:
    """Looks at a run as it goes on; it changes nothing in it."""

    def __init__(self, run: BacktestRun) -> None:
        self._run = run
        self.trades: list[Traded] = []
        self.samples: list[Sample] = []
        self.orders = 0
        self._interval = 0
        self._decided: dict[str, Decimal | None] = {}
        self._fees_third = ZERO
        run.desk.books.listeners.append(self._hear)
        self._plan()

    @property
    def interval_ms(self) -> int:
        """Market ms from one sample to the next."""
        return INTERVALS_MS[self._interval]

    @property
    def fees_quote(self) -> Decimal:
        """All fees in quote units, those in a third asset at its configured price."""
        fees = self._fees_third
        for net in self._run.desk.books.ledger.nets.values():
            fees = EXACT.add(fees, net.fees_quote)
        return fees

    def finish(self) -> None:
        """Look for the last time."""
        self._take()

    def mid(self, symbol: str) -> Decimal | None:
        """Return the price half way between bid and ask."""
        tick = self._run.market.tick(symbol)
        return None if tick is None else (tick.bid_price + tick.ask_price) / 2

    def _hear(self, fact: Event) -> None:
        if isinstance(fact, IntentPlaced):
            self.orders += 1
            self._decided[fact.ref.client_order_id] = self.mid(fact.ref.symbol)
        elif isinstance(fact, Fill):
            self._trade(fact)

    def _trade(self, fill: Fill) -> None:
        agenda = self._run.agenda
        traded = Traded(
            fill=fill,
            decided_mid=self._decided.get(fill.ref.client_order_id),
            later={},
        )
        self.trades.append(traded)
        fee_asset = self._run.exchange.settlement.fee_asset
        if fee_asset is not None and fill.fee_asset == fee_asset.asset not in assets_of(
            fill.ref.symbol
        ):
            paid = EXACT.multiply(fill.fee, fee_asset.price_quote)
            self._fees_third = EXACT.add(self._fees_third, paid)
        for later_ms in LATER_MS:
            note = partial(self._look_back, traded, later_ms)
            agenda.at(fill.time_ms + later_ms, Rank.NOTE, note)

    def _look_back(self, traded: Traded, later_ms: int) -> None:
        traded.later[later_ms] = self.mid(traded.fill.ref.symbol)

    def _plan(self) -> None:
        step = self._run.agenda.now_ms // self.interval_ms + 1
        self._run.agenda.at(step * self.interval_ms, Rank.NOTE, self._sample)

    def _sample(self) -> None:
        self._take()
        if len(self.samples) > SAMPLES_MAX and self._interval + 1 < len(INTERVALS_MS):
            self._interval += 1
            self.samples = [one for one in self.samples if one.time_ms % self.interval_ms == 0]
        self._plan()

    def _take(self) -> None:
        nets = self._run.desk.books.ledger.nets
        prices = {s: mid for s in self._run.exchange.rules if (mid := self.mid(s)) is not None}
        earned = EXACT.minus(self.fees_quote)
        held: dict[str, Decimal] = {}
        for (_, _, symbol), net in nets.items():
            one = net.position
            held[symbol] = held.get(symbol, ZERO) + one.quantity
            worth = EXACT.multiply(one.quantity, prices.get(symbol, net.last_price))
            for part in (one.realized_pnl, worth, one.funding):
                earned = EXACT.add(earned, part)
            earned = EXACT.subtract(earned, one.cost)
        now_ms = self._run.agenda.now_ms
        self.samples.append(Sample(time_ms=now_ms, net_pnl=earned, prices=prices, held=held))
