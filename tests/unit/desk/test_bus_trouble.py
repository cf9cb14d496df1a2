"""No status says NORMAL, and no strategy "trading", while the bus has lost a stream or carries nothing."""

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from opensqt.cli.desk_figures import figures
from opensqt.cli.status import RUN_FILE_AGE_MS_MAX, _lines
from opensqt.desk.runfile import RunFile, write_run
from opensqt.desk.spec import ProcessLine, ProcessState
from opensqt.domain.bus_trouble import bus_trouble, words_for
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.clock import RunClock, VirtualClock
from opensqt.runtime.process_context import Context
from opensqt.runtime.strategy.runner import SILENCE_S_MAX, StrategyRunner
from services.gateway.decide import mode_of, troubles
from tests.relays import memory_house
from tests.stage import paper_config
from tests.unit.services.gateway.test_gateway import TOLD, folded

Plain = Mapping[str, object]
WELL: Plain = {"ready": True, "why": ""}
STUCK: Plain = {"ready": False, "why": "FEED did not confirm a heartbeat"}
LOST: Plain = {
    "ready": False,
    "why": words_for(("COMMANDS",)),
    "streams_missing": ["COMMANDS"],
    "mode": "NORMAL",
}


@pytest.mark.row("K03")
@pytest.mark.parametrize(
    "relay,risk,word",
    [(WELL, {"mode": "NORMAL"}, ""), (STUCK, {"mode": "NORMAL"}, "FEED"), (WELL, LOST, "COMMANDS")],
)
def test_command_and_page_say_the_same_of_the_bus(
    tmp_path: Path, relay: Plain, risk: Plain, word: str
) -> None:
    """The mode is NORMAL only while nothing is lost and the relay carries; else both name what is wrong."""
    told: dict[str, Plain] = {"relay": relay, "risk": risk}
    seen = figures(tmp_path, told)
    assert (seen.mode == "NORMAL") is (word == "")
    assert word in seen.why
    assert bool(bus_trouble(told)) is bool(word)
    page = msgspec.structs.replace(TOLD, statuses={**TOLD.statuses, **told})
    mode = mode_of(folded(), page)
    assert (mode["mode"], mode["why"]) == (seen.mode, seen.why)
    assert any(word in row["text"] for row in troubles(folded(), page)) is bool(word)


@pytest.mark.row("K03")
async def test_a_table_of_processes_that_nobody_writes_any_more_is_not_believed(
    tmp_path: Path,
) -> None:
    """A full disk keeps `run.json` as it was: it is said how old it is, and nothing counts as ready."""
    line = ProcessLine(name="relay", pid=1, state=ProcessState.READY, ready=True, restarts=0)
    now_ms = RunClock().wall_ms()
    seen: list[tuple[bool, str]] = []
    for age_ms in (0, RUN_FILE_AGE_MS_MAX + 5_000):
        write_run(tmp_path, RunFile(pid=7, written_at_ms=now_ms - age_ms, processes=(line,)))
        last = json.loads(json.dumps((await _lines(tmp_path, 7))[-1]))
        seen.append((last["ready"], last["why"]))
    assert seen[0] == (True, "")
    assert seen[1][0] is False
    assert "run.json is 10 s old" in seen[1][1]


@pytest.mark.row("K03")
async def test_a_strategy_that_nothing_reaches_does_not_say_that_it_trades() -> None:
    """A lost stream and a silent FEED are its reason, before any of its own."""
    clock = VirtualClock()
    house = memory_house(clock)
    context = Context(
        name="grid",
        clock=clock,
        config=paper_config(),
        bus=house.bus,
        journal=house.journal,
        leases=house.leases,
    )
    runner = StrategyRunner(context, "grid", ())
    assert runner._deaf() == ""
    house.broker.lose(Stream.COMMANDS)
    assert "COMMANDS" in runner._deaf()
    house.broker.make_anew(Stream.COMMANDS)
    assert runner._deaf() == ""
    await clock.run_for(SILENCE_S_MAX + 1)
    assert "nothing heard" in runner._deaf()
