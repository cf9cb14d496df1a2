"""What `opensqt positions` says of money: valued or unknown, and all of it as of one moment."""

import asyncio
from decimal import Decimal
from pathlib import Path

import asyncpg
import pytest

from opensqt.cli.positions import strategies
from opensqt.cli.reading import Source
from opensqt.desk.runfile import RunFile, write_run
from tests.conditions import until
from tests.integration.test_reconciler_verbs import Capture, execute, fill_journal, said, wait
from tests.ledgers import SPOT

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'view.fills'::regclass"


@pytest.mark.row("K11")
def test_a_fee_in_a_third_asset_is_valued_or_unknown_in_both_forms(
    postgres_dsn: str, tmp_path: Path, capsys: Capture
) -> None:
    """Without a price of BNB the fees are empty and the command says why; with one they count."""
    wait(fill_journal(postgres_dsn))
    write_run(tmp_path, RunFile(postgres_dsn=postgres_dsn))
    said(capsys, "positions", "--data", str(tmp_path))
    spot = f"WHERE symbol = '{SPOT}'"
    wait(execute(postgres_dsn, f"UPDATE view.fills SET fee = 0.01, fee_asset = 'BNB' {spot}"))
    for words in ((), ("--by", "strategy")):
        _, lines = said(capsys, "positions", *words, "--data", str(tmp_path))
        mine = [line for line in lines if line["symbol"] == SPOT]
        assert {line["fees"] for line in mine} == {None}
        assert {line.get("net_pnl") for line in mine} == {None}
    mark = "('binance', 'BNB/USDT', 500, 1, now(), 0.01, 0.01, 5)"
    wait(execute(postgres_dsn, f"INSERT INTO view.marks VALUES {mark}"))
    _, lines = said(capsys, "positions", "--data", str(tmp_path))
    (line,) = [line for line in lines if line["symbol"] == SPOT]
    _, fills = said(capsys, "fills", "--symbol", SPOT, "--data", str(tmp_path))
    assert Decimal(line["fees"]) == 5 * len(fills)


@pytest.mark.row("K11")
def test_what_is_booked_while_the_command_reads_is_in_no_part_of_it(
    postgres_dsn: str, tmp_path: Path, capsys: Capture
) -> None:
    """A trade that is projected between two of its queries changes neither its quantity nor its fees."""
    wait(fill_journal(postgres_dsn))
    write_run(tmp_path, RunFile(postgres_dsn=postgres_dsn))
    said(capsys, "positions", "--data", str(tmp_path))
    source = Source(dsn=postgres_dsn, running=True, data=tmp_path, run=RunFile())

    async def read_beside_a_trade() -> tuple[list[dict[str, object]], list[dict[str, object]]]:
        before = await strategies(source)
        writer = await asyncpg.connect(postgres_dsn)
        async with writer.transaction():
            await writer.execute("LOCK TABLE view.fills IN ACCESS EXCLUSIVE MODE")
            reading = asyncio.create_task(strategies(source))
            await until(lambda: _holds(writer))
            await writer.execute("UPDATE view.holdings SET quantity = quantity + 1")
            await writer.execute("UPDATE view.fills SET fee = fee + 1")
        await writer.close()
        return before, await reading

    before, meanwhile = wait(read_beside_a_trade())
    assert meanwhile == before


async def _holds(writer: "asyncpg.Connection[asyncpg.Record]") -> bool:
    return bool(await writer.fetchval(WAITING))
