"""What each strategy earned adds up to the account's, and what is unknown stays unknown."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.account import FundingPaid
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.domain.ledger import Ledger, LedgerTable
from opensqt.domain.profit import (
    NOBODY,
    Booked,
    Charge,
    Earned,
    Share,
    by_strategy,
    by_symbol,
    total,
)
from opensqt.runtime.projection.tables import SHAPES, rows
from tests.ledgers import ACCOUNT, PERP, SPOT, VENUE, Day, fill, folded, opened, ref_of

OWNERLESS = msgspec.structs.replace(ref_of(9), client_order_id="", strategy="")
MARKS = {(VENUE, SPOT): Decimal("103.7"), (VENUE, PERP): Decimal("96.1")}


def booked(books: Ledger, marks: dict[tuple[str, str], Decimal]) -> Booked:
    """Return what the command reads, from the projections of these books."""
    tables: dict[LedgerTable, list[dict[str, Any]]] = {
        table: [dict(zip(SHAPES[table].columns, row, strict=True)) for row in found]
        for table, found in rows(books).items()
    }
    paid = [row | {"fee_at_price": row["fee"] * row["price"]} for row in tables[LedgerTable.FILLS]]
    funded: dict[tuple[str, str, str], set[str]] = {}
    for row in tables[LedgerTable.FUNDING]:
        funded.setdefault((row["venue"], row["account"], row["symbol"]), set()).add(row["asset"])
    return Booked(
        nets=msgspec.convert(tables[LedgerTable.POSITIONS], tuple[Share, ...]),
        holdings=msgspec.convert(tables[LedgerTable.HOLDINGS], tuple[Share, ...]),
        charges=msgspec.convert(paid, tuple[Charge, ...]),
        funded=funded,
        prices=marks,
    )


def told(books: Ledger, marks: dict[tuple[str, str], Decimal]) -> list[Earned]:
    """Return what each strategy earned."""
    return by_strategy(booked(books, marks))


def paid_funding(amount: str, asset: str, income_id: str = "i") -> FundingPaid:
    """Return a funding payment of the perpetual."""
    return FundingPaid(
        venue=VENUE,
        account=ACCOUNT,
        symbol=PERP,
        asset=asset,
        amount=Decimal(amount),
        income_id=income_id,
        time_ms=5,
    )


@pytest.mark.row("K11", "I16")
@pytest.mark.parametrize("seed", range(30))
def test_the_strategies_add_up_to_what_the_trades_and_funding_brought(seed: int) -> None:
    """Cash in and out of every trade, what is held at its mark, fees and funding: equal to the last digit."""
    day = Day(seed, orders=60)
    books = folded(day.facts)
    lines = told(books, MARKS)
    cash = ZERO
    for one in books.fills.values():
        mark = MARKS[VENUE, one.ref.symbol]
        cash += one.side.sign * one.quantity * (mark - one.price) - one.fee
    cash += sum((paid.amount for paid in books.funding.values()), ZERO)
    assert total(line.net_pnl for line in lines) == cash
    assert total(line.net_pnl for line in by_symbol(booked(books, MARKS))) == cash
    for symbol in (SPOT, PERP):
        held = sum((line.quantity for line in lines if line.symbol == symbol), ZERO)
        assert held == day.held[symbol]


@pytest.mark.row("K11")
@pytest.mark.parametrize("by", [by_strategy, by_symbol])
def test_a_fee_in_a_third_asset_counts_at_its_mark_or_is_unknown(by: Any) -> None:
    """Ten dollars of fees in BNB are never 0, neither of the strategy nor of the account."""
    ref = ref_of(1, SPOT)
    paid = fill(ref, "t1", "1", fee=Decimal("0.02"), fee_asset="BNB")
    books = folded([*opened(ref), paid])
    (line,) = by(booked(books, MARKS))
    assert (line.fees, line.net_pnl, line.unpriced) == (None, None, ("BNB",))
    (line,) = by(booked(books, MARKS | {(VENUE, "BNB/USDT"): Decimal(500)}))
    assert (line.fees, line.net_pnl, line.unpriced) == (Decimal(10), Decimal("-6.3"), ())


@pytest.mark.row("K11")
def test_funding_counts_in_the_asset_in_which_it_was_paid() -> None:
    """0.01 BNB are five dollars at 500 and unknown without a price; what came in two assets is unknown."""
    ref = ref_of(1)
    facts = [*opened(ref), fill(ref, "t1", "1"), paid_funding("0.01", "BNB")]
    (line,) = told(folded(facts), MARKS)
    assert (line.funding, line.net_pnl, line.unpriced) == (None, None, ("BNB",))
    prices = MARKS | {(VENUE, "BNB/USDT"): Decimal(500)}
    (line,) = told(folded(facts), prices)
    assert (line.funding, line.net_pnl) == (Decimal(5), Decimal("1.09"))
    (line,) = told(folded([*facts, paid_funding("1", "USDT", "j")]), prices)
    assert (line.funding, line.net_pnl, line.unpriced) == (None, None, ("BNB", "USDT"))


def test_an_unknown_mark_is_unknown_until_nothing_is_held() -> None:
    """What is flat earned what it earned, whatever the price."""
    ref, back = ref_of(1), ref_of(2)
    facts = [*opened(ref), fill(ref, "t1", "1")]
    (line,) = told(folded(facts), {})
    assert (line.unrealized_pnl, line.net_pnl, line.round_trips) == (None, None, 0)
    closing = fill(back, "t2", "1", side=Side.SELL, price=Decimal(101))
    (line,) = told(folded([*facts, *opened(back, Side.SELL), closing]), {})
    assert (line.unrealized_pnl, line.net_pnl) == (ZERO, Decimal("0.98"))
    assert line.round_trips == 1


@pytest.mark.row("K11")
def test_a_round_trip_is_an_order_that_closed_to_its_last_unit() -> None:
    """Three trades of one sale are one; a sale that was not filled whole is none; nor is what opens a short."""
    ref, sale, half, short = ref_of(1), ref_of(2), ref_of(3), ref_of(4)
    facts = [*opened(ref, quantity="3"), fill(ref, "t1", "3"), *opened(sale, Side.SELL, "2")]
    for number, quantity in enumerate(("0.5", "0.5", "1"), start=2):
        (line,) = told(folded(facts), MARKS)
        assert line.round_trips == 0
        facts.append(fill(sale, f"t{number}", quantity, side=Side.SELL, price=Decimal(101)))
    facts += [*opened(half, Side.SELL, "1"), fill(half, "t5", "0.4", side=Side.SELL)]
    opening = msgspec.structs.replace(opened(short, Side.SELL)[0], purpose=Purpose.OPEN)
    facts += [opening, fill(short, "t6", "1", side=Side.SELL)]
    (line,) = told(folded(facts), MARKS)
    assert line.round_trips == 1


@pytest.mark.row("K11")
def test_a_sale_whose_owner_is_known_later_is_a_round_trip_all_the_same() -> None:
    """The trade comes before anybody knows whose order it is of."""
    ref, sale = ref_of(1), ref_of(2)
    early = fill(sale, "t2", "1", side=Side.SELL)
    nameless = msgspec.structs.replace(early.ref, client_order_id="", strategy="")
    early = msgspec.structs.replace(early, ref=nameless)
    facts = [*opened(ref), fill(ref, "t1", "1"), early, *opened(sale, Side.SELL)]
    (line,) = told(folded(facts), MARKS)
    assert line.round_trips == 1


def test_a_trade_without_an_owner_is_nobodys() -> None:
    """It stands beside the strategies instead of vanishing from the sum."""
    stray = fill(OWNERLESS, "t1", "1")
    (line,) = told(folded([stray]), MARKS)
    assert (line.strategy, line.quantity) == (NOBODY, Decimal(1))
    assert line.net_pnl == Decimal("-3.91")
