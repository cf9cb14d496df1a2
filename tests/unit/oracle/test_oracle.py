"""The judge's own count of a journal, and the projections, row by row against figures worked out by hand."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.account import FundingPaid
from opensqt.domain.instruments import Market, Side
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Expired,
    NeverPlaced,
    OrderRef,
    Rejected,
    Submitting,
    Unresolved,
)
from opensqt.domain.recon_events import Transferred
from opensqt.oracle.journal_account import JournalAccount
from opensqt.oracle.tables import COLUMNS
from opensqt.runtime.projection.tables import rows
from tests.ledgers import (
    ACCOUNT,
    PERP,
    SPOT,
    VENUE,
    canceled,
    deposit,
    fill,
    folded,
    opened,
    placed,
    ref_of,
)

Told = dict[str, set[tuple[Any, ...]]]
NOBODY = OrderRef(
    client_order_id="",
    intent_id="",
    attempt=0,
    strategy="",
    venue=VENUE,
    account=ACCOUNT,
    symbol=PERP,
)


def by_services(facts: list[Event]) -> Told:
    """Return the rows that the platform projects."""
    return {table.value: found for table, found in rows(folded(facts)).items()}


def by_oracle(facts: list[Event]) -> Told:
    """Return the rows that the judge counts."""
    account = JournalAccount()
    for fact in facts:
        account.hear(fact)
    return account.rows()


COUNTS = pytest.mark.parametrize("count", [by_services, by_oracle])
Count = Callable[[list[Event]], Told]


def column(told: Told, table: str, name: str) -> set[Any]:
    """Return what one column of a table holds."""
    at = COLUMNS[table].index(name)
    return {row[at] for row in told[table]}


def funding(amount: str, income_id: str = "1") -> FundingPaid:
    """Return a funding payment in the perpetual, above zero when received."""
    return FundingPaid(
        venue=VENUE,
        account=ACCOUNT,
        symbol=PERP,
        asset="USDT",
        amount=Decimal(amount),
        income_id=income_id,
        time_ms=9,
    )


@COUNTS
@pytest.mark.row("K14", "I02")
def test_received_funding_is_above_zero_wherever_it_is_shown(count: Count) -> None:
    """Paid to us once: in its own row, in the wallet and its total, in the net, and by what each owner holds."""
    one, two = ref_of(1), ref_of(2, strategy="carry")
    facts = [deposit(Market.PERP, "USDT", "100"), *opened(one, quantity="3"), *opened(two)]
    facts += [fill(one, "1", "3", fee=Decimal(0)), fill(two, "2", "1", fee=Decimal(0))]
    facts += [funding("0.8"), funding("0.8"), funding("-0.4", "2")]
    told = count(facts)
    assert column(told, "funding", "amount") == {Decimal("0.8"), Decimal("-0.4")}
    assert column(told, "balances", "funding") == {Decimal("0.4")}
    assert column(told, "balances", "total") == {Decimal("100.4")}
    assert column(told, "positions", "funding") == {Decimal("0.4")}
    assert column(told, "holdings", "funding") == {Decimal("0.3"), Decimal("0.1")}


@COUNTS
@pytest.mark.row("K14", "I02")
def test_an_order_shows_what_was_traded_not_what_was_reported(count: Count) -> None:
    """The venue said 0.7 filled at the cancel; of 0.4 there are trades, and one of them came twice."""
    one = ref_of(1)
    trades = [fill(one, "1", "0.3"), fill(one, "2", "0.1"), fill(one, "1", "0.3")]
    told = count([*opened(one), *trades, canceled(one, "0.7")])
    assert column(told, "orders", "filled") == {Decimal("0.4")}
    assert column(told, "orders", "status") == {"canceled"}


@COUNTS
@pytest.mark.row("I02")
def test_a_position_that_turns_realises_its_whole_cost(count: Count) -> None:
    """2 at 100, 1 at 103, sell 4 at 110: (110-101)*3 earned, short 1 at 110."""
    one, two = ref_of(1), ref_of(2)
    sold = {"side": Side.SELL, "price": Decimal(110), "fee": Decimal(0)}
    facts = [*opened(one, quantity="3"), fill(one, "1", "2", fee=Decimal("0.5"))]
    facts += [fill(one, "2", "1", price=Decimal(103), fee=Decimal(0))]
    facts += [*opened(two, Side.SELL, quantity="4"), fill(two, "3", "4", **sold)]
    (row,) = count(facts)["positions"]
    numbers = dict(zip(COLUMNS["positions"], row, strict=True))
    assert numbers["quantity"] == -1
    assert numbers["entry_price"] == 110
    assert numbers["realized_pnl"] == 27
    assert numbers["cost"] == -110
    assert numbers["fees"] == Decimal("0.5")
    assert numbers["last_price"] == 110


@COUNTS
@pytest.mark.row("I02")
def test_a_part_that_is_sold_takes_its_share_of_the_cost(count: Count) -> None:
    """3 for 301 in all: of the third that goes 100.333… are given up, to the last kept digit."""
    one, two = ref_of(1), ref_of(2)
    facts = [
        *opened(one, quantity="3"),
        fill(one, "1", "2"),
        fill(one, "2", "1", price=Decimal(101)),
    ]
    facts += [*opened(two, Side.SELL), fill(two, "3", "1", side=Side.SELL, price=Decimal(105))]
    told = count(facts)
    assert column(told, "positions", "realized_pnl") == {Decimal("4.666666666666666667")}
    assert column(told, "positions", "cost") == {Decimal("200.666666666666666667")}
    assert column(told, "positions", "entry_price") == {Decimal("100.333333333333")}


@COUNTS
def test_a_trade_told_before_its_order_belongs_to_it_from_then_on(count: Count) -> None:
    """Nobody's at first; the venue's id of the order says whose it is as soon as it is known."""
    one = ref_of(1)
    stray = msgspec.structs.replace(fill(one, "1", "0.25"), ref=NOBODY)
    told = count([stray])
    assert column(told, "positions", "quantity") == {Decimal("0.25")}
    assert (told["holdings"], told["orders"]) == (set(), set())
    told = count([stray, *opened(one)])
    assert column(told, "fills", "client_order_id") == {one.client_order_id}
    assert column(told, "holdings", "quantity") == {Decimal("0.25")}
    assert column(told, "orders", "filled") == {Decimal("0.25")}
    assert column(told, "orders", "status") == {"partially_filled"}


@COUNTS
def test_spot_wallets_gain_what_was_bought_and_lose_what_was_paid(count: Count) -> None:
    """2 at 100 with a fee of 0.001 in the base asset, then 50 moved to the other wallet."""
    one = ref_of(1, SPOT)
    trade = fill(one, "1", "2", fee=Decimal("0.001"), fee_asset="BTC")
    moved = Transferred(
        venue=VENUE,
        account=ACCOUNT,
        asset="USDT",
        amount=Decimal(50),
        from_wallet="spot",
        to_wallet="perp",
        time_ms=9,
    )
    told = count([deposit(Market.SPOT, "USDT", "1000"), *opened(one, quantity="2"), trade, moved])
    totals = {(row[2], row[3]): row[4] for row in told["balances"]}
    assert totals == {
        ("spot", "USDT"): Decimal(750),
        ("spot", "BTC"): Decimal("1.999"),
        ("perp", "USDT"): Decimal(50),
    }
    assert column(told, "positions", "fees") == {Decimal("0.1")}


ENDS: dict[str, tuple[list[Event], str, str]] = {
    "planned": ([placed(ref_of(1))], "planned", ""),
    "sent": ([Submitting(ref=ref_of(1), epoch=1, deadline_ms=1, time_ms=5)], "submitting", ""),
    "in doubt": (
        [Unresolved(ref=ref_of(1), cause="no answer", fence_ms=1, evidence_hash="", time_ms=5)],
        "unresolved",
        "no answer",
    ),
    "refused": (
        [Rejected(ref=ref_of(1), code="-1", reason="no", evidence_hash="", time_ms=5)],
        "rejected",
        "-1 no",
    ),
    "absent": (
        [NeverPlaced(ref=ref_of(1), proof="two looks", evidence_hash="", time_ms=5)],
        "never_placed",
        "two looks",
    ),
    "absent, yet traded": (
        [
            NeverPlaced(ref=ref_of(1), proof="two looks", evidence_hash="", time_ms=5),
            fill(ref_of(1), "1", "0.5"),
        ],
        "partially_filled",
        "two looks",
    ),
    "expired": (
        [
            Expired(
                ref=ref_of(1),
                venue_order_id="v",
                filled_quantity=Decimal(0),
                reason="IOC",
                evidence_hash="",
                time_ms=5,
            )
        ],
        "expired",
        "IOC",
    ),
    "filled after its cancel": ([canceled(ref_of(1)), fill(ref_of(1), "1", "1")], "filled", "wish"),
}


@COUNTS
@pytest.mark.parametrize("name", ENDS)
def test_an_order_stands_where_its_evidence_says(count: Count, name: str) -> None:
    """Status and reason of each way that an order can go."""
    facts, status, reason = ENDS[name]
    told = count([placed(ref_of(1)), *facts])
    assert column(told, "orders", "status") == {status}
    assert column(told, "orders", "reason") == {reason}
