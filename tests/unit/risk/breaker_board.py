"""A panel of breakers before a journal that is a list: what is due is recorded, and told to the panel again."""

from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.domain.market import Candle, Tick, Time
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Accepted, Fill, IntentPlaced, Rejected, Submitting
from opensqt.domain.order_index import NOTHING
from opensqt.domain.recon_events import Halted, Resumed
from opensqt.risk.breakers.panel import BreakerPanel, panel_of
from opensqt.risk.breakers.settings import BreakerSettings
from opensqt.risk.state import RiskState
from tests.unit.risk.risk_books import SYMBOL, live, tick
from tests.unit.risk.risk_books import fill as traded

PLACE = ("binance", "main", SYMBOL)
SCOPE = "/".join(PLACE)
ACCOUNT = "binance/main"
MINUTE_MS = 60_000
T0_MS = 1_800_000_000_000


def settings(**tables: dict[str, Any]) -> BreakerSettings:
    """Return `[breakers]` with these tables, as a configuration says them."""
    return msgspec.convert(tables, BreakerSettings)


class Board:
    """A gate's breakers; `speed` is that of market time."""

    def __init__(
        self,
        given: BreakerSettings,
        *,
        symbols: tuple[str, ...] = (SYMBOL,),
        speed: str = "1",
        recorded: tuple[Event, ...] = (),
    ) -> None:
        self._given, self._symbols, self._speed = given, symbols, speed
        self.state = RiskState()
        self.journal: list[Event] = []
        self.panel = self._panel()
        self.now_ms = T0_MS
        self.tell(*recorded)

    def _panel(self) -> BreakerPanel:
        places = [("binance", "main", symbol) for symbol in self._symbols]
        return panel_of(self._given, places, {"USDT": Decimal(1)}, Decimal(self._speed))

    def tell(self, *events: Event) -> None:
        """Let FEED tell these; what the market shows is not in the journal."""
        for event in events:
            self.panel.fold(event, self.state.fold(event))
            if not isinstance(event, Candle | Tick | Time):
                self.journal.append(event)

    def at(self, now_ms: int) -> list[Halted | Resumed]:
        """Let time pass, record what is due, and return it."""
        self.now_ms = now_ms
        self.tell(Time(time_ms=now_ms))
        words = list(self.panel.due())
        self.tell(*words)
        return words

    def again(self) -> "Board":
        """Return the board of the process that comes after a kill: it has the journal and nothing else."""
        return Board(
            self._given,
            symbols=self._symbols,
            speed=self._speed,
            recorded=tuple(self.journal),
        )

    def show(self, *candles: Candle) -> None:
        """Tell of candles as the follower of candles does."""
        for candle in candles:
            self.panel.fold(candle, NOTHING)

    @property
    def not_closed(self) -> dict[str, str]:
        """Reason by breaker and scope of what is open or on trial."""
        return {f"{one.breaker} {one.scope}": one.reason for one in self.panel.states if one.scope}

    @property
    def phases(self) -> dict[str, str]:
        """State by breaker."""
        return {one.breaker: one.state.value for one in self.panel.states}


def candle(minute: int, close: str, volume: str, *, closed: bool = True, **more: Any) -> Candle:
    """Return the candle of a minute."""
    values: dict[str, Any] = {
        "venue": "binance",
        "symbol": SYMBOL,
        "interval_ms": MINUTE_MS,
        "open_time_ms": T0_MS + minute * MINUTE_MS,
        "open": Decimal(close),
        "high": Decimal(close),
        "low": Decimal(close),
        "close": Decimal(close),
        "volume": Decimal(volume),
        "closed": closed,
        "time_ms": T0_MS + (minute + closed) * MINUTE_MS,
    }
    return Candle(**(values | more))


def minute_ms(minute: float) -> int:
    """Return the market time of a minute of the tests."""
    return T0_MS + int(minute * MINUTE_MS)


def round_trip(
    number: int, sold: str, bought: str = "100", quantity: str = "1"
) -> tuple[Event, ...]:
    """Return the facts of a slot that buys and then sells, without fees."""
    return (
        *filled(number, Side.BUY, bought, quantity),
        *filled(number, Side.SELL, sold, quantity),
    )


def filled(
    number: int, side: Side, at_price: str, quantity: str = "1", fee: str = "0"
) -> tuple[IntentPlaced, Fill]:
    """Return the facts of an order of slot `number` that fills whole: a purchase opens, a sale closes."""
    buys = side is Side.BUY
    at_ms = T0_MS + number * 1000 + (0 if buys else 500)
    name = f"{side.value}{number}"
    purpose = Purpose.OPEN if buys else Purpose.CLOSE
    placed = live(name, side, at_price, quantity, purpose)
    told = traded(name, side, quantity)
    return (
        msgspec.structs.replace(placed, slot=str(number), time_ms=at_ms),
        msgspec.structs.replace(told, price=Decimal(at_price), fee=Decimal(fee), time_ms=at_ms),
    )


def answered(number: int, after_ms: int, at_ms: int, *, refused: bool = False) -> tuple[Event, ...]:
    """Return the facts of an order that the venue answers so late, at that market time."""
    placed = live(f"a{number}", Side.BUY, "50000")
    ref, sent_ms = placed.ref, at_ms - after_ms
    asked = Submitting(ref=ref, epoch=1, deadline_ms=sent_ms + 2000, time_ms=sent_ms)
    if refused:
        said: Event = Rejected(ref=ref, code="-2", reason="no", evidence_hash="", time_ms=at_ms)
    else:
        said = Accepted(ref=ref, venue_order_id=f"v{number}", evidence_hash="", time_ms=at_ms)
    return msgspec.structs.replace(placed, time_ms=sent_ms), asked, said


def price(at_ms: int) -> Tick:
    """Return a tick of that time."""
    return tick(at_ms)
