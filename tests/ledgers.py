"""Days of a desk, made up: facts as executor, risk and strategies write them, and a venue that keeps count beside them.

The venue here counts for itself and shares no code with the books that are tested.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from opensqt.domain import ids
from opensqt.domain.account import (
    Deposit,
    FundingPaid,
    SnapshotBalance,
    SnapshotPosition,
    VenueSnapshot,
)
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, Purpose, TimeInForce
from opensqt.domain.ledger import Ledger
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    Fill,
    IntentPlaced,
    Liquidity,
    OrderRef,
    Submitting,
)
from opensqt.domain.recon_events import Halted, Resumed

VENUE, ACCOUNT = "binance", "main"
SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"


def ref_of(number: int, symbol: str = PERP, strategy: str = "grid") -> OrderRef:
    """Name the order of a number."""
    name = ids.client_order_id(
        generation="g", account=ACCOUNT, strategy=strategy, slot="b", cycle=number, attempt=1
    )
    return OrderRef(
        client_order_id=name,
        intent_id=f"i{number}",
        attempt=1,
        strategy=strategy,
        venue=VENUE,
        account=ACCOUNT,
        symbol=symbol,
    )


def placed(
    ref: OrderRef, side: Side = Side.BUY, quantity: str = "1", price: str = "100", time_ms: int = 1
) -> IntentPlaced:
    """Return the plan of a limit order."""
    return IntentPlaced(
        ref=ref,
        slot="b",
        cycle=1,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=Decimal(price),
        quantity=Decimal(quantity),
        purpose=Purpose.OPEN if side is Side.BUY else Purpose.CLOSE,
        reduce_only=False,
        valid_until_ms=9_999_999,
        time_ms=time_ms,
    )


def opened(ref: OrderRef, side: Side = Side.BUY, quantity: str = "1", **more: Any) -> list[Event]:
    """Return the life of an order up to its acceptance."""
    return [
        placed(ref, side, quantity, **more),
        Submitting(ref=ref, epoch=1, deadline_ms=10, time_ms=1),
        Accepted(ref=ref, venue_order_id="v" + ref.intent_id, evidence_hash="", time_ms=2),
    ]


def fill(ref: OrderRef, trade_id: str, quantity: str, **more: Any) -> Fill:
    """Return a trade of an order; a buy at 100 with a fee of 0.01 USDT unless told otherwise."""
    told: dict[str, Any] = {
        "side": Side.BUY,
        "price": Decimal(100),
        "fee": Decimal("0.01"),
        "fee_asset": "USDT",
        "realized_pnl": Decimal(0),
        "venue_order_id": "v" + ref.intent_id,
        "time_ms": 3,
    }
    told |= more
    return Fill(
        ref=ref,
        trade_id=trade_id,
        quantity=Decimal(quantity),
        liquidity=Liquidity.MAKER,
        evidence_hash="",
        **told,
    )


def canceled(ref: OrderRef, filled: str = "0") -> Canceled:
    """Return the end of an order."""
    return Canceled(
        ref=ref,
        venue_order_id="v" + ref.intent_id,
        filled_quantity=Decimal(filled),
        reason="wish",
        evidence_hash="",
        time_ms=4,
    )


def deposit(market: Market, asset: str, amount: str) -> Deposit:
    """Return an opening balance."""
    return Deposit(
        venue=VENUE,
        account=ACCOUNT,
        wallet=market.value,
        asset=asset,
        amount=Decimal(amount),
        reason="opening balance",
        time_ms=1,
    )


class Day:
    """A random day: its facts in order, and what the venue would hold at its end."""

    def __init__(self, seed: int, orders: int = 40) -> None:
        self._rng = random.Random(seed)
        self.facts: list[Event] = [
            deposit(Market.SPOT, "USDT", "100000"),
            deposit(Market.SPOT, "BTC", "2"),
            deposit(Market.PERP, "USDT", "50000"),
        ]
        self.wallets: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self.wallets |= {
            ("spot", "USDT"): Decimal(100000),
            ("spot", "BTC"): Decimal(2),
            ("perp", "USDT"): Decimal(50000),
        }
        self.held: defaultdict[str, Decimal] = defaultdict(Decimal)
        self._trade = 0
        for number in range(1, orders + 1):
            self._order(number)

    def _order(self, number: int) -> None:
        rng = self._rng
        symbol, side = rng.choice((SPOT, PERP)), rng.choice((Side.BUY, Side.SELL))
        ref = ref_of(number, symbol, rng.choice(("grid", "carry")))
        plan, *rest = opened(ref, side, "1", price=str(rng.randint(90, 110)))
        facts: list[Event] = [*rest]
        facts += [self._fill(ref, side) for _ in range(rng.randint(0, 3))]
        facts.append(canceled(ref))
        rng.shuffle(facts)
        self.facts += [plan, *facts]
        if number % 7 == 0:
            self.facts.append(self._funding(number))
        if number % 11 == 0:
            scope = rng.choice(("desk", f"{VENUE}/{ACCOUNT}/{PERP}"))
            self.facts.append(Halted(scope=scope, mode="REDUCING", reason="r", time_ms=number))
        if number % 13 == 0:
            self.facts.append(Resumed(scope="desk", reason="r", actor="a", time_ms=number))

    def _fill(self, ref: OrderRef, side: Side) -> Fill:
        rng = self._rng
        self._trade += 1
        quantity, price = (
            Decimal(rng.randint(1, 300)) / 1000,
            Decimal(rng.randint(9000, 11000)) / 100,
        )
        fee, pnl = Decimal(rng.randint(0, 99)) / 10**8, Decimal(rng.randint(-999, 999)) / 10**4
        signed = quantity if side is Side.BUY else -quantity
        self.held[ref.symbol] += signed
        if ref.symbol == PERP:
            self.wallets["perp", "USDT"] += pnl - fee
        else:
            self.wallets["spot", "BTC"] += signed
            self.wallets["spot", "USDT"] -= signed * price + fee
        known = ref
        if rng.random() < 0.2:  # the venue did not say whose
            known = OrderRef(
                client_order_id="",
                intent_id="",
                attempt=0,
                strategy="",
                venue=VENUE,
                account=ACCOUNT,
                symbol=ref.symbol,
            )
        return Fill(
            ref=known,
            trade_id=str(self._trade),
            venue_order_id="v" + ref.intent_id,
            side=side,
            price=price,
            quantity=quantity,
            fee=fee,
            fee_asset="USDT",
            liquidity=Liquidity.TAKER,
            realized_pnl=pnl if ref.symbol == PERP else Decimal(0),
            evidence_hash="",
            time_ms=self._trade,
        )

    def _funding(self, number: int) -> FundingPaid:
        amount = Decimal(self._rng.randint(-999, 999)) / 10**6
        self.wallets["perp", "USDT"] += amount
        return FundingPaid(
            venue=VENUE,
            account=ACCOUNT,
            symbol=PERP,
            asset="USDT",
            amount=amount,
            income_id=str(number),
            time_ms=number,
        )


def folded(facts: Sequence[Event], books: Ledger | None = None) -> Ledger:
    """Fold facts at consecutive journal positions."""
    books = books or Ledger()
    for message in facts:
        books.fold(books.position + 1, message)
    return books


def snapshot(
    after: int,
    held: str | None = None,
    *,
    evidence: str = "e1",
    time_ms: int = 10,
    **more: Any,
) -> VenueSnapshot:
    """Return what the venue held when the journal stood at a position."""
    told: dict[str, Any] = {"symbols": (PERP,), "balances": ()} | more
    positions: tuple[SnapshotPosition, ...] = ()
    if held is not None:
        positions = (SnapshotPosition(symbol=PERP, quantity=Decimal(held), entry_price=Decimal(1)),)
    return VenueSnapshot(
        venue=VENUE,
        account=ACCOUNT,
        trigger="schedule",
        journal_position=after,
        positions=positions,
        evidence_hash=evidence,
        started_ms=time_ms,
        time_ms=time_ms,
        **told,
    )


def balance(asset: str, total: str, market: Market = Market.PERP) -> SnapshotBalance:
    """Return a wallet as the venue shows it."""
    return SnapshotBalance(
        wallet=market.value, asset=asset, total=Decimal(total), free=Decimal(total)
    )
