"""The simulated venue as tests rig it: fills, wallets, faults and the private stream."""

from decimal import Decimal

import pytest

from opensqt.domain.account import FundingPaid
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import (
    Held,
    InDoubt,
    NotFound,
    NotSent,
    OrderRequest,
    OrderView,
    PrivateEvent,
    Refused,
    StreamDown,
    StreamUp,
    Throttled,
    TradeView,
    VenueDown,
)
from opensqt.runtime.clock import VirtualClock
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.faults import Fault
from tests.support.venue.incidents import pay_funding
from tests.support.venue.venue import FaultyVenue

SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"


def rule(symbol: str) -> InstrumentRules:
    """Return the rules of a symbol with a fee of 10 bps."""
    return InstrumentRules(
        venue="binance",
        symbol=symbol,
        market=Market.PERP if ":" in symbol else Market.SPOT,
        venue_symbol="BTCUSDT",
        base="BTC",
        quote="USDT",
        tick_size=Decimal("0.1"),
        quantity_step=Decimal("0.001"),
        quantity_min=Decimal("0.001"),
        quantity_max=Decimal(100),
        notional_min=Decimal(5),
        maker_fee=Decimal("0.001"),
        taker_fee=Decimal("0.001"),
    )


def new_venue(visibility_lag_ms: int = 0) -> FaultyVenue:
    """Return a venue with 100 000 USDT and 1 BTC at time zero, at a price of 60 000."""
    exchange = RiggedExchange(
        clock=VirtualClock(),
        rules=[rule(SPOT), rule(PERP)],
        balances={"USDT": Decimal(100_000), "BTC": Decimal(1)},
        visibility_lag_ms=visibility_lag_ms,
    )
    for symbol in exchange.rules:
        exchange.trade(symbol, Decimal(60_000))
    return FaultyVenue(exchange)


def request(
    client_order_id: str = "q1",
    symbol: str = PERP,
    side: Side = Side.BUY,
    price: str = "50000",
    quantity: str = "0.1",
    time_in_force: TimeInForce = TimeInForce.GTC,
    *,
    reduce_only: bool = False,
    deadline_ms: int = 2000,
) -> OrderRequest:
    """Return a limit order."""
    return OrderRequest(
        client_order_id=client_order_id,
        symbol=symbol,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=time_in_force,
        price=Decimal(price),
        quantity=Decimal(quantity),
        reduce_only=reduce_only,
        signed_ms=0,
        deadline_ms=deadline_ms,
    )


async def test_crossed_order_fills_at_its_price_with_fee_and_position() -> None:
    """A trade through the price fills, books fee and position, and tells the private stream in order."""
    venue = new_venue()
    stream = venue.private()
    held = await venue.place(request())
    venue.exchange.trade(PERP, Decimal(49999))
    assert isinstance(held, Held)
    events: list[PrivateEvent] = [await anext(stream) for _ in range(5)]
    assert [type(e).__name__ for e in events] == [
        "StreamUp",
        "OrderView",
        "BalanceView",
        "TradeView",
        "OrderView",
    ]
    (trade,) = await venue.trades(PERP, after="", since_ms=0)
    assert (trade.price, trade.quantity, trade.fee) == (Decimal(50000), Decimal("0.1"), Decimal(5))
    assert await venue.trades(PERP, after=trade.trade_id, since_ms=0) == []
    (position,) = (await venue.account()).positions
    assert (position.quantity, position.entry_price) == (Decimal("0.1"), Decimal(50000))


async def test_round_trip_realises_profit_less_fees() -> None:
    """Buying at 50 000 and selling at 51 000 leaves 100 of profit less both fees in the perp wallet."""
    venue = new_venue()
    await venue.place(request())
    venue.exchange.trade(PERP, Decimal(50000))
    await venue.place(request("q2", side=Side.SELL, price="51000", reduce_only=True))
    venue.exchange.trade(PERP, Decimal(51000))
    view = await venue.account()
    assert view.positions == ()
    (usdt,) = (b for b in view.balances if (b.wallet, b.asset) == (Market.PERP, "USDT"))
    assert usdt.total == Decimal(100_000) + 100 - 5 - Decimal("5.1")


async def test_partial_fill_and_cancel_keep_what_was_filled() -> None:
    """A trade of 0.04 fills 0.04; the cancel ends the order with that quantity."""
    venue = new_venue()
    await venue.place(request())
    venue.exchange.trade(PERP, Decimal(50000), Decimal("0.04"))
    canceled = await venue.cancel(PERP, "q1")
    assert isinstance(canceled, Held)
    assert canceled.order is not None
    assert (canceled.order.status, canceled.order.filled_quantity) == ("canceled", Decimal("0.04"))
    assert isinstance(await venue.cancel(PERP, "q1"), NotFound)


@pytest.mark.parametrize(
    "fault,answer,present",
    [
        (Fault.LOST_ACK, InDoubt, True),
        (Fault.LOST_REQUEST, InDoubt, False),
        (Fault.NOT_SENT, NotSent, False),
        (Fault.THROTTLED, Throttled, False),
        (Fault.REFUSED, Refused, False),
    ],
)
async def test_faults_separate_answer_from_effect(
    fault: Fault, answer: type[object], present: bool
) -> None:
    """Each fault gives its answer, and only the lost acknowledgement leaves an order behind."""
    venue = new_venue()
    venue.faults.set("place", fault)
    assert isinstance(await venue.place(request()), answer)
    looked = await venue.look(PERP, "q1")
    assert isinstance(looked, Held) is present


async def test_late_request_arrives_only_within_its_deadline() -> None:
    """A request that was on the wire too long is refused by the venue itself."""
    venue = new_venue()
    clock = venue.exchange.clock
    assert isinstance(clock, VirtualClock)
    venue.faults.set("place", Fault.LATE, Fault.LATE)
    await venue.place(request("q1", deadline_ms=2000))
    venue.faults.deliver_late()
    assert isinstance(await venue.look(PERP, "q1"), Held)
    await venue.place(request("q2", deadline_ms=2000))
    clock.advance(2.001)
    venue.faults.deliver_late()
    assert isinstance(await venue.look(PERP, "q2"), NotFound)


async def test_visibility_lag_hides_an_order_from_reads_for_a_while() -> None:
    """Right after the place the order is not found; after the lag it is."""
    venue = new_venue(visibility_lag_ms=500)
    clock = venue.exchange.clock
    assert isinstance(clock, VirtualClock)
    await venue.place(request())
    assert isinstance(await venue.look(PERP, "q1"), NotFound)
    assert await venue.open_orders(PERP) == []
    clock.advance(0.5)
    assert isinstance(await venue.look(PERP, "q1"), Held)
    assert len(await venue.open_orders(PERP)) == 1


async def test_second_open_order_with_one_id_is_a_duplicate_and_places_nothing() -> None:
    """The venue proves presence by refusing the second; after the end the id is free again."""
    venue = new_venue()
    await venue.place(request())
    again = await venue.place(request())
    assert isinstance(again, Held)
    assert again.duplicate
    assert len(await venue.open_orders(PERP)) == 1
    await venue.cancel(PERP, "q1")
    third = await venue.place(request())
    assert isinstance(third, Held)
    assert not third.duplicate


@pytest.mark.parametrize(
    "wrong,code",
    [
        (request(price="50000.05"), "-1111"),
        (request(symbol=SPOT, price="50000.05"), "-1013"),
        (request(symbol=SPOT, quantity="90"), "-2010"),
        (request(reduce_only=True), "-2022"),
        (request(time_in_force=TimeInForce.POST_ONLY, price="60001"), "-5022"),
    ],
)
async def test_definite_refusals_carry_the_code_of_the_venue(
    wrong: OrderRequest, code: str
) -> None:
    """Filters, funds, reduce-only and post-only are refused with proof."""
    venue = new_venue()
    refused = await venue.place(wrong)
    assert isinstance(refused, Refused)
    assert refused.code == code


async def test_broken_stream_loses_events_and_says_so() -> None:
    """What happens between down and up is not told, only the loss is."""
    venue = new_venue()
    stream = venue.private()
    venue.exchange.stream.break_off("test")
    await venue.place(request())
    venue.exchange.stream.restore()
    await venue.cancel(PERP, "q1")
    events = [await anext(stream) for _ in range(4)]
    assert [type(e) for e in events] == [StreamUp, StreamDown, StreamUp, OrderView]


async def test_funding_is_paid_by_longs_and_can_be_read_again() -> None:
    """A positive rate costs a long position its notional times the rate."""
    venue = new_venue()
    await venue.place(request())
    venue.exchange.trade(PERP, Decimal(50000))
    pay_funding(venue.exchange, PERP, Decimal("0.0001"))
    (paid,) = await venue.funding_paid(PERP, since_ms=0)
    assert isinstance(paid, FundingPaid)
    assert paid.amount == Decimal("-0.5")


async def test_spot_fill_takes_the_fee_from_what_is_received() -> None:
    """A spot buy of 0.1 BTC receives 0.0999 BTC and pays 5 000 USDT."""
    venue = new_venue()
    await venue.place(request(symbol=SPOT))
    venue.exchange.trade(SPOT, Decimal(50000))
    totals = {b.asset: b.total for b in (await venue.account()).balances if b.wallet == Market.SPOT}
    assert totals == {"BTC": Decimal("1.0999"), "USDT": Decimal(95000)}


async def test_failed_read_raises_and_concludes_nothing() -> None:
    """A read that is not answered is `VenueDown`, once."""
    venue = new_venue()
    venue.faults.set("read", Fault.LOST_REQUEST)
    with pytest.raises(VenueDown):
        await venue.open_orders(PERP)
    assert await venue.open_orders(PERP) == []


async def test_immediate_order_expires_when_nothing_crosses() -> None:
    """An IOC below the market ends expired, one above it fills as taker at the market's price."""
    venue = new_venue()
    venue.exchange.trade(PERP, Decimal(50000))
    await venue.place(request("q1", price="49000", time_in_force=TimeInForce.IOC))
    await venue.place(request("q2", price="50100", time_in_force=TimeInForce.IOC))
    first, second = await venue.look(PERP, "q1"), await venue.look(PERP, "q2")
    assert isinstance(first, Held)
    assert isinstance(second, Held)
    assert first.order is not None
    assert second.order is not None
    assert (first.order.status, second.order.status) == ("expired", "filled")
    (trade,) = await venue.trades(PERP, after="", since_ms=0)
    assert isinstance(trade, TradeView)
    assert trade.price == Decimal(50000)


async def test_a_deadline_beyond_the_longest_window_is_taken_as_the_longest() -> None:
    """A client never asks for more than a venue grants; the request lives for a minute, not for ever."""
    venue = new_venue()
    clock = venue.exchange.clock
    assert isinstance(clock, VirtualClock)
    venue.faults.set("place", Fault.LATE, Fault.LATE)
    await venue.place(request("q1", deadline_ms=2**52))
    clock.advance(59)
    venue.faults.deliver_late()
    assert isinstance(await venue.look(PERP, "q1"), Held)
    await venue.place(request("q2", deadline_ms=2**52))
    clock.advance(2)
    venue.faults.deliver_late()
    assert isinstance(await venue.look(PERP, "q2"), NotFound)
