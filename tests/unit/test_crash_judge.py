"""The judge of the crash matrix, on journals that tell one thing of a trade wrongly."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.order import Fill, Liquidity, OrderRef
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.journal.memory import MemoryJournal, MemoryStore
from tests.crash import judge
from tests.crash.record import Record, Story

REF = OrderRef(
    client_order_id="qone",
    intent_id="i1",
    attempt=1,
    strategy="matrix",
    venue="binance",
    account="main",
    symbol="BTC/USDT:USDT",
)
FILL = Fill(
    ref=REF,
    trade_id="7",
    venue_order_id="70",
    side=Side.BUY,
    price=Decimal(60_000),
    quantity=Decimal("0.004"),
    fee=Decimal("0.048"),
    fee_asset="USDT",
    liquidity=Liquidity.MAKER,
    realized_pnl=Decimal(0),
    evidence_hash="",
    time_ms=1,
)
ROW = {
    "market": "perp",
    "symbol": "BTCUSDT",
    "client_order_id": "qone",
    "venue_order_id": "70",
    "side": "buy",
    "quantity": "0.004",
    "price": "60000",
}
ROWS = [
    {**ROW, "kind": "place", "result": "accepted"},
    {**ROW, "kind": "fill", "trade_id": "7", "fee": "0.048", "fee_asset": "USDT"},
]
STRAY = {"client_order_id": "", "strategy": "", "intent_id": ""}


def _differs(fill: Fill) -> str:
    record = Record(MemoryJournal(MemoryStore(VirtualClock(), generation="g1")))
    story = Story(ref=REF, quantity=FILL.quantity, venue_order_id="70", accepted=True)
    record.orders["qone"] = story
    record.trades["7"] = fill
    return judge.differs(record, ROWS)


@pytest.mark.row("K14")
def test_a_trade_that_is_told_as_the_venue_has_it_differs_in_nothing() -> None:
    """Also where only the venue's id names its order."""
    assert _differs(FILL) == ""
    stray = msgspec.structs.replace(FILL, ref=msgspec.structs.replace(REF, **STRAY))
    assert _differs(stray) == ""


@pytest.mark.row("K14")
@pytest.mark.parametrize(
    "changes, of_ref",
    [
        ({"fee": Decimal("0.096")}, {}),
        ({"fee_asset": "BTC"}, {}),
        ({"price": Decimal(60_001)}, {}),
        ({"side": Side.SELL}, {}),
        ({}, {"symbol": "BTC/USDT"}),
        ({}, {"strategy": "another"}),
        ({}, {"client_order_id": "qtwo"}),
    ],
)
def test_a_trade_of_which_one_thing_is_told_wrongly_is_named(
    changes: dict[str, Any], of_ref: dict[str, str]
) -> None:
    """Fee, its asset, price, side, symbol, owner or order."""
    ref = msgspec.structs.replace(REF, **of_ref)
    assert "fills at the venue" in _differs(msgspec.structs.replace(FILL, ref=ref, **changes))
