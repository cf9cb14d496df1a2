"""Whatever happens, nothing is filled worse or more than there was, in whole steps, and time order holds."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.simulation.engine.orders import Status, VenueOrder
from opensqt.simulation.market.flow import BookDelta, Frame, MarketTrade
from tests.unit.simulation.matching_market import BUY, SELL, S, d, market, order

prices = st.integers(95, 105).map(Decimal)
sizes = st.integers(1, 9).map(Decimal)
dusty = st.integers(0, 900).map(lambda hundredths: Decimal(hundredths) / 100)
sides = st.sampled_from(Side)


@st.composite
def steps(draw: st.DrawFn) -> list[Frame | tuple[Side, Decimal, Decimal, str]]:
    """A random run of deltas that keep the flow uncrossed, trades, and our orders."""
    run: list[Frame | tuple[Side, Decimal, Decimal, str]] = []
    for _ in range(draw(st.integers(1, 25))):
        match draw(st.integers(0, 2)):
            case 0:
                price, quantity = draw(st.integers(95, 99)), draw(dusty)
                side = draw(sides)
                level = ((Decimal(price if side is BUY else 200 - price), quantity),)
                bids, asks = (level, ()) if side is BUY else ((), level)
                run.append(BookDelta(symbol=S, time_ms=0, bids=bids, asks=asks))
            case 1:
                run.append(
                    MarketTrade(
                        symbol=S,
                        time_ms=0,
                        price=draw(prices),
                        quantity=draw(dusty),
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
    orders: list[VenueOrder] = []
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
        assert quantity % matcher.rules.quantity_step == 0
        assert (price - made.price) * made.side.sign <= 0
        assert not maker or price == made.price
    for made in orders:
        assert made.filled == sum((q for n, _, q, _ in book.fills if n == made.order_id), ZERO)
        assert ZERO <= made.filled <= made.quantity
        assert (made.status is Status.FILLED) == (made.filled == made.quantity)
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
