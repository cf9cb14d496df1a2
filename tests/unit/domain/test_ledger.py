"""The books: every trade once, every wallet to the last digit, the same bytes for the same journal."""

from decimal import Decimal

import pytest

from opensqt.domain.account import FundingPaid
from opensqt.domain.instruments import Market, Side
from opensqt.domain.ledger import Ledger, LedgerTable
from opensqt.domain.ledger_content import NotBooks, content, digest, fingerprint, restore
from opensqt.domain.ledger_wallet import assets_of
from opensqt.domain.order_events import OrderRef
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.recon_events import Adjustment, Transferred
from tests.ledgers import ACCOUNT, PERP, SPOT, VENUE, Day, deposit, fill, folded, opened, ref_of

SEEDS = range(20)
PLACE = (VENUE, ACCOUNT, PERP)


def stray(symbol: str = PERP, client_order_id: str = "") -> OrderRef:
    """Name an order that nobody knows."""
    return OrderRef(
        client_order_id=client_order_id,
        intent_id="",
        attempt=0,
        strategy="",
        venue=VENUE,
        account=ACCOUNT,
        symbol=symbol,
    )


@pytest.mark.row("J09")
@pytest.mark.parametrize("seed", SEEDS)
def test_wallets_are_the_venues_to_the_last_digit(seed: int) -> None:
    """Opening balances, trades, fees and funding of a random day make exactly the venue's balances."""
    day = Day(seed)
    books = folded(day.facts)
    ours = {(key[2], key[3]): wallet.total for key, wallet in books.wallets.items()}
    assert ours == dict(day.wallets)
    nets = {place[2]: net.position.quantity for place, net in books.nets.items()}
    assert nets == {symbol: held for symbol, held in day.held.items() if symbol in nets}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_strategies_hold_is_what_the_account_holds(seed: int) -> None:
    """No trade is lost between the owners: parked ones find theirs, and the sum is the net."""
    books = folded(Day(seed).facts)
    assert books.parked == set()
    for place, net in books.nets.items():
        held = [one for key, one in books.holdings.items() if key[1:] == place]
        assert sum(one.quantity for one in held) == net.position.quantity
        assert sum(one.fills for one in held) == net.position.fills
        assert sum(one.funding for one in held) == (net.position.funding if held else 0)


@pytest.mark.row("A05")
@pytest.mark.parametrize("seed", SEEDS)
def test_folding_again_gives_the_same_bytes(seed: int) -> None:
    """Books folded twice, or put away and restored in the middle, have one digest."""
    facts = Day(seed).facts
    books = folded(facts)
    half = restore(content(folded(facts[: len(facts) // 2])))
    assert digest(folded(facts)) == digest(books)
    assert digest(folded(facts[len(facts) // 2 :], half)) == digest(books)


@pytest.mark.row("A05")
def test_a_digest_does_not_know_the_order_of_insertion() -> None:
    """The same entries in dictionaries of another order make the same bytes; another entry does not."""
    books, other = folded(Day(1).facts), folded(Day(1).facts)
    other.index.orders = dict(reversed(other.orders.items()))
    other.wallets = dict(reversed(other.wallets.items()))
    assert digest(other) == digest(books)
    other.orders.popitem()
    assert digest(other) != digest(books)


@pytest.mark.row("A09")
def test_bytes_that_are_no_books_are_refused() -> None:
    """Neither a torn end nor another form passes for books."""
    form = content(folded(Day(1).facts))
    for wrong in (form[:-1], b"", b"\x80"):
        with pytest.raises(NotBooks):
            restore(wrong)
    assert len(fingerprint()) == 64


def test_a_trade_counts_once() -> None:
    """The same trade told twice changes nothing the second time."""
    ref = ref_of(1)
    facts = [*opened(ref), fill(ref, "t1", "0.4")]
    once, twice = folded(facts), folded([*facts, facts[-1]])
    assert twice.nets == once.nets
    assert twice.wallets == once.wallets
    assert twice.orders == once.orders


def test_a_parked_trade_goes_to_its_order_when_that_appears() -> None:
    """A trade nobody owns counts in net and wallet at once, and is given to its order by the venue's id."""
    ref = ref_of(1)
    books = folded([fill(stray(), "t1", "0.4", venue_order_id="vi1")])
    assert books.nets[PLACE].position.quantity == Decimal("0.4")
    assert books.holdings == {}
    assert books.parked == {(*PLACE, "t1")}
    folded(opened(ref), books)
    assert books.parked == set()
    assert books.fills[*PLACE, "t1"].ref == ref
    assert books.holdings["grid", *PLACE].quantity == Decimal("0.4")
    assert books.orders[ref.client_order_id].phase is OrderStatus.PARTIALLY_FILLED


def test_a_parked_trade_goes_to_its_order_by_our_own_id() -> None:
    """The trade came before the plan of the order whose id it names."""
    ref = ref_of(1)
    books = folded([fill(stray(client_order_id=ref.client_order_id), "t1", "1"), *opened(ref)])
    assert books.orders[ref.client_order_id].phase is OrderStatus.FILLED


def test_spot_fees_are_taken_from_the_asset_they_are_paid_in() -> None:
    """A buy that pays its fee in base gets less base, and its quote fee is that at the trade's price."""
    ref = ref_of(1, SPOT)
    paid = fill(ref, "t1", "2", fee=Decimal("0.002"), fee_asset="BTC")
    books = folded([deposit(Market.SPOT, "USDT", "1000"), *opened(ref, quantity="2"), paid])
    assert books.wallets[VENUE, ACCOUNT, "spot", "BTC"].total == Decimal("1.998")
    assert books.wallets[VENUE, ACCOUNT, "spot", "USDT"].total == 800
    assert books.nets[VENUE, ACCOUNT, SPOT].fees_quote == Decimal("0.2")


@pytest.mark.row("I16")
def test_funding_is_booked_once_and_shared_by_what_each_holds() -> None:
    """Two owners of 1 and 3 share a payment 1:3, whatever it is, and the sum stays exact."""
    one, three = ref_of(1), ref_of(2, strategy="carry")
    paid = FundingPaid(
        venue=VENUE,
        account=ACCOUNT,
        symbol=PERP,
        asset="USDT",
        amount=Decimal("0.01"),
        income_id="7",
        time_ms=9,
    )
    facts = [*opened(one), fill(one, "1", "1"), *opened(three, quantity="3"), fill(three, "2", "3")]
    books = folded([*facts, paid, paid])
    assert books.holdings["grid", *PLACE].funding == Decimal("0.0025")
    assert books.holdings["carry", *PLACE].funding == Decimal("0.0075")
    assert books.wallets[VENUE, ACCOUNT, "perp", "USDT"].funding == Decimal("0.01")


def test_an_adjustment_moves_the_position_and_earns_nothing() -> None:
    """It is booked at average cost: no price is invented, no profit appears."""
    ref = ref_of(1)
    adjustment = Adjustment(
        venue=VENUE,
        account=ACCOUNT,
        symbol=PERP,
        strategy="grid",
        quantity=Decimal("-0.1"),
        evidence_hash="e",
        detail="d",
        time_ms=9,
    )
    books = folded([*opened(ref), fill(ref, "1", "1"), adjustment])
    assert books.nets[PLACE].position.quantity == Decimal("0.9")
    assert books.nets[PLACE].position.entry_price == 100
    assert books.nets[PLACE].position.realized_pnl == 0


def test_a_transfer_leaves_one_wallet_and_enters_the_other() -> None:
    """The sum over both wallets stays."""
    moved = Transferred(
        venue=VENUE,
        account=ACCOUNT,
        asset="USDT",
        amount=Decimal(5),
        from_wallet="spot",
        to_wallet="perp",
        time_ms=1,
    )
    books = folded([deposit(Market.SPOT, "USDT", "7"), moved])
    assert books.wallets[VENUE, ACCOUNT, "spot", "USDT"].total == 2
    assert books.wallets[VENUE, ACCOUNT, "perp", "USDT"].total == 5


def test_touched_names_what_changed() -> None:
    """A trade touches its order, itself, position, holding and wallets; taking it clears it."""
    ref = ref_of(1)
    books = folded(opened(ref))
    books.take_touched()
    books.fold(9, fill(ref, "1", "1", side=Side.BUY))
    tables = {table for table, _ in books.take_touched()}
    assert tables == {
        LedgerTable.FILLS,
        LedgerTable.ORDERS,
        LedgerTable.POSITIONS,
        LedgerTable.HOLDINGS,
        LedgerTable.BALANCES,
    }
    assert books.take_touched() == []
    assert isinstance(books, Ledger)


@pytest.mark.parametrize("wrong", ["BTCUSDT", "BTC/", "/USDT:USDT"])
def test_a_symbol_that_is_not_unified_is_refused(wrong: str) -> None:
    """Money is never booked under a name nobody can split."""
    with pytest.raises(ValueError, match="unified"):
        assets_of(wrong)
