"""Two counts of drawn days that share no code, the platform's and the judge's; and `verify` over a wrong fold."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.cli.verify_books import StoredBooks, fold, projections_equal_fold, state_hash
from opensqt.cli.verify_evidence import JudgedEvent
from opensqt.domain.ledger import Ledger, LedgerTable
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import AnchorSet, PositionAdopted, SagaStep, StrategyStarted
from opensqt.oracle.journal_account import JournalAccount
from opensqt.oracle.tables import COLUMNS, rows_hash
from opensqt.runtime.projection import tables
from opensqt.runtime.projection.tables import rows
from tests.ledgers import ACCOUNT, SPOT, VENUE, Day, folded

Told = dict[str, set[tuple[Any, ...]]]
BEFORE: list[Event] = [
    StrategyStarted(
        strategy="grid", run=1, config_hash="c", code_version="v", state_fingerprint="f", time_ms=1
    ),
    PositionAdopted(
        strategy="grid",
        venue=VENUE,
        account=ACCOUNT,
        symbol=SPOT,
        quantity=Decimal("0.7"),
        entry_price=Decimal("99.5"),
        time_ms=1,
    ),
]
MEANWHILE = Adjustment(
    venue=VENUE,
    account=ACCOUNT,
    symbol=SPOT,
    strategy="grid",
    quantity=Decimal("-0.03"),
    evidence_hash="",
    detail="",
    time_ms=5,
)
AFTER: list[Event] = [
    AnchorSet(
        strategy="late",
        symbol=SPOT,
        anchor_price=Decimal(1),
        step_price=Decimal(1),
        reason="",
        time_ms=5,
    ),
    SagaStep(
        strategy="carry",
        saga_id="s",
        step="entering",
        spot_quantity=Decimal("0.10"),
        perp_quantity=Decimal(0),
        detail="",
        time_ms=2,
    ),
]


def more(seed: int) -> list[Event]:
    """Return a day with what strategies and the reconciler do in it, and some facts told again."""
    facts = Day(seed, orders=60).facts
    facts.insert(len(facts) // 2, MEANWHILE)
    return [*BEFORE, *facts, *AFTER, *facts[:20]]


def untold(fact: Event) -> Event:
    """Return a trade of a perpetual as a venue tells it that does not say what it gained."""
    if not isinstance(fact, Fill) or ":" not in fact.ref.symbol:
        return fact
    return msgspec.structs.replace(fact, realized_pnl=Decimal(0), realized_untold=True)


@pytest.mark.row("A05", "I02")
@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("seed", range(12))
def test_two_counts_of_the_same_days_agree(seed: int, told: bool) -> None:
    """The platform's fold and the judge's, which share no code, make the same rows after every fact."""
    facts = more(seed) if told else list(map(untold, more(seed)))
    books, account = Ledger(), JournalAccount()
    for at, fact in enumerate(facts, start=1):
        books.fold(at, fact)
        account.hear(fact)
        if at % 25 and at != len(facts):
            continue
        ours: Told = {t.value: found for t, found in rows(books).items() if t.value in COLUMNS}
        assert ours == account.rows()
        assert rows_hash(ours) == rows_hash(account.rows())
    assert account.ownerless == len(books.parked)


MUTANTS: dict[str, tuple[LedgerTable, int]] = {
    "the sign of a funding payment": (LedgerTable.FUNDING, 5),
    "the sign of a position's funding": (LedgerTable.POSITIONS, 6),
    "the sign of a wallet's funding": (LedgerTable.BALANCES, 9),
    "the sign of fees": (LedgerTable.POSITIONS, 7),
    "the sign of the profit": (LedgerTable.HOLDINGS, 6),
    "what was filled": (LedgerTable.ORDERS, 12),
}


@pytest.mark.row("K14", "A05")
@pytest.mark.parametrize("what", MUTANTS)
def test_verify_finds_a_fold_that_is_wrong_everywhere(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Projections made by the same wrong fold agree with it; the judge's count disagrees with both."""
    table, at = MUTANTS[what]
    rightly = tables._ROWS[table]

    def wrongly(books: Ledger, key: tuple[str, ...]) -> tuple[Any, ...] | None:
        row = rightly(books, key)
        return None if row is None else (*row[:at], row[at] * -1, *row[at + 1 :])

    facts = Day(3).facts
    monkeypatch.setitem(tables._ROWS, table, wrongly)
    live = StoredBooks(
        position=len(facts),
        tables={table.value: found for table, found in rows(folded(facts)).items()},
        snapshot=None,
    )
    told = [
        JudgedEvent(position=n, actor="executor", occurred_ms=n, message=fact)
        for n, fact in enumerate(facts, start=1)
    ]
    made = fold(told, live)
    for check in (projections_equal_fold(live, made), state_hash(live, made)):
        assert not check.holds
        assert table.value in check.detail


@pytest.mark.row("I02")
def test_the_tables_have_the_columns_that_the_judge_expects() -> None:
    """What is projected is named as the judge names it."""
    shapes = {table.value: shape.columns for table, shape in tables.SHAPES.items()}
    assert {name: shapes[name] for name in COLUMNS} == COLUMNS
