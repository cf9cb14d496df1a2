"""Facts for strategy tests: rules, ticks, snapshots, and what the venue may say about orders."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from opensqt.domain import order_state
from opensqt.domain.account import SnapshotPosition, VenueSnapshot
from opensqt.domain.ids import client_order_id
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.market import Candle, Tick, Time
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    Expired,
    Fill,
    IntentPlaced,
    Liquidity,
    NeverPlaced,
    OrderEvent,
    OrderRef,
    Rejected,
)
from opensqt.domain.order_state import Order
from opensqt.domain.verdict import RiskApproved
from opensqt.strategies.tracked_intent import UNSTAMPED

PERP = "BTC/USDT:USDT"
SPOT = "BTC/USDT"
Intent = PlaceIntent | CancelIntent


def d(text: str) -> Decimal:
    """Read a decimal."""
    return Decimal(text)


def rules_of(symbol: str, **changes: str) -> InstrumentRules:
    """Return rules with a tick of 0.1, a step of 0.001 and a smallest notional of 5."""
    figures = {
        "tick_size": "0.1",
        "quantity_step": "0.001",
        "quantity_min": "0.001",
        "quantity_max": "0",
        "notional_min": "5",
        "maker_fee": "0.0002",
        "taker_fee": "0.0005",
        **changes,
    }
    values: dict[str, Any] = {name: Decimal(text) for name, text in figures.items()}
    return InstrumentRules(
        venue="binance",
        symbol=symbol,
        market=Market.PERP if ":" in symbol else Market.SPOT,
        venue_symbol=symbol.partition(":")[0].replace("/", ""),
        base="BTC",
        quote="USDT",
        time_ms=1,
        **values,
    )


def tick_of(symbol: str, price: str | Decimal, time_ms: int, spread: str = "0.2") -> Tick:
    """Return a tick around a mid price."""
    half = Decimal(spread) / 2
    return Tick(
        venue="binance",
        symbol=symbol,
        bid_price=Decimal(price) - half,
        bid_quantity=Decimal(5),
        ask_price=Decimal(price) + half,
        ask_quantity=Decimal(5),
        time_ms=time_ms,
        book_sequence=time_ms,
    )


def candle_of(
    minute: int, *, close: str, high: str = "", low: str = "", symbol: str = PERP
) -> Candle:
    """Return the closed candle of a minute, as flat as it may be; it trades 10 base units."""
    return Candle(
        venue="binance",
        symbol=symbol,
        interval_ms=60_000,
        open_time_ms=minute * 60_000,
        open=Decimal(close),
        high=Decimal(high or close),
        low=Decimal(low or close),
        close=Decimal(close),
        volume=Decimal(10),
        closed=True,
        time_ms=minute * 60_000,
    )


def snapshot_of(*positions: tuple[str, str, str], symbols: tuple[str, ...]) -> VenueSnapshot:
    """Return what the venue holds: (symbol, quantity, entry price) each."""
    return VenueSnapshot(
        venue="binance",
        account="main",
        trigger="start",
        journal_position=1,
        positions=tuple(
            SnapshotPosition(symbol=symbol, quantity=Decimal(held), entry_price=Decimal(price))
            for symbol, held, price in positions
        ),
        symbols=symbols,
        evidence_hash="",
        started_ms=1,
        time_ms=1,
    )


def approval_of(intent: Intent, now_ms: int) -> RiskApproved:
    """Return risk's yes."""
    return RiskApproved(
        intent_id=intent.intent_id,
        place=intent if isinstance(intent, PlaceIntent) else None,
        cancel=intent if isinstance(intent, CancelIntent) else None,
        reduce_only=False,
        risk_epoch=1,
        basis=UNSTAMPED,
        config_version="",
        time_ms=now_ms,
    )


def placed_of(intent: PlaceIntent, now_ms: int, attempt: int = 1) -> IntentPlaced:
    """Return the order that the executor makes of an intent."""
    cid = client_order_id(
        generation="g",
        account="main",
        strategy=intent.strategy,
        slot=intent.slot,
        cycle=intent.cycle,
        attempt=attempt,
    )
    ref = OrderRef(
        client_order_id=cid,
        intent_id=intent.intent_id,
        attempt=attempt,
        strategy=intent.strategy,
        venue=intent.venue,
        account=intent.account,
        symbol=intent.symbol,
    )
    return IntentPlaced(
        ref=ref,
        slot=intent.slot,
        cycle=intent.cycle,
        side=intent.side,
        type=intent.type,
        time_in_force=intent.time_in_force,
        price=intent.price,
        quantity=intent.quantity,
        purpose=intent.purpose,
        reduce_only=False,
        valid_until_ms=intent.valid_until_ms,
        time_ms=now_ms,
    )


def brought(fill: Fill) -> Decimal:
    """Return what a trade adds to the base that is held, counted without the code under test."""
    signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
    return signed - (fill.fee if fill.ref.symbol == SPOT and fill.fee_asset == "BTC" else 0)


def journalled(history: Iterable[Event]) -> list[Event]:
    """Return what a restart would read of a history: journalled facts only."""
    return [event for event in history if not isinstance(event, Tick | Time | Candle)]


class Evidence:
    """What the venue holds and may say about the orders of one strategy."""

    def __init__(self) -> None:
        self.now_ms = 1_000
        self.orders: dict[str, Order] = {}  # by client order id
        self.history: list[Event] = []
        self.trades = 0
        self.fee_asset = (
            "USDT"  # BTC: as on spot, of what is bought; a third asset: of nothing that is traded
        )

    def fold(self, event: Event) -> None:
        """Keep a message, and what it says about an order."""
        self.history.append(event)
        if isinstance(event, OrderEvent):
            cid = event.ref.client_order_id
            self.orders[cid] = order_state.fold(self.orders.get(cid, order_state.begin(cid)), event)

    def fill_of(self, cid: str, quantity: str | Decimal | None = None) -> Fill:
        """Return a fill of an order without feeding it."""
        self.trades += 1
        placed = self._placed(cid)
        amount = self.orders[cid].remaining if quantity is None else Decimal(quantity)
        fee, fee_asset = self._fee(placed, amount)
        return Fill(
            ref=placed.ref,
            trade_id=str(self.trades),
            venue_order_id=f"v{cid}",
            side=placed.side,
            price=placed.price,
            quantity=amount,
            fee=fee,
            fee_asset=fee_asset,
            liquidity=Liquidity.MAKER,
            realized_pnl=Decimal(0),
            evidence_hash="",
            time_ms=self.now_ms,
        )

    def accepted(self, cid: str) -> Accepted:
        """Return the venue's yes."""
        return Accepted(
            ref=self._placed(cid).ref,
            venue_order_id=f"v{cid}",
            evidence_hash="",
            time_ms=self.now_ms,
        )

    def rejected(self, cid: str, reason: str = "margin is insufficient") -> Rejected:
        """Return the venue's no."""
        return Rejected(
            ref=self._placed(cid).ref,
            code="-1",
            reason=reason,
            evidence_hash="",
            time_ms=self.now_ms,
        )

    def never_placed(self, cid: str) -> NeverPlaced:
        """Return the proof that the order never was."""
        return NeverPlaced(
            ref=self._placed(cid).ref, proof="looked twice", evidence_hash="", time_ms=self.now_ms
        )

    def canceled(self, cid: str) -> Canceled:
        """Return the end of an order by cancel, with what it has filled so far."""
        return Canceled(
            ref=self._placed(cid).ref,
            venue_order_id=f"v{cid}",
            filled_quantity=self.orders[cid].filled,
            reason="",
            evidence_hash="",
            time_ms=self.now_ms,
        )

    def expired(self, cid: str) -> Expired:
        """Return the end of an order by itself, with what it has filled so far."""
        return Expired(
            ref=self._placed(cid).ref,
            venue_order_id=f"v{cid}",
            filled_quantity=self.orders[cid].filled,
            reason="",
            evidence_hash="",
            time_ms=self.now_ms,
        )

    def live(self) -> list[IntentPlaced]:
        """Return the orders that are not terminal."""
        return [o.placed for o in self.orders.values() if o.placed is not None and not o.terminal]

    def resting(self, side: Side) -> list[Decimal]:
        """Return the prices of the orders of a side that are not terminal, rising."""
        return sorted(placed.price for placed in self.live() if placed.side is side)

    def cid_at(self, price: str) -> str:
        """Return the one living order at a price."""
        found = [p.ref.client_order_id for p in self.live() if p.price == Decimal(price)]
        assert len(found) == 1, f"{len(found)} orders at {price}"
        return found[0]

    def signed_fills(self) -> Decimal:
        """Return the sum of what all trades brought, signed."""
        return sum(
            (brought(fill) for order in self.orders.values() for fill in order.fills), d("0")
        )

    def _fee(self, placed: IntentPlaced, amount: Decimal) -> tuple[Decimal, str]:
        spot, buys = placed.ref.symbol == SPOT, placed.side is Side.BUY
        if self.fee_asset == "BTC" and spot and buys:
            return (amount * d("0.001")).quantize(d("0.00000001")), "BTC"
        if self.fee_asset in ("BTC", "USDT"):
            return placed.price * amount * d("0.0002"), "USDT"
        return d("0.01"), self.fee_asset

    def _placed(self, cid: str) -> IntentPlaced:
        placed = self.orders[cid].placed
        assert placed is not None
        return placed
