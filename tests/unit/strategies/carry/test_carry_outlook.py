"""What a round trip is expected to bring: tables counted by hand, and what must hold for every market."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.instruments import Side
from opensqt.domain.market import BookLevel, BookTop, Funding, Tick
from opensqt.domain.strategy_events import CarryOutlook
from opensqt.strategies.carry import outlook as seen
from opensqt.strategies.carry.carry import (
    entry_basis_bps,
    exit_basis_bps,
    half_spread_bps,
    settlements,
)
from opensqt.strategies.carry.depth import met_by, slippage_bps, within
from opensqt.strategies.carry.entry import judged
from opensqt.strategies.carry.state import CarryState
from opensqt.strategies.carry.strategy import CARRY
from tests.simulation.carry_rig import carry_setup, funding_of
from tests.simulation.strategy_facts import PERP, SPOT, d, rules_of, tick_of

HOUR_MS = 3_600_000
TAKER = {SPOT: "0.001", PERP: "0.0005"}


def quoted(symbol: str, bid: str | int, ask: str | int, quantity: str = "5") -> Tick:
    """Return a tick with these two prices."""
    tick = tick_of(symbol, "1", 1_000)
    amount = d(quantity)
    return msgspec.structs.replace(
        tick, bid_price=d(str(bid)), ask_price=d(str(ask)), bid_quantity=amount, ask_quantity=amount
    )


def market(spot: Tick, perp: Tick, funding: Funding, **changes: object) -> CarryState:
    """Return a carry that has seen this."""
    carry = CarryState(setup=carry_setup(**changes))
    for symbol, fee in TAKER.items():
        carry = CARRY.fold(carry, rules_of(symbol, taker_fee=fee))
    for event in (spot, perp, funding):
        carry = CARRY.fold(carry, event)
    return carry


def entry(carry: CarryState, quantity: str = "0.01") -> CarryOutlook:
    """Return what an entry of this size is expected to bring."""
    found = seen.entry_outlook(carry, d(quantity))
    assert found is not None
    return found


@pytest.mark.row("F01", "F03")
@pytest.mark.parametrize(
    "interval_hours, next_in_hours, holding_hours, paid",
    [
        (8, "8", "24", 3),  # at 8, 16 and 24
        (8, "2", "24", 3),  # at 2, 10 and 18
        (8, "0.5", "24", 3),  # at 0.5, 8.5 and 16.5
        (4, "1", "24", 6),
        (1, "1", "24", 24),
        (8, "8", "336", 42),
        (8, "6", "5.9", 0),  # left before it is paid
        (8, "6", "6", 1),
        (0, "6", "24", 0),  # an interval that is unknown earns nothing
        (8, "-1", "24", 3),  # the date has just passed: at 7, 15 and 23
        (8, "-8", "7", 0),
    ],
)
def test_funding_is_counted_at_the_venues_own_dates(
    interval_hours: int, next_in_hours: str, holding_hours: str, paid: int
) -> None:
    """Every date from now to the end of the holding time, at 1, 4 or 8 hours, and no part of a date."""
    now_ms = 100 * HOUR_MS
    due_ms = now_ms + int(d(next_in_hours) * HOUR_MS)
    funding = msgspec.structs.replace(
        funding_of("0.0001", now_ms, interval_hours), next_funding_ms=due_ms
    )
    assert settlements(funding, now_ms, d(holding_hours)) == paid


@pytest.mark.parametrize(
    "spot, perp, entering, leaving",
    [
        (("9999", "10000"), ("10020", "10021"), "20", "-22.0022"),
        (("10000", "10001"), ("9990", "9991"), "-10.9989", "9"),
        (("10000", "10000"), ("10000", "10000"), "0", "0"),
    ],
)
def test_the_basis_is_what_both_trades_capture(
    spot: tuple[str, str], perp: tuple[str, str], entering: str, leaving: str
) -> None:
    """Bid of what is sold against ask of what is bought, as a fraction of spot: 20 of 10 000 is 20 bps."""
    legs = quoted(SPOT, *spot), quoted(PERP, *perp)
    assert entry_basis_bps(*legs).quantize(d("0.0001")) == d(entering)
    assert exit_basis_bps(*legs).quantize(d("0.0001")) == d(leaving)


def test_a_book_gives_its_levels_one_after_the_other() -> None:
    """2 at 100 and 2 at 101: three cost (0 + 0 + 100) / 3 = 33.33 bps; the fifth is counted at the limit of 300."""
    asks = [BookLevel(price=d(price), quantity=d("2")) for price in ("100", "101")]
    bids = [BookLevel(price=d(price), quantity=d("2")) for price in ("100", "99")]
    for levels, side in ((asks, Side.BUY), (bids, Side.SELL)):
        limits = Decimal(300)
        assert slippage_bps(levels, d("2"), side, limits) == 0
        assert slippage_bps(levels, d("3"), side, limits).quantize(d("0.01")) == d("33.33")
        assert slippage_bps(levels, d("5"), side, limits) == d("100")
        assert within(levels, side, levels[0].price) == 2
        assert within(levels, side, levels[1].price) == 4
    assert within(asks, Side.BUY, d("99.9")) == 0
    assert half_spread_bps(quoted(SPOT, "9999", "10001")) == 1


def test_the_newest_top_stands_before_an_older_book() -> None:
    """What the book shows at the top's price or better is gone or in the top; without a book the top is all."""
    levels = {price: BookLevel(price=d(price), quantity=d("3")) for price in ("99", "100", "101")}
    book = BookTop(
        venue="binance",
        symbol=SPOT,
        bids=(levels["100"], levels["99"]),
        asks=(levels["100"], levels["101"]),
        time_ms=1,
        book_sequence=1,
    )
    tick = quoted(SPOT, "100", "100", "0.5")
    for side, worse in ((Side.BUY, "101"), (Side.SELL, "99")):
        assert [one.quantity for one in met_by(side, tick, None)] == [d("0.5")]
        top, second = met_by(side, tick, book)
        assert (top.quantity, second) == (d("0.5"), levels[worse])


@pytest.mark.row("F03")
@pytest.mark.parametrize(
    "perp, rate, hours, funding, basis, slippage, total",
    [
        # 42 x 3 = 126 of funding, 20 of basis, 30 of fees; half of 1 and half of 1 in 10 000 on the way out
        (("10020", "10021"), "0.0003", "336", "126", "20", "0.9990", "115.0010"),
        # spot 40 above the perpetual
        (("9960", "9961"), "0.0003", "336", "126", "-40", "1.0020", "54.9980"),
        # one day: 3 x 3 = 9
        (("10000", "10001"), "0.0003", "24", "9", "0", "1.0000", "-22.0000"),
        (("10000", "10001"), "-0.0001", "24", "-3", "0", "1.0000", "-34.0000"),
    ],
)
def test_the_expected_return_counted_by_hand(
    perp: tuple[str, str],
    rate: str,
    hours: str,
    funding: str,
    basis: str,
    slippage: str,
    total: str,
) -> None:
    """Funding and basis less 2 x (10 + 5) bps of fees and half a spread of each leg; the parts add up."""
    carry = market(
        quoted(SPOT, "9999", "10000"),
        quoted(PERP, *perp),
        funding_of(rate, 1_000),
        holding_hours=d(hours),
    )
    found = entry(carry)
    parts = found.funding_bps, found.basis_bps, found.slippage_bps, found.return_bps
    assert parts == (d(funding), d(basis), d(slippage), d(total))
    assert found.fees_bps == 30
    assert (found.settlements, found.funding_rate) == (int(d(hours) / 8), d(rate))


@pytest.mark.row("F03")
def test_what_a_book_does_not_hold_costs_the_limit() -> None:
    """Four trades of 0.02 through tops of 0.01: half of each at 10 bps: 4 x 5 = 20 bps more."""
    legs = quoted(SPOT, "10000", "10000", "0.01"), quoted(PERP, "10000", "10000", "0.01")
    carry = market(*legs, funding_of("0.0003", 1_000))
    assert entry(carry, "0.01").slippage_bps == 0
    assert entry(carry, "0.02").slippage_bps == 20


TICKS = st.tuples(st.integers(9_000, 11_000), st.integers(0, 50))
RATES = st.integers(-50, 50)
BASES = st.integers(-200, 200)


@given(TICKS, TICKS, RATES, st.integers(0, 400))
def test_one_market_never_asks_for_both(
    spot: tuple[int, int], perp: tuple[int, int], rate_bps: int, hours: int
) -> None:
    """Entering and leaving are each other's reverse: together they lose the fees and the spreads."""
    legs = [quoted(s, p, p + w) for s, (p, w) in ((SPOT, spot), (PERP, perp))]
    funding = funding_of(str(Decimal(rate_bps) / 10_000), 1_000)
    carry = market(legs[0], legs[1], funding, holding_hours=Decimal(hours + 1))
    held = msgspec.structs.replace(carry.books.spot, quantity=d("0.01"))
    books = msgspec.structs.replace(carry.books, positions={SPOT: held})
    leaving = seen.exit_outlook(msgspec.structs.replace(carry, books=books))
    entering = entry(carry)
    assert leaving is not None
    assert leaving.funding_bps == -entering.funding_bps
    assert (leaving.fees_bps, leaving.slippage_bps) == (entering.fees_bps, entering.slippage_bps)
    assert entering.return_bps + leaving.return_bps <= -2 * entering.fees_bps


@pytest.mark.row("F03")
@given(BASES, st.integers(1, 200), RATES, st.integers(-100, 100))
def test_a_worse_basis_never_makes_it_enter(
    basis: int, worse_by: int, rate_bps: int, least: int
) -> None:
    """Whatever is refused at one basis is refused at every lower one, and brings less."""

    def at(price: int) -> CarryOutlook:
        legs = quoted(SPOT, "9999", "10000"), quoted(PERP, price, price + 1)
        return entry(market(*legs, funding_of(str(Decimal(rate_bps) / 10_000), 1_000)))

    setup = carry_setup(basis_bps_min=Decimal(least)).settings
    better, worse = at(10_000 + basis), at(10_000 + basis - worse_by)
    assert worse.basis_bps < better.basis_bps
    assert worse.return_bps < better.return_bps
    if judged(better, setup):
        assert judged(worse, setup)


@given(BASES)
def test_the_basis_has_the_sign_of_perpetual_less_spot(basis: int) -> None:
    """Above 0 where the perpetual can be sold for more than spot costs."""
    legs = quoted(SPOT, "9999", "10000"), quoted(PERP, 10_000 + basis, 10_001 + basis)
    assert entry_basis_bps(*legs) == basis


@given(st.integers(1, 48), st.integers(0, 100), st.integers(1, 500))
def test_settlements_are_as_many_as_dates_in_the_span(
    interval: int, begin: int, hours: int
) -> None:
    """Counted once more one by one, whether the date is ahead or long past."""
    now_ms = 1_000 * HOUR_MS
    due_ms = now_ms + (begin - 50) * HOUR_MS + 1
    funding = msgspec.structs.replace(
        funding_of("0.0001", now_ms, interval), next_funding_ms=due_ms
    )
    dates = (due_ms + number * interval * HOUR_MS for number in range(600))
    counted = sum(now_ms < one <= now_ms + hours * HOUR_MS for one in dates)
    assert settlements(funding, now_ms, Decimal(hours)) == counted
