"""Rows for people: pure functions of the books, in one form."""

from decimal import Decimal

import pytest

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.ledger import Ledger, LedgerTable
from opensqt.domain.order_events import Rejected
from opensqt.domain.recon_events import Halted
from opensqt.domain.strategy_events import SagaStep, StrategyFaulted, StrategyStarted
from opensqt.runtime.projection.tables import SHAPES, everything, instant, row_of, rows, tidied
from tests.ledgers import PERP, Day, fill, folded, opened, ref_of


def told(books: Ledger, table: LedgerTable) -> list[dict[str, object]]:
    """Return the rows of a table by column."""
    return [dict(zip(SHAPES[table].columns, row, strict=True)) for row in rows(books)[table]]


@pytest.mark.row("I02")
@pytest.mark.parametrize("seed", range(5))
def test_rows_that_follow_each_change_are_the_rows_of_the_end(seed: int) -> None:
    """Writing only what a fact touched leaves the same tables as writing everything at the end."""
    books = Ledger()
    live: dict[tuple[LedgerTable, tuple[str, ...]], object] = {}
    for at, message in enumerate(Day(seed).facts, start=1):
        books.fold(at, message)
        for table, key in books.take_touched():
            row = row_of(books, table, key)
            live.pop((table, key), None)
            if row is not None:
                live[table, key] = row
    assert live == {(table, key): row_of(books, table, key) for table, key in everything(books)}


def test_an_order_row_says_where_it_is_and_why() -> None:
    """Price and size as ordered, what was filled, the last word and its time."""
    ref = ref_of(1)
    refused = Rejected(ref=ref, code="-2010", reason="no money", evidence_hash="", time_ms=7)
    (row,) = told(folded([opened(ref, price="61846.70")[0], refused]), LedgerTable.ORDERS)
    assert row["status"] == "rejected"
    assert row["reason"] == "-2010 no money"
    assert str(row["price"]) == "61846.7"
    assert row["updated_at"] == instant(7)
    (row,) = told(folded([*opened(ref), fill(ref, "1", "0.25")]), LedgerTable.ORDERS)
    assert (row["filled"], row["venue_order_id"]) == (Decimal("0.25"), "vi1")


def test_a_lifted_halt_and_a_released_kill_leave_no_row() -> None:
    """What is over is not shown."""
    kill = KillLatched(scope="desk", reason="r", actor="a", time_ms=1)
    books = folded(
        [kill, Halted(scope=f"binance/main/{PERP}", mode="REDUCING", reason="d", time_ms=2)]
    )
    assert {row["mode"] for row in told(books, LedgerTable.HALTS)} == {"KILLED", "REDUCING"}
    books.take_touched()
    folded([KillReleased(scope="desk", reason="r", actor="a", time_ms=3)], books)
    assert told(books, LedgerTable.HALTS) == []
    gone = (("kill", "desk"), ("halt", f"binance/main/{PERP}"))
    assert books.take_touched() == [(LedgerTable.HALTS, key) for key in gone]


def test_strategies_and_sagas_have_their_newest_state() -> None:
    """A later step replaces an earlier one; a fault stays until the next start."""
    started = StrategyStarted(
        strategy="carry", run=2, config_hash="c", code_version="v", state_fingerprint="f", time_ms=1
    )
    steps = [
        SagaStep(
            strategy="carry",
            saga_id="s",
            step=step,
            spot_quantity=Decimal("0.10"),
            perp_quantity=Decimal(0),
            detail="",
            time_ms=2,
        )
        for step in ("entering", "hedging")
    ]
    fault = StrategyFaulted(strategy="carry", error="boom", time_ms=3)
    books = folded([started, *steps, fault])
    assert [row["step"] for row in told(books, LedgerTable.SAGAS)] == ["hedging"]
    assert [(row["run"], row["fault"]) for row in told(books, LedgerTable.STRATEGIES)] == [
        (2, "boom")
    ]


@pytest.mark.parametrize(
    "number, text",
    [("1.500", "1.5"), ("0E-18", "0"), ("-0.0", "0"), ("1E+3", "1000"), ("-12", "-12")],
)
def test_numbers_have_one_form(number: str, text: str) -> None:
    """No trailing zeros, no exponent, no minus zero."""
    assert str(tidied(Decimal(number))) == text
