"""Basis, depth and funding in the decisions of a carry: what it enters, how much, when it leaves, what it records."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.market import BookLevel, BookTop
from opensqt.domain.strategy_events import CarryOutlook, SagaStep
from opensqt.strategies.carry.entry import judged
from tests.ledgers import canceled, placed, ref_of
from tests.simulation.carry_rig import CarryRig, carry_setup, entered, funding_of
from tests.simulation.strategy_facts import PERP, SPOT, d, rules_of, tick_of


def book_of(rig: CarryRig, symbol: str, *beyond: str, quantity: str = "1") -> BookTop:
    """Return a book of this leg with levels so far (quote units) from 45 000."""
    levels = {
        sign: tuple(
            BookLevel(price=d("45000") + sign * d(away), quantity=d(quantity)) for away in beyond
        )
        for sign in (1, -1)
    }
    return BookTop(
        venue="binance",
        symbol=symbol,
        bids=levels[-1],
        asks=levels[1],
        time_ms=rig.now_ms,
        book_sequence=rig.now_ms,
    )


def tops(rig: CarryRig, quantity: str, perp_quantity: str | None = None) -> None:
    """Show both legs at 45 000 with so much at their best prices."""
    rig.now_ms += 100
    for symbol, amount in ((SPOT, quantity), (PERP, perp_quantity or quantity)):
        tick = tick_of(symbol, "45000", rig.now_ms)
        sized = msgspec.structs.replace(tick, bid_quantity=d(amount), ask_quantity=d(amount))
        rig.feed(sized)


def waiting(**changes: object) -> CarryRig:
    """Return a carry that waits for funding, so that the market can be arranged before it enters."""
    return CarryRig(carry_setup(**changes), rate="0.00001")


def outlooks(rig: CarryRig, step: str) -> list[CarryOutlook]:
    """Return what the steps of this name recorded."""
    steps = [one for one in rig.history if isinstance(one, SagaStep) and one.step == step]
    return [one.outlook for one in steps if one.outlook is not None]


@pytest.mark.row("F03")
def test_spot_above_the_perpetual_is_not_entered_until_the_basis_turns() -> None:
    """Funding alone would pay 126 bps; with the perpetual 22 bps below spot nothing is bought, and it says so."""
    rig = waiting()
    rig.tick(PERP, "44900")
    rig.fund("0.0003")
    rig.wait(5_000)
    assert not rig.sent
    assert rig.steps() == []
    assert rig.last.reason == (
        "basis -22.3 bps below -1 bps: the perpetual's bid is 44899.9, the spot's ask 45000.1"
    )
    rig.prices("45000")
    assert [(one.symbol, one.side) for one in rig.places()] == [(SPOT, Side.BUY)]


@pytest.mark.row("F03")
def test_a_discount_that_is_allowed_still_counts_against_the_return() -> None:
    """Nine days pay 27 settlements of 3 = 81 bps: a discount of 44 leaves 7 after fees, one of 56 loses."""
    rig = waiting(basis_bps_min=Decimal(-100), holding_hours=Decimal(216))
    rig.tick(PERP, "44750")
    rig.fund("0.0003")
    assert rig.last.reason == (
        "net edge -4.6 bps over 216 h: funding 81.0, basis -55.6, fees -30.0, slippage 0.0;"
        " expected above 0 bps"
    )
    rig.tick(SPOT, "45000")
    rig.tick(PERP, "44800")
    assert rig.next().reason == (
        "entering: 6.5 bps over 216 h: funding 81.0, basis -44.5, fees -30.0, slippage 0.0"
    )


@pytest.mark.row("F03")
def test_a_return_below_the_least_is_not_entered() -> None:
    """96 bps are expected: enough for 95, too little for 96."""
    assert CarryRig(carry_setup(return_bps_min=Decimal(95))).places()
    poor = CarryRig(carry_setup(return_bps_min=Decimal(96)))
    assert not poor.sent
    assert poor.last.reason.endswith("; expected above 96 bps")


@pytest.mark.row("F01", "F03")
@pytest.mark.parametrize("interval_hours, enters", [(1, True), (4, False), (8, False)])
def test_the_venues_interval_decides_whether_a_day_pays(interval_hours: int, enters: bool) -> None:
    """2 bps an interval: 24 of them in a day earn 48, 6 earn 12, 3 earn 6; the fees are 30."""
    rig = waiting(holding_hours=Decimal(24))
    rig.fund("0.0002", interval_hours)
    assert bool(rig.places()) is enters


@pytest.mark.row("F03", "I14")
def test_the_top_bounds_the_clip_where_no_book_is_known() -> None:
    """0.006 at the best prices of either leg: no more is bought, though the clip may be 0.01; then the rest."""
    for spot, perp in (("0.006", "5"), ("5", "0.006")):
        rig = waiting()
        tops(rig, spot, perp)
        rig.fund("0.0003")
        assert rig.take().quantity <= d("0.00601")
        assert rig.take().quantity == d("0.005")
        assert rig.next().symbol == SPOT


@pytest.mark.row("F03", "I14")
def test_a_book_within_the_limit_lets_the_clip_be_whole_and_its_slippage_count() -> None:
    """0.002 at the top, 1 more 9 quote units away: bought whole, at (8/10 of) 2 bps on each of four trades."""
    rig = waiting()
    tops(rig, "0.002")
    rig.feed(*(book_of(rig, symbol, "0.1", "9.1") for symbol in (SPOT, PERP)))
    rig.fund("0.0003")
    clip = rig.next()
    assert clip.quantity == d("0.01002")
    (found,) = outlooks(rig, "entering")
    slipped = 4 * (clip.quantity - d("0.002")) / clip.quantity * d("2")
    assert abs(found.slippage_bps - slipped - d("0.0444")) < d("0.01")


@pytest.mark.row("F03", "I14")
@pytest.mark.parametrize("away", ["100.1", "0.1"])
def test_books_too_thin_are_not_entered_and_the_reason_says_what_they_take(away: str) -> None:
    """0.0004 at the top and the next level beyond the limit, or none: too little for the perpetual's step."""
    rig = waiting()
    tops(rig, "0.0004")
    rig.feed(*(book_of(rig, symbol, "0.1", away) for symbol in (SPOT, PERP)))
    rig.fund("0.0003")
    rig.wait(1_000)
    assert not rig.sent
    assert rig.last.reason == (
        "the books take 0.0004 BTC within 10 bps, too little for a clip: BTC/USDT:USDT order quantity 0 BTC is below"
        " the venue's minimum of 0.001"
    )


@pytest.mark.row("F03")
@pytest.mark.parametrize(
    "symbol, side, price, resting",
    [(PERP, Side.BUY, "44999.9", "bid"), (SPOT, Side.SELL, "45000.1", "ask")],
)
def test_an_order_of_ours_in_the_way_of_an_entry_is_named(
    symbol: str, side: Side, price: str, resting: str
) -> None:
    """The books take 5 BTC at once, and none of it short of the grid's own order: that is the cause."""
    rig = waiting()
    ref = ref_of(1, symbol)
    rig.feed(placed(ref, side, "0.01", price, time_ms=rig.now_ms))
    rig.fund("0.0003")
    rig.wait(1_000)
    assert not rig.sent
    assert rig.last.reason == (
        f"the books take 0 BTC within 10 bps and short of our own {resting} of {price} in {symbol}, too little for a"
        " clip: BTC/USDT:USDT order quantity 0 BTC is below the venue's minimum of 0.001"
    )
    rig.feed(canceled(ref))
    rig.wait(1_000)
    assert [one.symbol for one in rig.places()] == [SPOT]


@pytest.mark.row("F03", "I14")
def test_an_order_of_ours_behind_thin_books_is_not_blamed() -> None:
    """The best prices hold 0.0004 and nothing lies behind: without the grid's bid there would be no more."""
    rig = waiting()
    tops(rig, "0.0004")
    rig.feed(placed(ref_of(1, PERP), Side.BUY, "0.01", "44990", time_ms=rig.now_ms))
    rig.fund("0.0003")
    rig.wait(1_000)
    assert rig.last.reason.startswith("the books take 0.0004 BTC within 10 bps, too little")


def test_an_old_book_is_not_believed() -> None:
    """Three seconds without a new one: only the top counts again."""
    rig = waiting(tick_age_ms_max=3_000)
    rig.feed(*(book_of(rig, symbol, "0.1", "9.1") for symbol in (SPOT, PERP)))
    rig.wait(4_000)
    tops(rig, "0.006")
    rig.feed(funding_of("0.0003", rig.now_ms))
    assert rig.next().quantity < d("0.00601")


@pytest.mark.row("F02")
def test_a_basis_that_gives_more_than_staying_is_taken() -> None:
    """126 bps of funding to come: at 150 below spot it stays, at 170 leaving pays beyond a whole round trip's costs."""
    rig = CarryRig()
    entered(rig)
    rig.tick(PERP, str(45_000 - 675))
    assert rig.steps()[-1] == "neutral"
    rig.tick(SPOT, "45000")
    rig.tick(PERP, str(45_000 - 765))
    assert rig.steps()[-1] == "exiting"
    (found,) = outlooks(rig, "exiting")
    assert found.return_bps == (
        found.funding_bps + found.basis_bps - found.fees_bps - found.slippage_bps
    )
    assert (found.funding_bps, found.quantity) == (d("-126"), rig.state.books.spot.quantity)
    assert rig.next().side is Side.SELL


def test_a_basis_of_prices_that_are_too_old_moves_nobody() -> None:
    """The perpetual fell while spot said nothing: that is no basis."""
    rig = CarryRig(carry_setup(tick_age_ms_max=2_000))
    entered(rig)
    for _ in range(30):
        rig.wait(100)
        rig.tick(PERP, "45000")
    rig.tick(PERP, str(45_000 - 765))
    assert rig.steps()[-1] == "neutral"


@pytest.mark.row("F03")
def test_what_an_entry_was_judged_by_can_be_judged_again() -> None:
    """The step holds prices, sizes, rate and dates: from them alone come the same parts and the same yes."""
    rig = CarryRig()
    entered(rig)
    recorded = outlooks(rig, "entering")
    assert len(recorded) == rig.steps().count("entering") == 2
    for found in recorded:
        basis = (found.perp_bid - found.spot_ask) / found.spot_ask * 10_000
        assert found.basis_bps == basis.quantize(d("0.0001"))
        assert found.funding_bps == found.settlements * found.funding_rate * 10_000
        assert found.return_bps == (
            found.funding_bps + found.basis_bps - found.fees_bps - found.slippage_bps
        )
        assert (found.settlements, found.interval_hours) == (42, 8)
        assert judged(found, rig.state.settings) == ""
        assert judged(found, carry_setup(basis_bps_min=Decimal(1)).settings) != ""
    rules = rules_of(SPOT, taker_fee="0.001")
    assert recorded[0].fees_bps == (rules.taker_fee + d("0.0005")) * 2 * 10_000
