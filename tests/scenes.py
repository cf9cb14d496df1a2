"""A scripted hour of a desk for whoever looks at it: prices, a grid with its orders and fills, a carry, a refusal."""

import math
from collections.abc import Iterator
from decimal import Decimal

from opensqt.domain.account import Deposit, FundingPaid
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, PlaceIntent, Purpose, TimeInForce
from opensqt.domain.market import Candle, Funding, Mark, Tick
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Accepted,
    Fill,
    IntentPlaced,
    Liquidity,
    OrderRef,
    Submitting,
)
from opensqt.domain.strategy_events import AnchorSet, SagaStep, StrategyStarted
from opensqt.domain.verdict import RiskRefused
from opensqt.strategies.tracked_intent import UNSTAMPED
from tests.simulation.strategy_facts import PERP, SPOT, rules_of, tick_of

MINUTE_MS = 60_000
ANCHOR = Decimal(60_000)
STEP = Decimal(36)
SIZE = Decimal("0.008")
PREMIUM = {SPOT: Decimal(0), PERP: Decimal(12)}


def price_at(minute: float) -> Decimal:
    """Return a price that wanders like one, the same for the same minute."""
    wave = 70 * math.sin(minute / 11) + 34 * math.sin(minute / 3.1) + 12 * math.sin(minute * 1.7)
    return Decimal(f"{60_000 + wave:.1f}")


def candles(symbol: str, now_ms: int, minutes: int = 90) -> Iterator[Candle]:
    """Yield the candles of the last minutes, the newest still open."""
    newest_ms = now_ms - now_ms % MINUTE_MS
    for back in range(minutes, -1, -1):
        at = -back
        path = [price_at(at + part / 4) + PREMIUM[symbol] for part in range(5)]
        yield Candle(
            venue="binance",
            symbol=symbol,
            interval_ms=MINUTE_MS,
            open_time_ms=newest_ms - back * MINUTE_MS,
            open=path[0],
            high=max(path) + Decimal("4.2"),
            low=min(path) - Decimal("3.7"),
            close=path[-1],
            volume=Decimal("12.5"),
            closed=back > 0,
            time_ms=newest_ms - back * MINUTE_MS,
        )


def last_tick(symbol: str, now_ms: int) -> Tick:
    """Return the tick of this moment."""
    return tick_of(symbol, price_at(1) + PREMIUM[symbol], now_ms)


def market(now_ms: int) -> list[Event]:
    """Return what market_data has said: rules, candles, ticks, mark, funding."""
    mark = price_at(1) + PREMIUM[PERP]
    said: list[Event] = [rules_of(SPOT), rules_of(PERP)]
    for symbol in (SPOT, PERP):
        said += [*candles(symbol, now_ms), last_tick(symbol, now_ms)]
    said.append(
        Mark(venue="binance", symbol=PERP, mark_price=mark, index_price=mark, time_ms=now_ms)
    )
    said.append(
        Funding(
            venue="binance",
            symbol=PERP,
            rate=Decimal("0.0003"),
            interval_hours=8,
            next_funding_ms=now_ms + 3 * 3_600_000,
            time_ms=now_ms,
        )
    )
    return said


def reference(strategy: str, symbol: str, name: str) -> OrderRef:
    """Return the name of an order."""
    return OrderRef(
        client_order_id=f"q{name:0>26}",
        intent_id=f"intent-{name}",
        attempt=1,
        strategy=strategy,
        venue="binance",
        account="main",
        symbol=symbol,
    )


def placed(ref: OrderRef, slot: str, side: Side, price: Decimal, now_ms: int) -> list[Event]:
    """Return the life of an order up to its rest in the book."""
    return [
        IntentPlaced(
            ref=ref,
            slot=slot,
            cycle=1,
            side=side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.POST_ONLY,
            price=price,
            quantity=SIZE,
            purpose=Purpose.OPEN,
            reduce_only=False,
            valid_until_ms=now_ms + 2000,
            time_ms=now_ms,
        ),
        Submitting(ref=ref, epoch=1, deadline_ms=now_ms + 2000, time_ms=now_ms),
        Accepted(ref=ref, venue_order_id=f"v{ref.intent_id}", evidence_hash="", time_ms=now_ms),
    ]


def filled(
    ref: OrderRef, side: Side, price: Decimal, now_ms: int, quantity: Decimal = SIZE
) -> Fill:
    """Return a trade of an order."""
    return Fill(
        ref=ref,
        trade_id=f"t-{ref.intent_id}-{now_ms}",
        venue_order_id=f"v{ref.intent_id}",
        side=side,
        price=price,
        quantity=quantity,
        fee=price * quantity * Decimal("0.0002"),
        fee_asset="USDT",
        liquidity=Liquidity.MAKER,
        realized_pnl=Decimal(0),
        evidence_hash="",
        time_ms=now_ms,
    )


def grid(now_ms: int) -> list[Event]:
    """Return the facts of a grid that works: four buys, four sells, and a history of fills."""
    facts: list[Event] = [
        StrategyStarted(
            strategy="grid-perp",
            run=1,
            config_hash="c",
            code_version="0.1.0",
            state_fingerprint="f",
            time_ms=now_ms - 90 * MINUTE_MS,
        ),
        AnchorSet(
            strategy="grid-perp",
            symbol=PERP,
            anchor_price=ANCHOR,
            step_price=STEP,
            reason="first price",
            time_ms=now_ms - 90 * MINUTE_MS,
        ),
    ]
    for number, minutes in enumerate(range(78, 6, -6)):
        side = Side.BUY if number % 2 == 0 else Side.SELL
        level = -1 if number % 4 < 2 else 0
        at_ms = now_ms - minutes * MINUTE_MS
        price = price_at(-minutes) + PREMIUM[PERP]
        ref = reference("grid-perp", PERP, f"h{number}")
        facts += [*placed(ref, f"g{level}", side, price, at_ms), filled(ref, side, price, at_ms)]
    held = reference("grid-perp", PERP, "held")
    price = ANCHOR - STEP
    facts += placed(held, "g-1", Side.BUY, price, now_ms - 5 * MINUTE_MS)
    facts.append(filled(held, Side.BUY, price, now_ms - 4 * MINUTE_MS))
    for level in range(1, 5):
        for sign, side in ((-1, Side.BUY), (1, Side.SELL)):
            ref = reference("grid-perp", PERP, f"w{sign * level}")
            at = ANCHOR + STEP * (sign * (level + 1))
            facts += placed(ref, f"g{sign * (level + 1)}", side, at, now_ms - 4 * MINUTE_MS)
    return facts


def refusal(now_ms: int) -> RiskRefused:
    """Return risk's no to an order far from the price."""
    wish = PlaceIntent(
        intent_id="intent-refused",
        strategy="grid-spot",
        slot="g-3",
        cycle=1,
        venue="binance",
        account="main",
        symbol=SPOT,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.POST_ONLY,
        price=Decimal(50_000),
        quantity=SIZE,
        purpose=Purpose.OPEN,
        created_ms=now_ms,
        valid_until_ms=now_ms + 2000,
        basis=UNSTAMPED,
        reason="",
    )
    return RiskRefused(
        intent_id=wish.intent_id,
        place=wish,
        reason="price_collar",
        detail="50000 is 1670 bps from the price, at most 100",
        risk_epoch=1,
        basis=UNSTAMPED,
        config_version="c",
        time_ms=now_ms,
    )


def opening(now_ms: int) -> list[Event]:
    """Return the opening balances of both wallets."""
    return [
        Deposit(
            venue="binance",
            account="main",
            wallet=wallet.value,
            asset="USDT",
            amount=Decimal(100_000),
            reason="opening",
            time_ms=now_ms,
        )
        for wallet in (Market.SPOT, Market.PERP)
    ]


def desk(now_ms: int) -> list[Event]:
    """Return everything that the journal of this desk holds."""
    covered = SagaStep(
        strategy="carry",
        saga_id="s1",
        step="neutral",
        spot_quantity=Decimal("0.08"),
        perp_quantity=Decimal("-0.08"),
        detail="covered",
        time_ms=now_ms - 30 * MINUTE_MS,
    )
    paid = FundingPaid(
        venue="binance",
        account="main",
        symbol=PERP,
        asset="USDT",
        amount=Decimal("1.42"),
        income_id="i1",
        time_ms=now_ms - 20 * MINUTE_MS,
    )
    return [
        *opening(now_ms - 91 * MINUTE_MS),
        *grid(now_ms),
        covered,
        paid,
        refusal(now_ms - 40_000),
    ]
