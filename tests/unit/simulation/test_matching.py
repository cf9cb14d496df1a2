"""The fill model: queue position, trades, cancels ahead, crossing quotes, takers. Pure, no clock."""

import pytest

from opensqt.domain.decimals import ZERO
from opensqt.domain.intent import TimeInForce
from opensqt.simulation.engine.orders import OrderRefusal, Reason, Status, VenueConduct
from opensqt.simulation.market.flow import MarketTrade
from tests.unit.simulation.matching_market import BUY, SELL, S, d, market, order, prints, states


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
    with pytest.raises(OrderRefusal) as refused:
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


def test_a_venue_may_take_a_post_only_order_and_end_it_at_once() -> None:
    """It never trades; where the venue refuses such orders nothing is taken."""
    strict, _ = market()
    with pytest.raises(OrderRefusal):
        strict.place(order(1, BUY, "2", "101", time_in_force=TimeInForce.POST_ONLY))
    lenient, book = market(conduct=VenueConduct(takes_post_only=True))
    taken = order(1, BUY, "2", "101", time_in_force=TimeInForce.POST_ONLY)
    lenient.place(taken)
    assert (taken.status, taken.filled, book.fills) == (Status.EXPIRED_POST_ONLY, ZERO, [])
    assert lenient.book.best_resting(BUY) is None
