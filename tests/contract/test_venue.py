"""What every venue does through its port: those of the house over the wire, and one in this process."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from opensqt.domain.instruments import Market, Side, market_of
from opensqt.domain.intent import TimeInForce
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import (
    Held,
    NotFound,
    OrderView,
    PrivateEvent,
    Refusal,
    Refused,
    StreamUp,
    TradeView,
)
from opensqt.domain.wallets import serving
from opensqt.venues.registry import dialect_of
from tests.contract.venues import ALL, PATIENCE_S, PERP, SPOT, TAKEN, TAKES_TWICE, House, open_house

SYMBOLS = (SPOT, PERP)


@pytest_asyncio.fixture(params=ALL)
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """Each venue in turn."""
    opened = await open_house(request.param, tmp_path)
    yield opened
    await opened.close()


async def order_of(house: House, symbol: str, held: object) -> OrderView:
    """Return the order that an outcome shows, or a look where the venue only names it."""
    assert isinstance(held, TAKEN), held
    if isinstance(held, Held) and held.order is not None:
        return held.order
    assert held.venue_order_id
    looked = await house.venue.look(symbol, "qone")
    assert isinstance(looked, Held), looked
    assert looked.order is not None
    assert looked.order.venue_order_id == held.venue_order_id
    return looked.order


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_placed_order_is_shown_with_our_id_by_every_read(house: House, symbol: str) -> None:
    """The answer, the look and the list of open orders show one and the same order."""
    placed = await order_of(house, symbol, await house.venue.place(house.request("qone", symbol)))
    looked = await order_of(house, symbol, await house.venue.look(symbol, "qone"))
    (listed,) = await house.venue.open_orders(symbol)
    for view in (placed, looked, listed):
        assert view.client_order_id == "qone"
        assert view.venue_order_id == placed.venue_order_id
        assert (view.symbol, view.side, view.status) == (symbol, Side.BUY, "open")
        assert (view.price, view.quantity) == (Decimal(59000), Decimal("0.01"))
        assert view.filled_quantity == 0
        assert view.evidence


@pytest.mark.row("I10")
@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_second_order_with_an_open_id_proves_presence(house: House, symbol: str) -> None:
    """The refusal of a duplicate is `Held`, and there is still one order; Gate promises nothing, and takes a second."""
    unique = house.venue.policy.venue not in TAKES_TWICE
    await house.venue.place(house.request("qone", symbol))
    again = await house.venue.place(house.request("qone", symbol))
    assert isinstance(again, Held)
    assert again.duplicate is unique
    assert len(await house.venue.open_orders(symbol)) == (1 if unique else 2)


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_cancel_ends_the_order_once(house: House, symbol: str) -> None:
    """The first cancel shows the end under our own id, the second finds nothing."""
    await house.venue.place(house.request("qone", symbol))
    canceled = await order_of(house, symbol, await house.venue.cancel(symbol, "qone"))
    assert (canceled.client_order_id, canceled.status) == ("qone", "canceled")
    assert isinstance(await house.venue.cancel(symbol, "qone"), NotFound)
    assert await house.venue.open_orders(symbol) == []
    looked = await order_of(house, symbol, await house.venue.look(symbol, "qone"))
    assert looked.status == "canceled"


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_unknown_id_is_not_found(house: House, symbol: str) -> None:
    """A look for an id that never was finds nothing and says with which code."""
    looked = await house.venue.look(symbol, "qnever")
    assert isinstance(looked, NotFound)
    assert looked.code


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_post_only_that_would_take_never_trades(house: House, symbol: str) -> None:
    """It is refused, or taken and ended at once for this reason."""
    request = house.request("qone", symbol, price="60002", time_in_force=TimeInForce.POST_ONLY)
    outcome = await house.venue.place(request)
    if isinstance(outcome, Refused):
        assert outcome.kind is Refusal.POST_ONLY
        assert isinstance(await house.venue.look(symbol, "qone"), NotFound)
        return
    order = await order_of(house, symbol, outcome)
    assert order.status in ("canceled", "expired")
    assert order.reason == "post_only"
    assert order.filled_quantity == 0
    assert await house.venue.open_orders(symbol) == []


async def test_orders_beyond_filters_and_funds_are_refused(house: House) -> None:
    """Tick, funds and reduce-only are definite refusals with the venue's code."""
    wrong = (
        house.request("qone", SPOT, price="59000.001"),
        house.request("qtwo", SPOT, quantity="5"),
        house.request("qthree", PERP, side=Side.SELL, price="61000", reduce_only=True),
    )
    for request in wrong:
        refused = await house.venue.place(request)
        assert isinstance(refused, Refused), (request, refused)
        assert re.fullmatch(r"-?\d+|[A-Z_]+", refused.code), "a number, or Gate's labels"


@pytest.mark.row("B16")
async def test_only_a_reducing_order_may_be_below_the_least_notional(house: House) -> None:
    """USDⓈ-M takes 61 of 100 USDT if the order only reduces, and refuses it without the flag; others ask for none."""
    (rules,) = await house.venue.rules((PERP,))
    if rules.notional_min == 0:
        return
    assert isinstance(await house.venue.place(house.request("qheld", PERP, price="60001")), TAKEN)
    terms = {"side": Side.SELL, "price": "61000", "quantity": "0.001"}
    refused = await house.venue.place(house.request("qopen", PERP, **terms))  # type: ignore[arg-type]
    assert isinstance(refused, Refused)
    assert refused.kind is Refusal.FILTER
    closing = house.request("qclose", PERP, reduce_only=True, **terms)  # type: ignore[arg-type]
    assert isinstance(await house.venue.place(closing), TAKEN)


@pytest.mark.row("C06")
async def test_request_behind_its_deadline_is_refused_by_the_venue(house: House) -> None:
    """The fence is the venue's: what was signed too long ago is not taken."""
    request = house.request("qone", signed_ms=house.clock.market_ms() - 60_000)
    outcome = await house.venue.place(request)
    assert not isinstance(outcome, TAKEN)
    assert isinstance(await house.venue.look(PERP, "qone"), NotFound)


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_trades_are_read_from_a_time_and_then_beyond_an_id(house: House, symbol: str) -> None:
    """Each trade comes once, oldest first, with fee and liquidity."""
    start_ms = house.clock.market_ms() - 1000
    for client_order_id in ("qone", "qtwo"):
        await house.venue.place(house.request(client_order_id, symbol, price="60001"))
    first, second = await house.venue.trades(symbol, after="", since_ms=start_ms)
    assert first.time_ms <= second.time_ms
    assert first.trade_id != second.trade_id
    assert first.wallet == serving(dialect_of(house.venue.policy.venue).wallets, market_of(symbol))
    assert first.quantity == Decimal("0.01")
    assert first.liquidity is Liquidity.TAKER
    assert first.fee > 0
    (beyond,) = await house.venue.trades(
        symbol, after=first.cursor or first.trade_id, since_ms=start_ms
    )
    assert beyond.trade_id == second.trade_id


async def test_account_shows_its_wallets_and_the_position(house: House) -> None:
    """Balances carry their wallet; a fill moves the position and keeps its entry price."""
    wallets = dialect_of(house.venue.policy.venue).wallets
    spot, perp = (serving(wallets, market) for market in (Market.SPOT, Market.PERP))
    await house.venue.place(house.request("qone", PERP, price="60001"))
    view = await house.venue.account()
    totals = {(b.wallet, b.asset): b.total for b in view.balances}
    assert totals[spot, "BTC"] == Decimal(1)
    assert totals[perp, "USDT"] < Decimal(100_000)
    assert totals[spot, "USDT"] == (totals[perp, "USDT"] if spot == perp else Decimal(100_000))
    (position,) = view.positions
    assert (position.symbol, position.quantity) == (PERP, Decimal("0.01"))
    assert Decimal(60000) <= position.entry_price <= Decimal(60001)


@pytest.mark.row("F10")
async def test_a_unified_account_tells_how_far_its_margin_is_from_liquidation(house: House) -> None:
    """Half a percent of 600, out of 160 000; an account of separate wallets tells nothing."""
    venue = house.venue.policy.venue
    assert (await house.venue.account()).margin_health in (None, 1)
    await house.venue.place(house.request("qone", PERP, price="60001"))
    health = (await house.venue.account()).margin_health
    if health is None:
        assert venue not in ("bybit", "okx")
    else:
        assert venue in ("bybit", "okx", "bitget")
        assert Decimal("0.99997") < health < Decimal("0.99999")


async def test_rules_come_from_the_venue(house: House) -> None:
    """Filters and fees are the venue's own; an unknown symbol is named."""
    spot, perp = await house.venue.rules((SPOT, PERP))
    assert (spot.tick_size, spot.quantity_step) == (Decimal("0.01"), Decimal("0.00001"))
    assert (perp.tick_size, perp.maker_fee) == (Decimal("0.1"), Decimal("0.0002"))
    with pytest.raises(LookupError, match="XYZ"):
        await house.venue.rules(("XYZ/USDT",))


async def test_no_funding_has_been_paid_yet(house: House) -> None:
    """The list is empty before the first boundary."""
    assert await house.venue.funding_paid(PERP, since_ms=house.clock.market_ms() - 1000) == []


@pytest.mark.parametrize("symbol", SYMBOLS)
async def test_private_stream_tells_the_life_of_an_order_in_order(
    house: House, symbol: str
) -> None:
    """After StreamUp: open, the trade with our id, filled, and the balance."""
    events: list[PrivateEvent] = []
    up, filled = asyncio.Event(), asyncio.Event()

    async def listen() -> None:
        async for event in house.venue.private():
            events.append(event)
            if isinstance(event, StreamUp):
                up.set()
            if isinstance(event, OrderView) and event.status == "filled":
                filled.set()

    listener = asyncio.create_task(listen())
    async with asyncio.timeout(PATIENCE_S):
        await up.wait()
        await house.venue.place(house.request("qone", symbol, price="60001"))
        await filled.wait()
    listener.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listener
    orders = [e.status for e in events if isinstance(e, OrderView)]
    assert orders == ["open", "filled"]
    (trade,) = [e for e in events if isinstance(e, TradeView)]
    assert (trade.client_order_id, trade.quantity) == ("qone", Decimal("0.01"))
    (read,) = await house.venue.trades(symbol, after="", since_ms=trade.time_ms - 1000)
    assert (read.trade_id, read.fee, read.price) == (trade.trade_id, trade.fee, trade.price)
