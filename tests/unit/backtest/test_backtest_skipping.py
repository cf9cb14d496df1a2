"""Passing over what cannot matter: the same orders, trades and books as walking through every row."""

import tempfile
from decimal import Decimal
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from opensqt.backtest.backtest import BacktestTerms, prepared
from opensqt.backtest.run import BacktestRun
from opensqt.domain.intent import CancelIntent
from opensqt.domain.ledger_content import content
from opensqt.domain.order_events import CancelRequested, IntentPlaced
from opensqt.runtime.config.all import Config
from tests.unit.backtest.brute_force import Asked, Match, Row, matched
from tests.unit.backtest.desks import BEGIN_MS, Quote, config, desks, quotes_file, ran, walks, write

TRADES = "time_ms,price,quantity,taker"
# Shrinking a find plays thousands of desks, for longer than a run of all tests may last: it is shown as it was found.
QUICK = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target),
)


def both(desk: Config, *files: Path) -> tuple[BacktestRun, BacktestRun]:
    """Run a desk twice: passing over what it may, and through every row."""
    return ran(desk, *files), ran(desk, *files, every_row=True)


def same(skipped: BacktestRun, stepped: BacktestRun) -> None:
    """Judge two runs by all they say, to the last digit."""
    assert skipped.desk.intents == stepped.desk.intents
    assert list(skipped.desk.books.ledger.fills.values()) == list(
        stepped.desk.books.ledger.fills.values()
    )
    assert content(skipped.desk.books.ledger) == content(stepped.desk.books.ledger)


@pytest.mark.row("J13")
@pytest.mark.row("I23")
@QUICK
@given(desk=desks, quotes=walks())
def test_skipping_and_stepping_are_the_same_on_any_path(desk: Config, quotes: list[Quote]) -> None:
    """Any ladder on any walk of quotes: every intent, every trade and the whole ledger are equal."""
    with tempfile.TemporaryDirectory() as folder:
        same(*both(desk, quotes_file(Path(folder), quotes)))


@pytest.mark.row("J13")
def test_a_closing_order_that_follows_the_best_price_keeps_its_grid_awake(tmp_path: Path) -> None:
    """A level to be closed above the ask is closed at the ask; once that has moved on by a step, so does the order."""
    rows = (
        (4, "60006.0", "0.038", "0.005"),
        (5, "60096.0", "0.007", "0.035"),
        (6, "60096.0", "0.039", "0.007"),
        (7, "60006.0", "0.014", "0.017"),
        (10, "60126.0", "0.024", "0.001"),
        (12, "59946.0", "0.003", "0.030"),
        (13, "59952.0", "0.002", "0.007"),
        (14, "59952.9", "0.022", "0.008"),
        (16, "59922.0", "0.030", "0.002"),
        (4017, "59952.0", "0.009", "0.027"),
        (4018, "59958.0", "0.006", "0.019"),
    )
    quotes: list[Quote] = [
        (BEGIN_MS + ms, bid, bid_size, str(Decimal(bid) + Decimal("0.1")), ask_size)
        for ms, bid, bid_size, ask_size in rows
    ]
    desk = config(
        step_bps="5", levels=4, notional="1500", latency_ms=0, more='ladder = "geometric"'
    )
    skipped, stepped = both(desk, quotes_file(tmp_path, quotes))
    moved = [one for one in stepped.desk.intents if one.created_ms == BEGIN_MS + 4018]
    assert any(isinstance(one, CancelIntent) for one in moved)
    same(skipped, stepped)


@pytest.mark.row("J13")
@QUICK
@given(desk=desks, quotes=walks(60), data=st.data())
def test_trades_between_quotes_do_not_part_them(
    desk: Config, quotes: list[Quote], data: st.DataObject
) -> None:
    """Public trades at, through and beside our levels fill the same orders in both."""
    rows: list[tuple[object, ...]] = []
    for time_ms, bid, _, ask, _ in quotes:
        if data.draw(st.booleans()):
            sold = data.draw(st.booleans())
            away = data.draw(st.sampled_from(("0", "0.1", "30", "90")))
            price = Decimal(bid) - Decimal(away) if sold else Decimal(ask) + Decimal(away)
            size = f"0.{data.draw(st.integers(1, 50)):03d}"
            rows.append((time_ms, price, size, "sell" if sold else "buy"))
    rows = rows or [(quotes[0][0], quotes[0][3], "0.001", "buy")]
    with tempfile.TemporaryDirectory() as folder:
        trades = write(Path(folder) / "usdm_btcusdt_trades.csv", TRADES, rows)
        same(*both(desk, quotes_file(Path(folder), quotes), trades))


@pytest.mark.row("J13")
@QUICK
@given(desk=desks, quotes=walks())
def test_a_matcher_of_its_own_finds_the_same_trades(desk: Config, quotes: list[Quote]) -> None:
    """A loop over all rows and all orders, which knows no book, makes the same trades at the same times."""
    with tempfile.TemporaryDirectory() as folder:
        run = _recorded(desk, quotes_file(Path(folder), quotes))
    rows = [Row(row[0], *map(Decimal, row[1:])) for row in quotes]
    wanted = matched(rows, _asked(run, desk.backtest.latency_ms))
    ledger = run[0].desk.books.ledger
    late_ms = desk.backtest.latency_ms
    heard = [one for one in wanted if one.time_ms + late_ms <= run[0].agenda.now_ms]
    found = [
        Match(fill.ref.client_order_id, fill.time_ms, fill.price, fill.quantity)
        for fill in ledger.fills.values()
    ]
    assert found == heard[: len(found)]
    assert len(heard) - len(found) <= sum(
        one.time_ms + late_ms == run[0].agenda.now_ms for one in heard
    ), "only what arrives with the last row is not heard any more"


Recorded = tuple[BacktestRun, list[IntentPlaced | CancelRequested]]


def _recorded(desk: Config, path: Path) -> Recorded:
    run = prepared(desk, [str(path)], BacktestTerms())
    facts: list[IntentPlaced | CancelRequested] = []
    run.desk.books.listeners.append(
        lambda fact: (
            facts.append(fact) if isinstance(fact, IntentPlaced | CancelRequested) else None
        )
    )
    run.run()
    return run, facts


def _asked(recorded: Recorded, latency_ms: int) -> list[Asked]:
    _, facts = recorded
    gone = {
        fact.ref.client_order_id: fact.time_ms + latency_ms
        for fact in facts
        if isinstance(fact, CancelRequested)
    }
    return [
        Asked(
            name=fact.ref.client_order_id,
            arrive_ms=fact.time_ms + latency_ms,
            gone_ms=gone.get(fact.ref.client_order_id),
            sign=fact.side.sign,
            price=fact.price,
            quantity=fact.quantity,
            reduce_only=fact.reduce_only,
        )
        for fact in facts
        if isinstance(fact, IntentPlaced)
    ]


@pytest.mark.row("J13")
def test_a_grid_that_waits_is_asked_hardly_ever(tmp_path: Path) -> None:
    """Between two levels ten thousand quotes pass without one decision: the wait is used, not only stated."""
    quotes: list[Quote] = [
        (
            1_735_689_600_000 + 10 * number,
            f"60000.{number % 7}",
            "1",
            f"60000.{number % 7 + 1}",
            "1",
        )
        for number in range(10_000)
    ]
    run = ran(config(step_bps="20"), quotes_file(tmp_path, quotes))
    assert run.market.rows == 10_000
    assert run.desk.seats[0].asleep
    assert run.desk.decisions < 200
