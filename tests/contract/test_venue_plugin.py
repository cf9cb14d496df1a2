"""A venue of an outside author: found by its entry point, and everything but its words is the engine's.

Tulip does what Binance does not: it acknowledges without a promise, counts in contracts, has one wallet for both
markets, reads lists on by opaque cursors and tells errors in good answers. No file of the platform knows it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from opensqt.domain.market import BookTop, FeedState, FeedStatus
from opensqt.domain.order_events import Accepted, Fill, NeverPlaced, Rejected, Unresolved
from opensqt.domain.venue import (
    Acknowledged,
    Held,
    NotFound,
    OrderView,
    Refusal,
    Refused,
    StreamUp,
    TradeView,
)
from opensqt.runtime.config.all import (
    ConfigError,
    Profile,
    VenueConfig,
    parse_config,
)
from opensqt.venues.registry import dialect_of, require_proof
from tests.conditions import until
from tests.contract.executor_desk import ExecutorDesk
from tests.contract.tulip_house import PATIENCE_S, SYMBOL, TulipHouse, install_tulip

SPOT_SYMBOL = "TLP/USDT"
CONFIG = """
schema = 1
desk = "paper"
[venues.tulip]
[accounts.main]
venue = "tulip"
balances = { USDT = "5000" }
[strategies.grid]
kind = "grid"
account = "main"
symbol = "TLP/USDT:USDT"
mode = "neutral"
step_bps = "25"
levels_below = 2
levels_above = 2
order_notional_quote = "100"
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Tulip installed."""
    install_tulip(tmp_path, monkeypatch)


@pytest_asyncio.fixture
async def house(installed: None) -> AsyncIterator[TulipHouse]:
    """Tulip over the wire."""
    del installed
    opened = TulipHouse()
    await opened.open()
    yield opened
    await opened.close()


def test_a_configuration_may_name_an_installed_venue(installed: None) -> None:
    """No list of the platform names it; without its package it is refused by name."""
    del installed
    assert parse_config(CONFIG, {}).accounts["main"].venue == "tulip"
    with pytest.raises(ConfigError, match="daffodil"):
        parse_config(CONFIG.replace("tulip", "daffodil"), {})


def test_real_money_meets_only_what_was_proved_over_the_wire(installed: None) -> None:
    """A dialect that only its author declares goes live with `unproven = true` alone."""
    del installed
    declared, wire = dialect_of("tulip"), dialect_of("binance")
    with pytest.raises(ConfigError, match=r"declared.*unproven = true"):
        require_proof(declared, VenueConfig(), Profile.LIVE)
    require_proof(declared, VenueConfig(unproven=True), Profile.LIVE)
    require_proof(declared, VenueConfig(), Profile.PAPER)
    require_proof(wire, VenueConfig(), Profile.LIVE)


async def test_sizes_travel_in_contracts_and_are_told_in_base_units(house: TulipHouse) -> None:
    """Five contracts of a hundredth are 0.05 in every answer, list, trade and position; spot counts base units."""
    assert isinstance(await house.venue.place(house.request("qone")), Acknowledged)
    assert isinstance(
        await house.venue.place(house.request("qtwo", symbol=SPOT_SYMBOL, quantity="3")),
        Acknowledged,
    )
    assert [row["contracts"] for row in house.server.placed] == ["5", "3"]
    looked = await house.venue.look(SYMBOL, "qone")
    assert isinstance(looked, Held)
    assert looked.order is not None
    (listed,) = await house.venue.open_orders(SYMBOL)
    await house.server.fill("qone", "9.5", "2")
    (trade,) = await house.venue.trades(SYMBOL, after="", since_ms=0)
    (position,) = (await house.venue.account()).positions
    perp, spot = await house.venue.rules((SYMBOL, SPOT_SYMBOL))
    assert (looked.order.quantity, listed.quantity) == (Decimal("0.05"), Decimal("0.05"))
    assert (trade.quantity, position.quantity) == (Decimal("0.02"), Decimal("0.02"))
    assert (perp.quantity_step, perp.contract_size) == (Decimal("0.01"), Decimal("0.01"))
    assert (spot.quantity_step, spot.contract_size) == (Decimal(1), Decimal(1))


async def test_errors_in_good_answers_are_refusals_by_the_table(house: TulipHouse) -> None:
    """A word of the table refuses, and finds nothing; each order of ours is sent once."""
    refused = await house.venue.place(house.request("qhalf", quantity="0.055"))
    assert isinstance(refused, Refused)
    assert refused.kind is Refusal.FILTER
    assert isinstance(await house.venue.look(SYMBOL, "qhalf"), NotFound)
    assert isinstance(await house.venue.cancel(SYMBOL, "qhalf"), NotFound)


async def test_a_deadline_in_a_header_is_kept_by_the_venue(house: TulipHouse) -> None:
    """What arrives behind it, and what was signed too long ago, is refused: both times are the request's own."""
    now_ms = house.server.now_ms
    house.server.now_ms = lambda: now_ms() + 2000  # as if it had been on its way for so long
    late = await house.venue.place(house.request("qlate"))
    house.server.now_ms = now_ms
    old = msgspec.structs.replace(house.request("qold"), signed_ms=now_ms() - 9000)
    for refused in (late, await house.venue.place(old)):
        assert isinstance(refused, Refused)
        assert refused.kind is Refusal.CLOCK
    assert house.server.placed == []


async def test_trades_are_read_on_by_a_cursor_that_is_no_number(house: TulipHouse) -> None:
    """Five trades in pages of two come once each, and later only what is beyond the cursor."""
    await house.venue.place(house.request("qone", quantity="1"))
    for _ in range(5):
        await house.server.fill("qone", "9.5", "3")
    trades = await house.venue.trades(SYMBOL, after="", since_ms=0)
    assert len({trade.trade_id for trade in trades}) == 5
    assert not any(trade.cursor.isdigit() or trade.cursor == trade.trade_id for trade in trades)
    beyond = await house.venue.trades(SYMBOL, after=trades[2].cursor, since_ms=0)
    assert [trade.trade_id for trade in beyond] == [trade.trade_id for trade in trades[3:]]


async def test_one_stream_tells_both_markets(house: TulipHouse) -> None:
    """Up after the venue took the subscription; a fill is told in base units with the venue's cursor."""
    async with asyncio.timeout(PATIENCE_S), aclosing(house.venue.private()) as events:  # type: ignore[type-var]
        assert isinstance(await anext(events), StreamUp)
        await house.venue.place(house.request("qone"))
        await house.server.fill("qone", "9.5", "5")
        trade, order = await anext(events), await anext(events)
    assert isinstance(trade, TradeView)
    assert isinstance(order, OrderView)
    assert (trade.quantity, order.filled_quantity) == (Decimal("0.05"), Decimal("0.05"))
    assert order.status == "filled"


async def test_a_book_that_comes_whole_over_the_stream_is_kept(house: TulipHouse) -> None:
    """Shown in base units; what is missing is told as a gap, and the next whole book ends it."""
    feed = house.feed()
    tops: list[BookTop] = []
    states: list[FeedState] = []
    async with asyncio.timeout(PATIENCE_S), aclosing(feed.watch((SYMBOL,))) as seen:  # type: ignore[type-var]
        async for one in seen:
            if isinstance(one, BookTop):
                tops.append(one)
            if isinstance(one, FeedStatus) and one.channel == "book":
                states.append(one.state)
            if len(tops) == 3:
                break
    await feed.close()
    assert [(top.bids[0].price, top.bids[0].quantity) for top in tops] == [
        (Decimal(9), Decimal(2)),
        (Decimal(10), Decimal(3)),
        (Decimal(9), Decimal(7)),
    ]
    assert states[-3:] == [FeedState.LIVE, FeedState.GAP, FeedState.LIVE]


async def test_an_executor_trades_at_it(house: TulipHouse, tmp_path: Path) -> None:
    """Acknowledged is unresolved; a look or the stream settles it, then it fills into the one wallet."""
    desk = ExecutorDesk(tmp_path, house.venue, house.clock, symbol=SYMBOL)
    async with desk.at_work():
        await desk.approve(desk.place(1, quantity=Decimal("0.05"), price=Decimal("9.5")))
        await until(lambda: desk.has(Accepted))
        (order,) = house.server.placed
        assert order["contracts"] == "5"
        await house.server.fill(order["client"], "9.5", "5", told=False)
        await until(lambda: desk.has(Fill), within_s=15)
    first = next(fact for fact in desk.facts() if isinstance(fact, Unresolved))
    assert first.cause.startswith("acknowledged")
    (fill,) = (fact for fact in desk.facts() if isinstance(fact, Fill))
    assert (fill.quantity, fill.wallet) == (Decimal("0.05"), "perp+spot")


async def test_a_promise_that_is_broken_by_word_is_a_refusal(
    house: TulipHouse, tmp_path: Path
) -> None:
    """Acknowledged, then denied over the stream: rejected with the reason, and sent once."""
    house.server.fate = "denied"
    desk = ExecutorDesk(tmp_path, house.venue, house.clock, symbol=SYMBOL)
    async with desk.at_work():
        await desk.approve(desk.place(1, quantity=Decimal("0.05"), price=Decimal("9.5")))
        await until(lambda: bool(house.server.placed))
        await house.server.announce(house.server.placed[0]["client"])
        await until(lambda: desk.has(Rejected))
    (rejected,) = (fact for fact in desk.facts() if isinstance(fact, Rejected))
    assert rejected.reason == "funds"
    assert len(house.server.placed) == 1


async def test_a_promise_that_is_broken_in_silence_is_proved_absent(
    house: TulipHouse, tmp_path: Path
) -> None:
    """Acknowledged and never seen again: absence is proved behind the fence, nothing is sent twice or halted."""
    house.server.fate = "lost"
    desk = ExecutorDesk(tmp_path, house.venue, house.clock, symbol=SYMBOL)
    async with desk.at_work():
        await desk.approve(desk.place(1, quantity=Decimal("0.05"), price=Decimal("9.5")))
        await until(lambda: desk.has(NeverPlaced), within_s=15)
    assert not desk.has(Accepted)
    assert len(house.server.placed) == 1
