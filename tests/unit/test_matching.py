"""The fill model: queue position, trades, cancels ahead, crossing quotes, takers. Pure, no clock."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.flow import BookDelta, BookSnapshot, Frame, MarketTrade
from opensqt.simulation.matching import Matcher
from opensqt.simulation.orders import Order, OrderType, Reason, Refusal, Status, TimeInForce

S = "BTC/USDT"
BUY, SELL = Side.BUY, Side.SELL


def d(text: str) -> Decimal:
    """Read a decimal."""
    return Decimal(text)


RULES = InstrumentRules(
    venue="binance",
    symbol=S,
    market=Market.SPOT,
    venue_symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=d("1"),
    quantity_step=d("1"),
    quantity_min=d("1"),
    quantity_max=d("1000"),
    notional_min=d("1"),
)


class Book:
    """A ledger that remembers every fill and caps chosen orders."""

    def __init__(self) -> None:
        self.fills: list[tuple[int, Decimal, Decimal, bool]] = []
        self.caps: dict[int, Decimal] = {}

    def fillable(self, order: Order) -> Decimal:
        """The remaining quantity, or what a test allows."""
        return min(order.remaining, self.caps.get(order.order_id, order.remaining))

    def matched(self, order: Order, price: Decimal, quantity: Decimal, *, maker: bool) -> None:
        """Remember."""
        self.fills.append((order.order_id, price, quantity, maker))
        if order.order_id in self.caps:
            self.caps[order.order_id] -= quantity


def market(bid: str = "5", ask: str = "5") -> tuple[Matcher, Book]:
    """A book with 99 x bid and 101 x ask at the top and ten more a level behind."""
    book = Book()
    matcher = Matcher(RULES, book)
    bids = ((d("99"), d(bid)), (d("98"), d("10")))
    asks = ((d("101"), d(ask)), (d("102"), d("10")))
    matcher.play(BookSnapshot(symbol=S, time_ms=0, bids=bids, asks=asks))
    return matcher, book


def order(number: int, side: Side, quantity: str, price: str = "0", **more: object) -> Order:
    """An order of account a, limit GTC unless said otherwise; price 0 is a market order."""
    kind = OrderType.LIMIT if price != "0" else OrderType.MARKET
    terms = TimeInForce.GTC if price != "0" else TimeInForce.IOC
    made = Order(
        order_id=number,
        client_order_id=f"c{number}",
        account="a",
        symbol=S,
        market=Market.SPOT,
        side=side,
        type=kind,
        time_in_force=terms,
        quantity=d(quantity),
        price=d(price),
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


def prints(price: str, quantity: str, taker: Side) -> MarketTrade:
    """A trade of other people."""
    return MarketTrade(symbol=S, time_ms=0, price=d(price), quantity=d(quantity), taker=taker)


def states(bids: dict[str, str] | None = None, asks: dict[str, str] | None = None) -> BookDelta:
    """New quantities of levels."""
    return BookDelta(
        symbol=S,
        time_ms=0,
        bids=tuple((d(p), d(q)) for p, q in (bids or {}).items()),
        asks=tuple((d(p), d(q)) for p, q in (asks or {}).items()),
    )


def test_trades_eat_the_queue_ahead_first() -> None:
    """Five are ahead: a trade of three does nothing, the next three leave one for us."""
    matcher, book = market()
    mine = order(1, BUY, "2", "99")
    matcher.place(mine)
    assert matcher.play(prints("99", "3", SELL)) == 3
    assert (mine.ahead, book.fills) == (d("2"), [])
    assert matcher.play(prints("99", "3", SELL)) == 2
    assert book.fills == [(1, d("99"), d("1"), True)]


def test_a_decrease_that_trades_explain_moves_nobody() -> None:
    """The level's update after a trade repeats what the trade already did to the queue."""
    matcher, _ = market()
    mine = order(1, BUY, "2", "99")
    matcher.place(mine)
    matcher.play(prints("99", "3", SELL))
    matcher.play(states({"99": "2"}))
    assert mine.ahead == 2


def test_a_trade_told_after_its_level_changed_moves_the_queue_once() -> None:
    """The decrease came first and looked like a cancel; the trade that caused it does not count again."""
    matcher, book = market()
    mine = order(1, BUY, "2", "99")
    matcher.place(mine)
    matcher.play(states({"99": "2"}))
    matcher.play(prints("99", "3", SELL))
    assert (mine.ahead, book.fills) == (d("2"), [])
    matcher.play(prints("99", "3", SELL))
    assert book.fills == [(1, d("99"), d("1"), True)]


def test_a_trade_long_after_a_decrease_is_another_one() -> None:
    """Half a second later the decrease was a cancel, and the trade eats what is left ahead."""
    matcher, _ = market()
    mine = order(1, BUY, "2", "99")
    matcher.place(mine)
    matcher.play(states({"99": "4"}))
    late = MarketTrade(symbol=S, time_ms=501, price=d("99"), quantity=d("3"), taker=SELL)
    matcher.play(late)
    assert mine.ahead == 1


def test_cancels_ahead_shorten_the_queue_in_proportion() -> None:
    """Of ten at the level five were ahead of us; half of the level cancels, so half of those ahead did."""
    matcher, _ = market()
    mine = order(1, BUY, "2", "99")
    matcher.place(mine)
    matcher.play(states({"99": "10"}))
    assert mine.ahead == 5
    matcher.play(states({"99": "5"}))
    assert mine.ahead == d("2.5")


def test_a_trade_through_our_price_fills_us_at_our_price() -> None:
    """A seller who reached 98 would have met us at 99 first."""
    matcher, book = market()
    mine = order(1, BUY, "2", "99")
    matcher.place(mine)
    assert matcher.play(prints("98", "3", SELL)) == 1
    assert book.fills == [(1, d("99"), d("2"), True)]


def test_a_crossing_quote_fills_us_and_is_used_up() -> None:
    """An ask that reaches our bid fills at our price, at most its quantity, and leaves the book."""
    matcher, book = market()
    matcher.place(order(1, BUY, "5", "100"))
    matcher.play(states(asks={"100": "3"}))
    assert book.fills == [(1, d("100"), d("3"), True)]
    assert matcher.book.best(SELL) == 101


def test_a_taker_walks_the_book_and_what_it_took_stays_taken() -> None:
    """Two levels are taken; the first is empty until the flow states it again."""
    matcher, book = market()
    taker = order(1, BUY, "7", "102")
    matcher.place(taker)
    assert [(fill[1], fill[2]) for fill in book.fills] == [(d("101"), d("5")), (d("102"), d("2"))]
    assert matcher.book.best(SELL) == 102
    matcher.play(states(asks={"101": "4"}))
    assert matcher.book.best(SELL) == 101


def test_our_orders_keep_their_time_order_around_the_flow() -> None:
    """A taker meets the flow ahead of the first, the first, what came between, then the second."""
    matcher, book = market(bid="1")
    first, second = order(1, BUY, "2", "99"), order(2, BUY, "2", "99", account="b")
    matcher.place(first)
    matcher.play(states({"99": "4"}))
    matcher.place(second)
    assert (first.ahead, second.ahead) == (d("1"), d("4"))
    matcher.place(order(3, SELL, "7", "99", account="c"))
    assert [(number, quantity) for number, _, quantity, maker in book.fills if maker] == [
        (1, d("2")),
        (2, d("1")),
    ]
    assert matcher.book.flow[BUY].quantity(d("99")) == 0


def test_post_only_refuses_and_changes_nothing() -> None:
    """A post-only order that would take raises; one that would not rests."""
    matcher, book = market()
    with pytest.raises(Refusal) as refused:
        matcher.place(order(1, BUY, "1", "101", time_in_force=TimeInForce.POST_ONLY))
    assert refused.value.reason is Reason.WOULD_TAKE
    matcher.place(order(2, BUY, "1", "100", time_in_force=TimeInForce.POST_ONLY))
    assert (matcher.book.best(BUY), book.fills) == (d("100"), [])


def test_ioc_fok_and_market_never_rest() -> None:
    """IOC keeps what it got, FOK is all or nothing, a market order ends with the book."""
    matcher, _ = market()
    ioc = order(1, BUY, "7", "101", time_in_force=TimeInForce.IOC)
    matcher.place(ioc)
    assert (ioc.status, ioc.filled) == (Status.EXPIRED, d("5"))
    fok = order(2, SELL, "20", "98", time_in_force=TimeInForce.FOK)
    matcher.place(fok)
    assert (fok.status, fok.filled) == (Status.EXPIRED, ZERO)
    sweep = order(3, SELL, "20")
    matcher.place(sweep)
    assert (sweep.status, sweep.filled) == (Status.EXPIRED, d("15"))


def test_meeting_its_own_account_expires_the_taker() -> None:
    """The resting order stays, the taker keeps what it got before."""
    matcher, _ = market()
    resting = order(1, SELL, "3", "101")
    matcher.place(resting)
    taker = order(2, BUY, "9", "102")
    matcher.place(taker)
    assert (taker.status, taker.filled) == (Status.EXPIRED_IN_MATCH, d("5"))
    assert resting.is_open


def test_a_capped_order_fills_no_more_than_its_ledger_allows() -> None:
    """A reduce-only order stops at the position, as taker and as maker."""
    matcher, book = market()
    book.caps = {1: d("2"), 2: ZERO}
    taker = order(1, BUY, "4", "101")
    matcher.place(taker)
    assert taker.filled == 2
    matcher.place(order(2, BUY, "4", "99"))
    matcher.play(prints("98", "50", SELL))
    assert [fill for fill in book.fills if fill[0] == 2] == []


def test_a_replayed_book_matches_nothing() -> None:
    """Frames that were matched before a restart only rebuild the book."""
    matcher, book = market()
    mine = order(1, BUY, "2", "100")
    matcher.place(mine)
    matcher.play(prints("99", "9", SELL), match_trades=False)
    matcher.play(states(asks={"100": "1"}), match_trades=False)
    assert book.fills == []
    matcher.uncross()
    assert book.fills == [(1, d("100"), d("1"), True)]


prices = st.integers(95, 105).map(Decimal)
sizes = st.integers(1, 9).map(Decimal)
sides = st.sampled_from(Side)


@st.composite
def steps(draw: st.DrawFn) -> list[Frame | tuple[Side, Decimal, Decimal, str]]:
    """A random run of deltas that keep the flow uncrossed, trades, and our orders."""
    run: list[Frame | tuple[Side, Decimal, Decimal, str]] = []
    for _ in range(draw(st.integers(1, 25))):
        match draw(st.integers(0, 2)):
            case 0:
                price, quantity = draw(st.integers(95, 99)), draw(st.integers(0, 9))
                side = draw(sides)
                level = ((Decimal(price if side is BUY else 200 - price), Decimal(quantity)),)
                bids, asks = (level, ()) if side is BUY else ((), level)
                run.append(BookDelta(symbol=S, time_ms=0, bids=bids, asks=asks))
            case 1:
                run.append(
                    MarketTrade(
                        symbol=S,
                        time_ms=0,
                        price=draw(prices),
                        quantity=draw(sizes),
                        taker=draw(sides),
                    )
                )
            case _:
                run.append((draw(sides), draw(prices), draw(sizes), draw(st.sampled_from("ab"))))
    return run


@given(steps())
def test_nothing_is_filled_worse_or_more_than_there_was(
    run: list[Frame | tuple[Side, Decimal, Decimal, str]],
) -> None:
    """Limits hold, quantities add up, trades fill at most their size, and the book never crosses with ours."""
    matcher, book = market()
    orders: list[Order] = []
    for step in run:
        seen = len(book.fills)
        shown = {side: sum((q for _, q in matcher.book.levels(side)), ZERO) for side in Side}
        match step:
            case (side, price, quantity, account):
                mine = order(len(orders) + 1, side, str(quantity), str(price), account=account)
                orders.append(mine)
                matcher.place(mine)
                taken = sum((q for n, _, q, _ in book.fills[seen:] if n == mine.order_id), ZERO)
                assert taken <= shown[side.opposite]
            case MarketTrade():
                left = matcher.play(step)
                filled = sum((q for _, _, q, _ in book.fills[seen:]), ZERO)
                assert left + filled == step.quantity
            case _:
                matcher.play(step)
        bid, ask = matcher.book.best_resting(BUY), matcher.book.best_resting(SELL)
        flow_bid, flow_ask = matcher.book.flow[BUY].best, matcher.book.flow[SELL].best
        assert bid is None or flow_ask is None or bid < flow_ask
        assert ask is None or flow_bid is None or ask > flow_bid
    by_number = {made.order_id: made for made in orders}
    for number, price, quantity, maker in book.fills:
        made = by_number[number]
        assert quantity > 0
        assert (price - made.price) * made.side.sign <= 0
        assert not maker or price == made.price
    for made in orders:
        assert made.filled == sum((q for n, _, q, _ in book.fills if n == made.order_id), ZERO)
        assert ZERO <= made.filled <= made.quantity
        resting = made in matcher.book.resting[made.side].get(made.price, [])
        assert resting == made.is_open


@given(st.lists(sizes, min_size=2, max_size=5), st.lists(sizes, min_size=1, max_size=8))
def test_ours_fill_in_the_order_they_came(quantities: list[Decimal], trades: list[Decimal]) -> None:
    """At one price an earlier order is never behind a later one."""
    matcher, _ = market()
    mine = [order(n, BUY, str(q), "99") for n, q in enumerate(quantities, 1)]
    for made in mine:
        matcher.place(made)
    for quantity in trades:
        matcher.play(MarketTrade(symbol=S, time_ms=0, price=d("99"), quantity=quantity, taker=SELL))
        for earlier, later in pairwise(mine):
            assert later.filled == 0 or earlier.remaining == 0
