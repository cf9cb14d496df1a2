"""An account whose one wallet serves both markets: ledger, judge, reconciler and carry count in it as in two."""

from collections import defaultdict
from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.account import Deposit, FundingPaid, SnapshotBalance
from opensqt.domain.instruments import Market
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.domain.recon_events import DiscrepancyKind
from opensqt.domain.wallets import serves, serving, wallet_of
from opensqt.oracle.journal_account import JournalAccount
from tests.ledgers import Day, folded
from tests.reconciling import Desk, kinds
from tests.unit.services.reconciler.test_reconciliation_changes import FACTS, TRUTH, looked

JOINT = wallet_of(Market)
SEEDS = range(20)


def joined(facts: list[Event]) -> list[Event]:
    """Return the same facts at a venue that books everything in one wallet."""
    booked = (Deposit, Fill, FundingPaid)
    return [
        msgspec.structs.replace(fact, wallet=JOINT) if isinstance(fact, booked) else fact
        for fact in facts
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_one_wallet_holds_what_two_would(seed: int) -> None:
    """Deposits, trades of both markets, fees and funding of a random day sum up in it to the last digit."""
    day = Day(seed)
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for (_, asset), total in day.wallets.items():
        sums[asset] += total
    books = folded(joined(day.facts))
    assert {key[2] for key in books.wallets} == {JOINT}
    assert {key[3]: wallet.total for key, wallet in books.wallets.items()} == dict(sums)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_judge_counts_the_same_wallet(seed: int) -> None:
    """The oracle shares no fold with the ledger and comes to its rows."""
    facts = joined(Day(seed).facts)
    judge = JournalAccount()
    for fact in facts:
        judge.hear(fact)
    told = {(row[2], row[3]): row[4] for row in judge.rows()["balances"]}
    books = folded(facts)
    assert told == {(key[2], key[3]): wallet.total for key, wallet in books.wallets.items()}


def shown(usdt: str) -> dict[str, tuple[SnapshotBalance, ...]]:
    """Return what the venue shows of its one wallet."""
    totals = (("USDT", usdt), ("BTC", "3"))
    return {
        "balances": tuple(
            SnapshotBalance(wallet=JOINT, asset=asset, total=Decimal(total), free=Decimal(0))
            for asset, total in totals
        )
    }


@pytest.mark.parametrize(
    "usdt, found", [("1499.95", set()), ("1499.94", {DiscrepancyKind.BALANCE})]
)
def test_the_reconciler_compares_the_one_wallet(usdt: str, found: set[DiscrepancyKind]) -> None:
    """What two wallets held together is no discrepancy in one; a cent off is."""
    desk = Desk()
    desk.write(*joined(FACTS))
    for evidence in ("one", "two"):
        looked(desk, evidence, {**TRUTH, **shown(usdt)})
    assert set(kinds(desk)) == found


def test_a_wallet_serves_the_markets_that_name_it() -> None:
    """A market is booked in the wallet that serves it, in one of its own where none does."""
    assert serves(JOINT, Market.SPOT)
    assert serves(JOINT, Market.PERP)
    assert not serves("spot", Market.PERP)
    assert serving(("funding", "spot"), Market.SPOT) == "spot"
    assert serving(("spot",), Market.PERP) == "perp"
