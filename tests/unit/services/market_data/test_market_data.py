"""What market_data publishes of what it hears: conflation, losslessness, staleness, health. Pure."""

import itertools
from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.market import (
    BookLevel,
    BookTop,
    Candle,
    FeedState,
    FeedStatus,
    Funding,
    Tick,
    Trade,
)
from opensqt.domain.messages import Event
from opensqt.runtime.strategy import runner
from services.market_data.decide import Now, Observation, due, observed, tick_of, wait_ms
from services.market_data.state import PublishPace, SymbolState
from services.risk import service as gate

PACE = PublishPace()
EMPTY = SymbolState(venue="binance", symbol="BTC/USDT")


def now(wall_ms: int) -> Now:
    """Return an instant whose market time runs beside."""
    return Now(wall_ms=wall_ms, market_ms=1_000_000 + wall_ms)


def book(sequence: int, bid: int = 99) -> BookTop:
    """Return a book of one level a side."""
    return BookTop(
        venue="binance",
        symbol="BTC/USDT",
        bids=(BookLevel(price=Decimal(bid), quantity=Decimal(1)),),
        asks=(BookLevel(price=Decimal(101), quantity=Decimal(1)),),
        time_ms=sequence,
        book_sequence=sequence,
    )


def trade(number: int) -> Trade:
    """Return a trade."""
    return Trade(
        venue="binance",
        symbol="BTC/USDT",
        trade_id=str(number),
        price=Decimal(100),
        quantity=Decimal(1),
        taker=Side.BUY,
        time_ms=number,
    )


def status(channel: str, state: FeedState) -> FeedStatus:
    """Return a report of the feed."""
    return FeedStatus(
        venue="binance",
        symbol="BTC/USDT",
        channel=channel,
        state=state,
        age_ms=0,
        detail="test",
        time_ms=1,
    )


def funding(rate: str, time_ms: int) -> Funding:
    """Return a funding rate."""
    return Funding(
        venue="binance",
        symbol="BTC/USDT",
        rate=Decimal(rate),
        interval_hours=8,
        next_funding_ms=1000,
        time_ms=time_ms,
    )


def candle(close: int, *, closed: bool) -> Candle:
    """Return a candle."""
    return Candle(
        venue="binance",
        symbol="BTC/USDT",
        interval_ms=60_000,
        open_time_ms=0,
        open=Decimal(100),
        high=Decimal(close),
        low=Decimal(100),
        close=Decimal(close),
        volume=Decimal(1),
        closed=closed,
        time_ms=1,
    )


class Desk:
    """Plays observations and time, and keeps what is published."""

    def __init__(self) -> None:
        self.view = EMPTY
        self.published: list[tuple[int, Event]] = []

    def hear(self, wall_ms: int, *observations: Observation) -> None:
        """Take observations."""
        for observation in observations:
            self.view, messages = observed(self.view, observation, now(wall_ms), PACE)
            self.published.extend((wall_ms, message) for message in messages)

    def wait(self, wall_ms: int) -> None:
        """Let time come to this instant."""
        self.view, messages = due(self.view, now(wall_ms), PACE)
        self.published.extend((wall_ms, message) for message in messages)

    def health(self) -> FeedState:
        """Return what was said last of the ticks' health."""
        said = [m for m in self.of(FeedStatus) if isinstance(m, FeedStatus)]
        return [m.state for m in said if m.channel == "tick"][-1]

    def of(self, kind: type[Event]) -> list[Event]:
        """Return what was published of a kind."""
        return [message for _, message in self.published if isinstance(message, kind)]


def test_ticks_are_conflated_latest_wins_with_a_ceiling() -> None:
    """One hundred books in a second make at most 20 ticks, and the last of them is the last book."""
    desk = Desk()
    for number in range(100):
        desk.wait(1000 + number * 10)
        desk.hear(1000 + number * 10, book(number + 1, bid=1 + number % 90))
    desk.wait(2100)
    ticks = desk.of(Tick)
    assert len(ticks) <= 21
    assert ticks[-1] == tick_of(book(100, bid=10))
    instants = [wall_ms for wall_ms, message in desk.published if isinstance(message, Tick)]
    assert all(later - earlier >= 50 for earlier, later in itertools.pairwise(instants))


def test_quiet_market_is_published_at_once() -> None:
    """The first tick after a pause waits for nothing."""
    desk = Desk()
    desk.hear(1000, book(1))
    desk.hear(1200, book(2))
    assert [wall_ms for wall_ms, m in desk.published if isinstance(m, Tick)] == [1000, 1200]
    assert wait_ms(desk.view, now(1200), PACE) == 50


def test_books_come_at_most_four_times_a_second() -> None:
    """Ten books in half a second make three book messages."""
    desk = Desk()
    for number in range(10):
        desk.hear(1000 + number * 50, book(number + 1))
        desk.wait(1000 + number * 50)
    assert len(desk.of(BookTop)) == 2
    desk.wait(1500)
    assert len(desk.of(BookTop)) == 3


def test_trades_and_closed_candles_are_never_conflated() -> None:
    """Each trade and each closed candle goes out at once, whatever the pace."""
    desk = Desk()
    desk.hear(1000, *(trade(number) for number in range(500)))
    desk.hear(1000, *(candle(100 + number, closed=False) for number in range(10)))
    desk.hear(1000, candle(120, closed=True))
    assert len(desk.of(Trade)) == 500
    candles = desk.of(Candle)
    assert len(candles) == 2
    assert candles[-1] == candle(120, closed=True)
    desk.wait(5000)
    assert len(desk.of(Candle)) == 2


def test_silence_is_stale_and_the_next_frame_is_live() -> None:
    """After 3 s without a book frame STALE is said once, with the age; a frame ends it."""
    desk = Desk()
    desk.hear(1000, book(1))
    for wall_ms in (2000, 4000, 4001, 4500):
        desk.wait(wall_ms)
    desk.hear(5000, book(2))
    states = [(m.state, m.age_ms) for m in desk.of(FeedStatus) if isinstance(m, FeedStatus)]
    assert states == [(FeedState.LIVE, 0), (FeedState.STALE, 3001), (FeedState.LIVE, 0)]


def test_bad_news_is_said_again_while_it_lasts_and_good_news_once() -> None:
    """Whoever starts in the middle of an outage hears of it within the shortest look-back of any reader."""
    desk = Desk()
    desk.hear(1000, book(1))
    for wall_ms in range(4001, 35_000, 500):
        desk.wait(wall_ms)
    desk.hear(35_000, book(2))
    for wall_ms in range(35_500, 38_000, 500):
        desk.wait(wall_ms)
    said = [m for m in desk.of(FeedStatus) if isinstance(m, FeedStatus)]
    states = [m.state for m in said]
    assert states == [FeedState.LIVE, *[FeedState.STALE] * 4, FeedState.LIVE]
    gaps_ms = [two.age_ms - one.age_ms for one, two in itertools.pairwise(said[1:5])]
    assert max(gaps_ms) < min(gate.LOOKBACK_MS, runner.LOOKBACK_MS)


def test_trades_do_not_hide_a_dead_book() -> None:
    """Only book frames keep ticks fresh."""
    desk = Desk()
    desk.hear(1000, book(1))
    desk.hear(4500, trade(1))
    desk.wait(4500)
    last = desk.of(FeedStatus)[-1]
    assert isinstance(last, FeedStatus)
    assert last.state is FeedState.STALE


def test_hole_drops_what_waits_and_is_said() -> None:
    """A tick of a book that is lost is not published any more."""
    desk = Desk()
    desk.hear(1000, book(1))
    desk.hear(1010, book(2))
    desk.hear(1020, status("book", FeedState.GAP))
    desk.wait(2000)
    assert len(desk.of(Tick)) == 1
    last = desk.of(FeedStatus)[-1]
    assert isinstance(last, FeedStatus)
    assert (last.channel, last.state) == ("tick", FeedState.GAP)


@pytest.mark.parametrize("order", [("public", "book"), ("book", "public")])
def test_health_is_the_worst_of_the_channels(order: tuple[str, str]) -> None:
    """The symbol is healthy only when connection and book are."""
    desk = Desk()
    desk.hear(1000, book(1))
    desk.hear(1100, status("public", FeedState.DOWN), status("book", FeedState.GAP))
    first, second = order
    desk.hear(1200, status(first, FeedState.LIVE))
    assert desk.health() is not FeedState.LIVE
    desk.hear(1300, status(second, FeedState.LIVE))
    assert desk.health() is FeedState.LIVE


def test_marks_have_a_health_of_their_own() -> None:
    """A lost mark connection does not stop ticks."""
    desk = Desk()
    desk.hear(1000, book(1))
    desk.hear(1100, status("market", FeedState.DOWN))
    last = desk.of(FeedStatus)[-1]
    assert isinstance(last, FeedStatus)
    assert (last.channel, last.state) == ("mark", FeedState.DOWN)
    assert desk.view.health.state is FeedState.LIVE


def test_funding_goes_out_when_it_changes_and_from_time_to_time() -> None:
    """The same rate each second is said every five seconds, a new one at once."""
    desk = Desk()
    for second in range(11):
        desk.hear(second * 1000, funding("0.0001", second))
    assert len(desk.of(Funding)) == 3
    desk.hear(10_500, funding("0.0002", 11))
    assert len(desk.of(Funding)) == 4


def test_one_sided_book_makes_no_tick() -> None:
    """Without a bid or an ask there is no top."""
    desk = Desk()
    desk.hear(1000, msgspec.structs.replace(book(1), bids=()))
    assert desk.of(Tick) == []
    assert not desk.view.has_tick
