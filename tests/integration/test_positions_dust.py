"""What `opensqt positions` says of a holding that no order can sell."""

from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.cli.main import main
from opensqt.cli.positions import STRATEGY_COLUMNS
from opensqt.desk.error import USAGE
from opensqt.desk.runfile import RunFile, write_run
from tests.integration.test_reconciler_verbs import Capture, execute, fill_journal, said, wait
from tests.ledgers import SPOT


@pytest.mark.row("K06")
def test_positions_name_what_each_owner_cannot_sell(
    postgres_dsn: str, tmp_path: Path, capsys: Capture
) -> None:
    """Nothing is said while the smallest order is unknown; then what is below it, owner by owner."""
    wait(fill_journal(postgres_dsn))
    write_run(tmp_path, RunFile(postgres_dsn=postgres_dsn))
    _, before = said(capsys, "positions", "--data", str(tmp_path))
    assert {line["dust"] for line in before} == {None}
    smallest = f"('binance', '{SPOT}', 100, 1, now(), 0.01, 0.01, 5)"
    wait(execute(postgres_dsn, f"INSERT INTO view.marks VALUES {smallest}"))  # our own words
    spot = f"WHERE symbol = '{SPOT}'"
    for held, dust in (("0.123", "0.003"), ("0.049", "0.049")):
        wait(
            execute(postgres_dsn, f"UPDATE view.holdings SET quantity = {held} {spot}")
        )  # our own words
        _, lines = said(capsys, "positions", "--data", str(tmp_path))
        (line,) = [line for line in lines if line["symbol"] == SPOT]
        assert Decimal(line["dust"]) == 2 * Decimal(dust)


@pytest.mark.row("K11")
def test_positions_by_strategy_add_up_to_the_net(
    postgres_dsn: str, tmp_path: Path, capsys: Capture
) -> None:
    """Every column is told from the tables of the journal, and quantities and results add up to the net's."""
    wait(fill_journal(postgres_dsn))
    write_run(tmp_path, RunFile(postgres_dsn=postgres_dsn))
    _, nets = said(capsys, "positions", "--data", str(tmp_path))
    _, lines = said(capsys, "positions", "--by", "strategy", "--data", str(tmp_path))
    assert tuple(lines[0]) == STRATEGY_COLUMNS
    for net in nets:
        mine = [line for line in lines if line["symbol"] == net["symbol"]]
        assert sum(Decimal(line["quantity"]) for line in mine) == Decimal(net["quantity"])
        earned = sum(
            Decimal(net[name]) for name in ("realized_pnl", "unrealized_pnl", "funding")
        ) - Decimal(net["fees"])
        assert sum(Decimal(line["net_pnl"]) for line in mine) == earned


def test_a_folder_of_an_earlier_version_says_so(
    postgres_dsn: str, tmp_path: Path, capsys: Capture
) -> None:
    """Its database lacks a column that this version reads; the fix is named."""
    wait(fill_journal(postgres_dsn))
    write_run(tmp_path, RunFile(postgres_dsn=postgres_dsn))
    wait(execute(postgres_dsn, "ALTER TABLE view.marks DROP COLUMN quantity_step"))
    assert main(["positions", "--data", str(tmp_path)]) == USAGE
    assert "is of an earlier version: start it once with" in capsys.readouterr().err
