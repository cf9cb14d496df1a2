"""Intents, orders and books for tests of the gate's decisions."""

from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.account import Deposit
from opensqt.domain.grounds import StrategyLimits
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import (
    Basis,
    CancelIntent,
    OrderType,
    PlaceIntent,
    Purpose,
    TimeInForce,
)
from opensqt.domain.market import Tick
from opensqt.domain.order_events import Fill, IntentPlaced, Liquidity, OrderRef
from opensqt.risk.state import RiskState
from opensqt.risk.verdict import VerdictContext

SYMBOL = "BTC/USDT:USDT"
NOW_MS = 1_000_000
BASIS = Basis(generation=1, sequence=10)
SEAT = VerdictContext(epoch=3, config_version="c0ffee", basis=BASIS, opens_from_ms=0)
LIMITS = StrategyLimits(
    currency="USDT",
    order_notional_quote_max=Decimal(2000),
    position_notional_quote_max=Decimal(5000),
    open_orders_max=3,
    price_collar_bps=Decimal(100),
    tick_age_ms_max=3000,
)


def rules() -> InstrumentRules:
    """Return the filters of the perpetual."""
    return InstrumentRules(
        venue="binance",
        symbol=SYMBOL,
        market=Market.PERP,
        venue_symbol="BTCUSDT",
        base="BTC",
        quote="USDT",
        tick_size=Decimal("0.1"),
        quantity_step=Decimal("0.001"),
        quantity_min=Decimal("0.001"),
        quantity_max=Decimal(1000),
        notional_min=Decimal(100),
    )


def tick(time_ms: int = NOW_MS) -> Tick:
    """Return a tick around 50,000."""
    return Tick(
        venue="binance",
        symbol=SYMBOL,
        bid_price=Decimal("49999.9"),
        bid_quantity=Decimal(1),
        ask_price=Decimal("50000.1"),
        ask_quantity=Decimal(1),
        time_ms=time_ms,
        book_sequence=1,
    )


def intent(**changes: Any) -> PlaceIntent:
    """Return a sound opening, with changes."""
    values: dict[str, Any] = {
        "intent_id": "i-1",
        "strategy": "grid-perp",
        "slot": "b1",
        "cycle": 1_000_001,
        "venue": "binance",
        "account": "main",
        "symbol": SYMBOL,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.POST_ONLY,
        "price": Decimal("49950.0"),
        "quantity": Decimal("0.010"),
        "purpose": Purpose.OPEN,
        "created_ms": NOW_MS,
        "valid_until_ms": NOW_MS + 2000,
        "basis": BASIS,
        "reason": "grid level",
    }
    return PlaceIntent(**(values | changes))


def cancel(**changes: Any) -> CancelIntent:
    """Return a cancel intent."""
    values: dict[str, Any] = {
        "intent_id": "c-1",
        "strategy": "grid-perp",
        "venue": "binance",
        "account": "main",
        "symbol": SYMBOL,
        "target_intent_id": "i-1",
        "created_ms": NOW_MS,
        "valid_until_ms": NOW_MS + 2000,
        "basis": BASIS,
        "reason": "out of window",
    }
    return CancelIntent(**(values | changes))


def ref(client_order_id: str, strategy: str = "grid-perp") -> OrderRef:
    """Name an order."""
    return OrderRef(
        client_order_id=client_order_id,
        intent_id=f"intent-{client_order_id}",
        attempt=1,
        strategy=strategy,
        venue="binance",
        account="main",
        symbol=SYMBOL,
    )


def live(
    client_order_id: str,
    side: Side,
    price: str,
    quantity: str = "0.010",
    purpose: Purpose = Purpose.OPEN,
) -> IntentPlaced:
    """Return an order of ours that rests."""
    return IntentPlaced(
        ref=ref(client_order_id),
        slot="x",
        cycle=1,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.POST_ONLY,
        price=Decimal(price),
        quantity=Decimal(quantity),
        purpose=purpose,
        reduce_only=False,
        valid_until_ms=NOW_MS + 2000,
        time_ms=NOW_MS,
    )


def fill(client_order_id: str, side: Side, quantity: str, strategy: str = "grid-perp") -> Fill:
    """Return a fill of ours."""
    return Fill(
        ref=ref(client_order_id, strategy),
        trade_id=f"t-{client_order_id}-{strategy}",
        venue_order_id="1",
        side=side,
        price=Decimal(50000),
        quantity=Decimal(quantity),
        fee=Decimal("0.1"),
        fee_asset="USDT",
        liquidity=Liquidity.MAKER,
        realized_pnl=Decimal(0),
        evidence_hash="",
        time_ms=NOW_MS,
    )


def money(
    amount: int | str, asset: str = "USDT", wallet: str = "perp", account: str = "main"
) -> Deposit:
    """Return what an account has from outside."""
    return Deposit(
        venue="binance",
        account=account,
        wallet=wallet,
        asset=asset,
        amount=Decimal(amount),
        reason="opening balance",
        time_ms=NOW_MS,
    )


def at(event: Fill | IntentPlaced, symbol: str, account: str = "main") -> Any:
    """Return what was told of an order as if it had been of another symbol and account."""
    elsewhere = msgspec.structs.replace(event.ref, symbol=symbol, account=account)
    return msgspec.structs.replace(event, ref=elsewhere)


def of(event: Fill | IntentPlaced, strategy: str) -> Any:
    """Return what was told of an order as if it had been another strategy's."""
    return msgspec.structs.replace(event, ref=msgspec.structs.replace(event.ref, strategy=strategy))


def state(*messages: Any) -> RiskState:
    """Return books with rules, a fresh tick and these messages."""
    state = RiskState()
    for message in (rules(), tick(), *messages):
        state.fold(message)
    return state
