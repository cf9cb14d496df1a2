"""The synthetic market `synthetic:SEED[:SYMBOLS]`: seeded order flow, fitted to recordings. It never reads a clock.

One latent price per base asset (jumps, calm and bursts) moves spot and perp; the perp's price is spot and a
mean-reverting basis. A crowd per symbol (limit orders, cancels, market orders) follows it on a real book.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from random import Random

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.market.flow import Frame
from opensqt.simulation.market.orderflow import (
    Change,
    Scale,
    TickBook,
    TickDelta,
    TickFrame,
    TickTrade,
)
from opensqt.simulation.market.orderflow_instruments import decimals_for, market_of, rules_for
from opensqt.simulation.market.synthetic_orders import SyntheticCrowd, leaves_gap
from opensqt.simulation.market.synthetic_price import LatentPrice
from opensqt.simulation.market.synthetic_profile import PROFILES, REFERENCE_PRICE, start_price

DEFAULT_SYMBOLS = ("BTC/USDT", "BTC/USDT:USDT")
SYMBOLS_MAX = 8
STATE_VERSION = 1
# What a crowd does, as indexes of `due_ms`: a market order, an act at the top, a frame of deeper levels.
ORDER, TOUCH, DEPTH = range(3)


class StateRefused(ValueError):
    """A saved state that belongs to another flow."""


class CrowdState(msgspec.Struct, kw_only=True):
    """What one symbol's crowd must remember."""

    bids: list[Change]
    asks: list[Change]
    last_sign: int
    due_ms: list[float]


class SyntheticState(msgspec.Struct, kw_only=True):
    """Everything the future of a synthetic flow depends on."""

    version: int
    seed: str
    symbols: tuple[str, ...]
    shift_ms: int
    now_ms: int
    random_version: int
    random_words: bytes
    random_gauss: float | None
    prices: dict[str, LatentPrice]
    crowds: list[CrowdState]
    pending_symbol: int
    pending: list[TickDelta | TickTrade]


class SyntheticSymbol:
    """One symbol of the flow: its scale, its crowd and when the crowd acts next (ms since the beginning)."""

    def __init__(self, symbol: str, price: LatentPrice) -> None:
        self.price = price
        self.perp = market_of(symbol) is Market.PERP
        price_decimals, quantity_decimals = decimals_for(symbol, price.start_price)
        self.ticks_per_unit = 10.0**price_decimals
        self.scale = Scale(
            symbol=symbol, price_decimals=price_decimals, quantity_decimals=quantity_decimals
        )
        self.profile = PROFILES[market_of(symbol)]
        self.rules = rules_for(symbol, price_decimals, quantity_decimals)
        self.crowd = SyntheticCrowd(
            TickBook(),
            self.profile,
            ticks_per_bp=price.start_price * self.ticks_per_unit / 1e4,
            steps_per_btc=10.0**quantity_decimals * REFERENCE_PRICE / price.start_price,
        )
        self.rates = (self.profile.market_orders_per_s, self.profile.touches_per_s)
        self.due_ms = [0.0, 0.0, 0.0]

    @property
    def fair(self) -> float:
        """The efficient price of this symbol in ticks."""
        return (self.price.perp if self.perp else self.price.spot) * self.ticks_per_unit

    def begin(self, rng: Random) -> None:
        """Fill the book and draw the first times."""
        self.crowd.open(self.fair, rng)
        self.due_ms = [rng.random() * 100 for _ in self.due_ms]

    def act(self, rng: Random) -> list[TickFrame]:
        """Do what is due next and plan the time after."""
        now_ms = min(self.due_ms)
        kind = self.due_ms.index(now_ms)
        if kind == DEPTH:
            self.due_ms[DEPTH] = now_ms + self.profile.depth_period_ms
            return [self.crowd.depth(int(now_ms), rng)]
        gap = self.crowd.spread_ticks > 1
        if kind == ORDER:
            frames = self.crowd.market_order(int(now_ms), self.fair, rng)
        else:
            frames = self.crowd.touch(int(now_ms), self.fair, rng)
        rate = self.rates[kind] * self.price.activity
        self.due_ms[kind] = now_ms + rng.expovariate(rate) * 1000
        if gap or leaves_gap(frames[-1]):
            hurried_ms = now_ms + rng.expovariate(1 / self.profile.refill_ms)
            self.due_ms[TOUCH] = min(self.due_ms[TOUCH], hurried_ms)
        return frames

    def save(self) -> CrowdState:
        """The crowd and its book as plain values."""
        book = self.crowd.book
        return CrowdState(
            bids=book.bids.levels(),
            asks=book.asks.levels(),
            last_sign=self.crowd.last_sign,
            due_ms=list(self.due_ms),
        )

    def load(self, saved: CrowdState, price: LatentPrice) -> None:
        """Become what was saved."""
        self.price = price
        self.crowd.book = TickBook()
        self.crowd.book.apply(TickDelta(0, saved.bids, saved.asks))
        self.crowd.last_sign = saved.last_sign
        self.due_ms = list(saved.due_ms)


class SyntheticFlow:
    """Endless order flow of some symbols, the same bytes for the same seed and symbols."""

    def __init__(self, seed: str, symbols: Sequence[str] = DEFAULT_SYMBOLS) -> None:
        self._seed = seed
        self._names = tuple(symbols)
        self._random = Random(f"{seed}:{','.join(self._names)}")
        self._prices: dict[str, LatentPrice] = {}
        self._symbols: list[SyntheticSymbol] = []
        self._shift_ms = 0
        self._now_ms = 0
        self._pending: deque[TickFrame] = deque()
        self._pending_symbol = 0
        for name in self._names:
            base = name.partition("/")[0]
            if base not in self._prices:
                price = LatentPrice(start_price=start_price(base, seed))
                price.begin(self._random)
                self._prices[base] = price
            self._symbols.append(SyntheticSymbol(name, self._prices[base]))
        for symbol in self._symbols:
            symbol.begin(self._random)

    @property
    def origin_ms(self) -> int | None:
        """None: a synthetic market starts at whatever time it is given."""
        return None

    @property
    def instruments(self) -> tuple[InstrumentRules, ...]:
        """The rules of the symbols of this flow."""
        return tuple(symbol.rules for symbol in self._symbols)

    def start(self, time_ms: int) -> None:
        """Put the next frame at this market time; a time before the last frame changes nothing."""
        self._shift_ms = max(self._shift_ms, time_ms - self._now_ms)

    def frames(self) -> Iterator[Frame]:
        """Yield a snapshot of each symbol, then deltas and trades for ever, in time order."""
        for symbol in self._symbols:
            yield symbol.scale.snapshot(symbol.crowd.book, self._now_ms + self._shift_ms)
        while True:
            if not self._pending:
                self._advance()
                continue
            frame = self._pending.popleft()
            symbol = self._symbols[self._pending_symbol]
            if isinstance(frame, TickDelta):
                symbol.crowd.book.apply(frame)
            yield symbol.scale.frame(frame, self._shift_ms)

    def state(self) -> bytes:
        """Everything needed to go on after the last yielded frame, as MessagePack."""
        version, words, gauss = self._random.getstate()
        return msgspec.msgpack.encode(
            SyntheticState(
                version=STATE_VERSION,
                seed=self._seed,
                symbols=self._names,
                shift_ms=self._shift_ms,
                now_ms=self._now_ms,
                random_version=version,
                random_words=b"".join(word.to_bytes(4, "big") for word in words),
                random_gauss=gauss,
                prices=self._prices,
                crowds=[symbol.save() for symbol in self._symbols],
                pending_symbol=self._pending_symbol,
                pending=list(self._pending),
            )
        )

    def restore(self, state: bytes) -> None:
        """Go on where `state()` was taken; raise `StateRefused` for the state of another flow."""
        try:
            saved = msgspec.msgpack.decode(state, type=SyntheticState)
        except msgspec.MsgspecError as error:
            raise StateRefused(
                f"state of {len(state)} bytes is not one of a synthetic market ({error}); "
                "start the venue in a fresh data folder, or give it the market it ran with"
            ) from error
        if (saved.version, saved.seed, saved.symbols) != (STATE_VERSION, self._seed, self._names):
            raise StateRefused(
                f"state is of synthetic:{saved.seed}:{','.join(saved.symbols)} (version "
                f"{saved.version}), expected synthetic:{self._seed}:{','.join(self._names)} (version "
                f"{STATE_VERSION}); start the venue with the market it ran with"
            )
        words = saved.random_words
        numbers = tuple(int.from_bytes(words[i : i + 4], "big") for i in range(0, len(words), 4))
        self._random.setstate((saved.random_version, numbers, saved.random_gauss))
        self._shift_ms = saved.shift_ms
        self._now_ms = saved.now_ms
        self._prices = saved.prices
        for symbol, crowd in zip(self._symbols, saved.crowds, strict=True):
            symbol.load(crowd, self._prices[symbol.rules.base])
        self._pending_symbol = saved.pending_symbol
        self._pending = deque(saved.pending)

    def _advance(self) -> None:
        """Let the next thing happen: a step of a latent price or an act of a crowd."""
        price = min(self._prices.values(), key=_price_due)
        index = min(range(len(self._symbols)), key=self._symbol_due)
        if price.due_ms <= self._symbol_due(index):
            price.step(self._random)
            return
        self._now_ms = int(self._symbol_due(index))
        self._pending_symbol = index
        self._pending.extend(self._symbols[index].act(self._random))

    def _symbol_due(self, index: int) -> float:
        return min(self._symbols[index].due_ms)


def _price_due(price: LatentPrice) -> float:
    return price.due_ms
