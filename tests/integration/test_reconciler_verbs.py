"""The reading verbs over a real database: the columns of the contract, and verdicts that a script can trust."""

import asyncio
import gc
import io
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest

from opensqt.cli.desk_run import DeskRun
from opensqt.cli.main import main
from opensqt.cli.progress import ProgressLines
from opensqt.cli.reading import bring_up
from opensqt.cli.summary import Summary, summary
from opensqt.desk.plan import make_plan
from opensqt.desk.runfile import RunFile, write_run
from opensqt.domain.control import KillLatched
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.subjects import subject_of
from opensqt.runtime.clock import RunClock
from opensqt.runtime.journal.postgres import PostgresJournal
from tests.ledgers import PERP, SPOT, Day

COLUMNS = {
    "orders": "client_order_id venue_order_id intent_id attempt strategy venue account symbol side type price quantity"
    " filled status reason created_at updated_at",
    "fills": "trade_id client_order_id strategy venue account symbol side price quantity fee fee_asset liquidity time",
    "positions": "venue account symbol quantity entry_price mark_price realized_pnl unrealized_pnl funding fees dust",
    "events": "position stream version type schema_version event_id correlation_id causation_id occurred_at recorded_at"
    " data",
}
CHECKS = [
    "one_order_per_intent",
    "no_order_without_intent",
    "fills_equal_position",
    "ledger_identity",
    "projections_equal_fold",
    "state_hash",
    "nothing_unresolved",
    "approvals_proved",
]
KILL = KillLatched(scope="desk", reason="why", actor="ann", time_ms=7)

_Result = TypeVar("_Result")


def wait(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to its end."""
    return asyncio.run(work)


async def fill_journal(dsn: str) -> None:
    """Write a day of a desk."""
    journal = await PostgresJournal.connect(dsn)
    entries = [
        Entry(
            events=(
                NewEvent(
                    event_id=f"f{number}",
                    stream=f"test/{number % 3}",
                    message=message,
                    subject=subject_of(message),
                    actor="executor-main",
                    occurred_at_ms=number,
                ),
            )
        )
        for number, message in enumerate(Day(11).facts)
    ]
    await asyncio.gather(*(journal.append(entry) for entry in entries))
    await journal.close()


async def execute(dsn: str, statement: str) -> None:
    """Change the database behind everybody's back."""
    owner = await asyncpg.connect(dsn)
    await owner.execute(statement)
    await owner.close()


@pytest.fixture
def desk(postgres_dsn: str, tmp_path: Path) -> Path:
    """A stopped desk in a folder; its database is the test's."""
    wait(fill_journal(postgres_dsn))
    write_run(tmp_path, RunFile(postgres_dsn=postgres_dsn))
    return tmp_path


Capture = pytest.CaptureFixture[str]


def said(capsys: Capture, *words: str) -> tuple[int, list[dict[str, Any]]]:
    """Run a verb and return its exit code and its lines of JSON."""
    code = main([*words, "--json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("verb", COLUMNS)
def test_a_line_holds_the_columns_of_the_contract(desk: Path, capsys: Capture, verb: str) -> None:
    """Every name in its order, decimals as strings, times in RFC 3339 UTC."""
    code, lines = said(capsys, verb, "--data", str(desk))
    assert code == 0
    assert lines
    assert all(list(line) == COLUMNS[verb].split() for line in lines)
    for line in lines:
        assert not any(isinstance(value, float) for value in line.values())
        times = [line[name] for name in line if name.endswith("_at") or name == "time"]
        assert all(time[10] == "T" and time.endswith("Z") for time in times)


def test_people_get_tables_and_scripts_csv(desk: Path, capsys: Capture) -> None:
    """Without --json a table; fills also as CSV with a head."""
    for verb in ("orders", "fills", "positions", "events"):
        assert main([verb, "--data", str(desk)]) == 0
        assert "BTC/USDT" in capsys.readouterr().out
    assert main(["fills", "--csv", "--data", str(desk)]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split(",") == COLUMNS["fills"].split()
    assert all(row.count(",") == head.count(",") for row in rows)


def test_events_can_be_narrowed(desk: Path, capsys: Capture) -> None:
    """By position, by stream and by type."""
    _, lines = said(
        capsys,
        "events",
        "--data",
        str(desk),
        "--type",
        "Fill",
        "--after",
        "9",
        "--stream",
        "test/1",
    )
    assert lines
    assert {(line["type"], line["stream"]) for line in lines} == {("Fill", "test/1")}
    assert min(line["position"] for line in lines) > 9


def test_a_sound_desk_is_judged_sound(desk: Path, capsys: Capture) -> None:
    """Seven checks and a verdict, also where projections lag behind the journal."""
    code, lines = said(capsys, "verify", "--data", str(desk))
    assert [line["check"] for line in lines[:-1]] == CHECKS
    assert all(set(line) == {"check", "holds", "figure", "detail"} for line in lines[:-1])
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}
    assert code == 0


@pytest.mark.row("I02")
def test_a_damaged_table_is_judged_and_rebuilt(
    desk: Path, capsys: Capture, postgres_dsn: str
) -> None:
    """Verify names it with exit code 1, rebuild says what differed once, and then it is as before."""
    wait(bring_up(postgres_dsn))
    _, before = said(capsys, "orders", "--data", str(desk))
    wait(execute(postgres_dsn, "UPDATE view.orders SET filled = 99; DELETE FROM view.fills"))
    code, lines = said(capsys, "verify", "--data", str(desk))
    assert (code, lines[-1]["failed"]) == (1, ["projections_equal_fold"])
    code, lines = said(capsys, "rebuild", "--data", str(desk))
    assert code == 1
    assert {line["table"] for line in lines[:-1] if not line["same"]} == {"orders", "fills"}
    code, lines = said(capsys, "rebuild", "--data", str(desk))
    assert (code, lines[-1]["same"]) == (0, True)
    assert said(capsys, "orders", "--data", str(desk)) == (0, before)
    assert said(capsys, "verify", "--data", str(desk))[0] == 0


def test_the_summary_counts_and_judges(desk: Path, postgres_dsn: str) -> None:
    """Counts of the journal, profit net of fees, and the verdict."""
    found = wait(summary(postgres_dsn, desk))
    facts = Day(11).facts
    assert found.orders == 40
    assert found.fills == sum(type(fact).__name__ == "Fill" for fact in facts)
    assert found.verdict is True
    assert found.fees is not None
    assert found.fees > 0
    assert found.pnl


@pytest.mark.row("K11")
def test_a_summary_of_fees_without_a_price_is_unknown(desk: Path, postgres_dsn: str) -> None:
    """A fee in an asset whose price is not known makes fees and profit unknown, never smaller."""
    wait(bring_up(postgres_dsn))
    wait(execute(postgres_dsn, "UPDATE view.fills SET fee_asset = 'BNB'"))
    found = wait(summary(postgres_dsn, desk))
    assert (found.pnl, found.fees) == (None, None)


@pytest.mark.row("K11")
def test_a_summary_adds_no_bitcoins_to_dollars(desk: Path, postgres_dsn: str) -> None:
    """Figures carry their asset; of two quote assets there is no sum."""
    wait(bring_up(postgres_dsn))
    assert wait(summary(postgres_dsn, desk)).asset == "USDT"
    for table in ("positions", "holdings", "fills"):
        renamed = f"UPDATE view.{table} SET symbol = 'ETH/BTC' WHERE symbol = '{SPOT}'"
        wait(execute(postgres_dsn, renamed))
    found = wait(summary(postgres_dsn, desk))
    assert (found.pnl, found.fees, found.asset) == (None, None, None)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_stop_names_the_positions_that_stay(
    desk: Path, postgres_dsn: str, capsys: Capture, as_json: bool
) -> None:
    """People read account, symbol and quantity of each; the line for scripts is as it was."""
    wait(bring_up(postgres_dsn))
    wait(execute(postgres_dsn, f"UPDATE view.positions SET quantity = 0 WHERE symbol = '{SPOT}'"))
    first = "SELECT min(client_order_id) FROM view.orders"
    living = f"UPDATE view.orders SET status = 'live' WHERE client_order_id = ({first})"
    wait(execute(postgres_dsn, living))
    found = wait(summary(postgres_dsn, desk))
    assert found.orders_open >= 1
    out = io.StringIO()
    progress = ProgressLines(as_json=as_json, out=out)
    DeskRun(desk, make_plan(desk, {}), RunClock(), progress)._tell(found)
    *stays, last = out.getvalue().splitlines()
    if as_json:
        line = json.loads(last)
        assert (stays, "held" in line, line["orders_open"]) == ([], False, found.orders_open)
        return
    _, rows = said(capsys, "positions", "--data", str(desk))
    (perp,) = [row for row in rows if row["symbol"] == PERP]
    assert stays.pop(0).startswith(f"stays: {found.orders_open} open orders, which nobody watches")
    assert stays == [f"stays: main {PERP} {perp['quantity']}"]
    assert last.startswith("stopped: ticks ")


def test_a_summary_that_takes_too_long_is_only_late(desk: Path, postgres_dsn: str) -> None:
    """Whenever its time runs out, that is all that happens: no error of its own, no connection left behind."""

    async def within(seconds: float) -> str:
        try:
            async with asyncio.timeout(seconds):
                await summary(postgres_dsn, desk)
        except TimeoutError:
            return "late"
        return "done"

    ample_s = 30.0
    spans_s = (*(number / 250 for number in range(1, 60)), ample_s)
    assert {wait(within(seconds)) for seconds in spans_s} == {"late", "done"}
    gc.collect()  # what was left behind says so here, not in a later test


def test_the_summary_of_a_desk_that_never_was_is_empty(
    tmp_path: Path, postgres_empty_dsn: str
) -> None:
    """A start that ended before its database was set up has nothing to say, and says it calmly."""
    assert wait(summary(postgres_empty_dsn, tmp_path)) == Summary()


def test_a_folder_without_a_desk_is_refused_in_one_line(tmp_path: Path, capsys: Capture) -> None:
    """Every reading verb names the folder and what to do."""
    for verb in ("orders", "fills", "positions", "events", "verify", "rebuild", "backup"):
        assert main([verb, "--data", str(tmp_path)]) == 3
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert str(tmp_path) in error


def test_a_backup_becomes_a_desk_of_a_new_generation(
    desk: Path, tmp_path_factory: pytest.TempPathFactory, capsys: Capture
) -> None:
    """The restored desk has the same books, another generation, and opens nothing by itself."""
    elsewhere = tmp_path_factory.mktemp("restored")
    file, fresh = elsewhere / "desk.tar.gz", elsewhere / "data"
    code, (line,) = said(capsys, "backup", "--data", str(desk), "--to", str(file))
    assert (code, line["position"]) == (0, len(Day(11).facts))
    _, before = said(capsys, "fills", "--data", str(desk))
    code, (line,) = said(capsys, "restore", "--data", str(fresh), str(file))
    assert code == 0
    assert said(capsys, "fills", "--data", str(fresh)) == (0, before)
    _, events = said(capsys, "events", "--data", str(fresh), "--after", str(len(Day(11).facts)))
    assert [event["type"] for event in events] == ["DeskGeneration", "Halted"]
    assert events[0]["data"]["generation"] == line["generation"]
    assert (events[1]["data"]["scope"], events[1]["data"]["mode"]) == ("desk", "HALTED")
    assert said(capsys, "verify", "--data", str(fresh))[0] == 0
    assert main(["restore", "--data", str(fresh), str(file)]) == 2
    assert "not empty" in capsys.readouterr().err


def test_a_damaged_backup_is_refused_and_leaves_nothing(
    desk: Path, tmp_path_factory: pytest.TempPathFactory, capsys: Capture
) -> None:
    """A flipped byte is found before a database is made."""
    elsewhere = tmp_path_factory.mktemp("damaged")
    file, fresh = elsewhere / "desk.tar.gz", elsewhere / "data"
    said(capsys, "backup", "--data", str(desk), "--to", str(file))
    whole = file.read_bytes()
    file.write_bytes(whole[:-200])
    assert main(["restore", "--data", str(fresh), str(file)]) == 1
    assert "no whole backup" in capsys.readouterr().err
    assert not fresh.exists()
