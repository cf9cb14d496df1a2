"""`opensqt why` over a real database: the story of an order by any of its names, one clear line for an unknown one."""

import asyncio
import json
from pathlib import Path

import pytest

from opensqt.cli.main import main
from opensqt.cli.reading import bring_up
from opensqt.desk.runfile import RunFile, write_run
from opensqt.domain.intent import CancelIntent
from opensqt.domain.journal import Entry
from opensqt.domain.verdict import RiskApproved
from opensqt.execution import events as facts
from opensqt.execution.events import EventSource
from opensqt.risk.verdict import judge
from opensqt.runtime.journal.postgres import PostgresJournal
from tests.unit.risk.risk_books import LIMITS, NOW_MS, SEAT, cancel, intent, ref, state

AUTHOR = EventSource(actor="executor-main", venue="binance", account="main", generation="g")
Capture = pytest.CaptureFixture[str]


async def _write(dsn: str) -> None:
    name = ref("a")
    wish: CancelIntent = cancel(target_intent_id=name.intent_id, created_ms=NOW_MS + 50)
    place = intent(intent_id=name.intent_id)
    now_ms = NOW_MS + 50
    books = state()
    approvals: list[RiskApproved] = []
    for one in (place, wish):
        verdict = judge(books, one, LIMITS, SEAT, NOW_MS).verdict
        assert isinstance(verdict, RiskApproved)
        approvals.append(verdict)
    entry = [
        facts.verdict(AUTHOR, approvals[0]),
        facts.placed(AUTHOR, place, name, reduce_only=False, now_ms=NOW_MS),
        facts.submitting(AUTHOR, name, epoch=1, deadline_ms=NOW_MS + 2000, now_ms=NOW_MS),
        facts.accepted(AUTHOR, name, "4711", "", NOW_MS + 9),
        facts.verdict(AUTHOR, approvals[1]),
        facts.cancel_requested(AUTHOR, name, wish.intent_id, wish.reason, now_ms),
    ]
    journal = await PostgresJournal.connect(dsn)
    await journal.append(Entry(events=tuple(entry)))
    await journal.close()
    await bring_up(dsn)


@pytest.fixture
def desk(postgres_dsn: str, tmp_path: Path) -> Path:
    """A stopped desk whose journal holds one order."""
    asyncio.run(_write(postgres_dsn))
    write_run(tmp_path, RunFile(postgres_dsn=postgres_dsn))
    return tmp_path


@pytest.mark.row("J07")
@pytest.mark.parametrize("name", ["a", "4711", "intent-a"])
def test_the_story_of_an_order_is_told_by_any_of_its_names(
    desk: Path, capsys: Capture, name: str
) -> None:
    """From the journal alone, in its order; each step follows from one that was told, or from the strategy's wish."""
    assert main(["why", name, "--data", str(desk), "--json"]) == 0
    steps = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert steps.pop() == {"type": "why", "trace_id": ""}
    assert [(step["step"], step["detail"]["what"]) for step in steps] == [
        ("tick", "price"),
        ("decision", "decided"),
        ("verdict", "approved"),
        ("submit", "planned"),
        ("submit", "about to send"),
        ("ack", "the venue holds it"),
        ("decision", "wanted to cancel"),
        ("verdict", "approved"),
        ("submit", "cancel asked for"),
    ]
    assert all(list(s) == ["step", "time", "position", "after_ms", "detail"] for s in steps)
    told = {step["detail"]["event_id"] for step in steps} | {"intent-a", "c-1"}
    assert all(step["detail"]["causation_id"] in told for step in steps)
    assert main(["why", name, "--data", str(desk)]) == 0
    text = capsys.readouterr().out
    assert "reason=grid level" in text
    assert "venue_order_id=4711" in text
    assert "reason=out of window" in text


@pytest.mark.row("J07")
def test_an_order_that_nobody_knows_is_one_clear_line(desk: Path, capsys: Capture) -> None:
    """It says what was asked for and where its names are shown."""
    assert main(["why", "nosuch", "--data", str(desk)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("opensqt: order nosuch: not in the journal; expected")
