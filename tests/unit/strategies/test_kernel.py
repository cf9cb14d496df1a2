"""What the kernel does for every strategy: it obeys, waits, pauses, keeps candles, and says why nothing trades."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.market import Candle, FeedState, FeedStatus
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Rejected
from opensqt.domain.recon_events import Halted
from opensqt.domain.strategy_events import StrategyStarted
from opensqt.strategies.api import (
    Changes,
    Decision,
    Purpose,
    Settings,
    Side,
    Strategy,
    StrategyState,
    TargetOrder,
    WakeCondition,
    aim,
    mean_close,
    mean_range_bps,
    microprice,
    slot_name,
)
from opensqt.strategies.rehearsal import NAME, VENUE, Stage

PERP, SPOT = "BTC/USDT:USDT", "BTC/USDT"
BID, ASK = slot_name(-1), slot_name(1)
CANDLES_MS = 180_000


class TwoQuotes(Settings, frozen=True, kw_only=True):
    """A test's own kind: one order each side at a fixed distance."""

    symbol: str
    inventory_notional_quote_max: Decimal = Decimal(2000)


class Counted(StrategyState, frozen=True, kw_only=True):
    """A state of its own: how many of its orders traded."""

    trades: int = 0


def decide(state: StrategyState, event: Event) -> Decision:
    """Bid and ask 10 away from the middle; what closes closes all."""
    del event
    mid, held = state.mid_price(), state.position().quantity
    orders = [
        TargetOrder(
            slot=BID if side is Side.BUY else ASK,
            side=side,
            price=mid - side.sign * 10,
            quantity=abs(held) if -side.sign * held > 0 else Decimal("0.01"),
            purpose=state.purpose(side, abs(held)),
        )
        for side in Side
    ]
    wake = WakeCondition(symbol=state.setup.symbols[0], price_min=mid - 10, price_max=mid + 10)
    return aim(state, orders, wake=wake)


def evolve(state: Counted, event: Event | Decision, changes: Changes) -> Counted:
    """Count what traded."""
    del event
    trades = sum(change.fill is not None for change in changes)
    return Counted(
        setup=state.setup,
        books=state.books,
        market=state.market,
        working=state.working,
        trades=state.trades + trades,
    )


QUOTES = Strategy(
    settings=TwoQuotes, decide=decide, evolve=evolve, state=Counted, lookback_ms=CANDLES_MS
)


def stage(symbol: str = PERP) -> Stage:
    """Return a strategy with both orders at work around 50,000."""
    told = TwoQuotes(kind="q", account="main", symbol=symbol, order_notional_quote=Decimal(500))
    made = Stage(QUOTES, told)
    made.tick("49999.9", "50000.1")
    return made


def test_it_is_not_asked_before_rules_and_prices_are_known() -> None:
    """The reason names what is missing, and no intent is said."""
    told = TwoQuotes(kind="q", account="main", symbol=PERP, order_notional_quote=Decimal(500))
    made = Stage(QUOTES, told)
    assert made.last.reason == "waiting for first tick"
    made.tick("49999.9", "50000.1")
    assert {slot: order.price for slot, order in made.orders.items()} == {
        BID: Decimal(49_990),
        ASK: Decimal(50_010),
    }
    assert made.last.wake is not None
    assert made.last.wake.price_min == 49_990


def test_a_later_run_waits_until_earlier_intents_have_lapsed() -> None:
    """What the run before said may still become an order."""
    made = stage()
    made.feed(
        StrategyStarted(
            strategy=NAME,
            run=2,
            config_hash="",
            code_version="",
            state_fingerprint="",
            time_ms=made.now_ms,
        )
    )
    assert made.last.reason == "waiting until earlier intents have lapsed"
    made.wait(2_500)
    made.wait(2_501)
    made.tick("49999.9", "50000.1")
    assert made.last.reason == ""


def test_a_kill_takes_openings_back_and_its_end_brings_them_again() -> None:
    """The reason says it; after the release both orders are there."""
    made = stage()
    made.feed(KillLatched(scope="desk", reason="", actor="me", time_ms=made.now_ms))
    assert made.orders == {}
    assert made.last.reason == "kill latched"
    made.feed(KillReleased(scope="desk", reason="", actor="me", time_ms=made.now_ms))
    assert set(made.orders) == {BID, ASK}


def test_a_reduction_leaves_the_order_that_closes() -> None:
    """An exit is always possible; nothing opens."""
    made = stage()
    made.fill(BID)
    made.tick("49999.9", "50000.1")
    assert made.orders[ASK].purpose is Purpose.CLOSE
    halt = Halted(scope="desk", mode="REDUCING", reason="drift", time_ms=made.now_ms)
    made.feed(halt)
    assert set(made.orders) == {ASK}
    assert made.last.reason == "reducing: drift"


def test_a_sick_channel_keeps_what_is_there_and_places_nothing() -> None:
    """What rests may rest; no opening comes at a price that cannot be trusted."""
    made = stage()
    sick = FeedStatus(
        venue=VENUE,
        symbol=PERP,
        channel="book",
        state=FeedState.GAP,
        age_ms=0,
        detail="",
        time_ms=made.now_ms,
    )
    made.feed(sick)
    assert made.last.reason == "market data stale"
    assert set(made.orders) == {BID, ASK}
    made.tick("50099.9", "50100.1")
    assert made.orders[BID].price == 49_990


def test_what_the_venue_refuses_is_tried_again_later() -> None:
    """A refused slot rests, and the reason comes when that lasts."""
    made = stage()
    ref = made.state.books.tickets.living[made.orders[BID].intent_id].orders[0].placed.ref
    made.orders.pop(BID)
    made.feed(
        Rejected(ref=ref, code="-2010", reason="no money", evidence_hash="", time_ms=made.now_ms)
    )
    assert [gap.why for gap in made.last.gaps] == ["resting after a refusal"]
    made.wait(1_000)
    assert BID in made.orders


def test_no_opening_beyond_the_inventory() -> None:
    """Two thousand hold four buys of five hundred, and no fifth."""
    made = stage()
    for _ in range(4):
        made.fill(BID)
        made.tick("49999.9", "50000.1")
    assert set(made.orders) == {ASK}
    assert [gap.why for gap in made.last.gaps] == ["inventory at its limit"]
    assert made.state.trades == 4
    assert made.state.position().quantity == Decimal("0.04")
    assert made.last.reason == ""


def candle(minute: int, low: str, high: str, *, closed: bool = True) -> Candle:
    """Return one candle of a minute that opens at 100."""
    return Candle(
        venue=VENUE,
        symbol=PERP,
        interval_ms=60_000,
        open_time_ms=minute * 60_000,
        open=Decimal(100),
        high=Decimal(high),
        low=Decimal(low),
        close=Decimal(high),
        volume=Decimal(1),
        closed=closed,
        time_ms=minute * 60_000,
    )


def test_candles_are_kept_as_far_as_declared() -> None:
    """Closed ones, once each, three minutes back; figures are read from them."""
    made = stage()
    for minute in range(10):
        made.feed(candle(minute, "99", "101"), candle(minute, "99", "101"))
    made.feed(candle(10, "90", "110", closed=False))
    kept = made.state.market.candles[PERP]
    assert [one.open_time_ms // 60_000 for one in kept] == [6, 7, 8, 9]
    assert mean_range_bps(kept) == 200
    assert mean_close(kept) == 101
    assert mean_range_bps(()) == mean_close(()) == 0


@given(
    st.decimals("1", "1000", places=1),
    st.decimals("0", "50", places=3),
    st.decimals("0", "50", places=3),
)
def test_the_microprice_lies_inside_the_spread(bid: Decimal, bids: Decimal, asks: Decimal) -> None:
    """Whatever rests on each side, and nearer to the side on which less does."""
    made = stage()
    tick = made.state.market.ticks[PERP]
    ask = bid + 1
    fields = {name: getattr(tick, name) for name in tick.__struct_fields__}
    fields |= {"bid_price": bid, "ask_price": ask, "bid_quantity": bids, "ask_quantity": asks}
    fair = microprice(type(tick)(**fields))
    assert bid <= fair <= ask
    assert (fair >= bid + Decimal("0.5")) == (bids >= asks)


MOVES = st.lists(st.tuples(st.sampled_from("tbaw"), st.integers(-200, 200)), max_size=40)


@settings(max_examples=50, deadline=None)
@given(MOVES, st.sampled_from((PERP, SPOT)))
def test_whatever_happens_one_order_a_slot_and_the_books_are_its_trades(
    moves: list[tuple[str, int]], symbol: str
) -> None:
    """Ticks, trades and silence in any order: what it holds is what traded, within its bound and one order."""
    made, held = stage(symbol), Decimal(0)
    for what, number in moves:
        slot = BID if what == "b" else ASK
        if what == "w":
            made.wait(abs(number) * 20 + 1)
        elif what == "t":
            made.tick(str(50_000 + number), str(50_000 + number + 1))
        elif slot in made.orders:
            intent = made.orders[slot]
            held += intent.side.sign * intent.quantity
            made.fill(slot)
        living = made.state.books.tickets.living
        assert len({ticket.slot for ticket in living.values()}) == len(living)
        assert set(made.orders) == {ticket.slot for ticket in living.values()}
        assert made.state.position().quantity == held
        assert abs(held) * 50_000 <= 2_600
