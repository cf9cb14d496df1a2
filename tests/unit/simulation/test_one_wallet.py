"""An account whose spot and perpetuals are paid from the same balances: nothing is there or spent twice."""

import itertools
from decimal import Decimal

import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.dialects.registry import dialect_entry
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.orders import (
    IdentityPolicy,
    OrderRefusal,
    Placement,
    Reason,
    VenueConduct,
)
from opensqt.simulation.engine.store import Store
from tests.simulation.venue import scripted
from tests.simulation.venue.scripted import PERP, SPOT, d


@pytest.fixture
def exchange() -> Exchange:
    """An exchange with one wallet for both markets, 60 000 USDT in it and a book around 60 000."""
    clock = scripted.TestClock()
    opened = Exchange(
        venue="binance",
        instruments=tuple(map(dialect_entry("binance").listed, scripted.RULES)),
        clock=clock,
        store=Store(),
        policy=IdentityPolicy(),
        conduct=VenueConduct(one_wallet=True),
    )
    opened.open_accounts({"main": {"USDT": d("60000"), "BTC": d("1")}})
    flow = scripted.ScriptedFlow()
    flow.start(clock.market_ms())
    for frame in itertools.islice(flow.frames(), len(scripted.RULES)):
        opened.play(frame)
    return opened


def buys(symbol: str, quantity: str, price: str, *, side: Side = Side.BUY) -> Placement:
    """A limit order of the account."""
    return Placement(
        account="main",
        symbol=symbol,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=d(quantity),
        price=d(price),
    )


def usdt(exchange: Exchange) -> Decimal:
    """All USDT of the account."""
    return exchange.settlement.accounts["main"].balance("USDT")


def test_the_first_deposit_is_there_and_stated_once(exchange: Exchange) -> None:
    """One balance row for each asset, and the same money pays for both markets."""
    exchange.state_balances()
    rows = [row for row in exchange.settlement.changes.audit if row.kind is Kind.BALANCE]
    assert [(row.fee_asset, row.quantity) for row in rows] == [("USDT", "60000"), ("BTC", "1")]


def test_perpetuals_are_paid_from_the_spot_balance(exchange: Exchange) -> None:
    """Fee, gain and funding move the one USDT balance, to the last digit."""
    exchange.place(buys(PERP, "0.1", "60001"))
    assert usdt(exchange) == d("60000") - d("0.1") * d("60001") * d("0.0005")
    before = usdt(exchange)
    exchange.settlement.pay_funding("main", PERP, d("0.0003"))
    assert usdt(exchange) == before - d("0.1") * d("60000") * d("0.0003")


def test_money_that_is_bound_in_one_market_is_not_free_in_the_other(exchange: Exchange) -> None:
    """Orders lock what they cost, positions their margin: together they never spend more than there is."""
    exchange.place(buys(SPOT, "0.9", "59000"))
    with pytest.raises(OrderRefusal) as refused:
        exchange.place(buys(PERP, "3", "59000"))
    assert refused.value.reason is Reason.INSUFFICIENT
    exchange.cancel("main", SPOT, order_id=1_000_000_001, client_id="", cancel_id="c")
    exchange.place(buys(PERP, "3", "59000"))
    with pytest.raises(OrderRefusal):
        exchange.place(buys(SPOT, "0.9", "59000"))
