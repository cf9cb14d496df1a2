"""The terminal screen of `up`: what a person reads at 80 columns, and what is there when nothing is."""

import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from opensqt.cli.desk_run import DeskRun
from opensqt.cli.progress import ProgressLines
from opensqt.cli.screen import Screen, shown
from opensqt.cli.screen_view import Frame, draw
from opensqt.desk.plan import make_plan
from opensqt.desk.spec import ProcessLine, ProcessState
from opensqt.desk.supervisor import Supervisor
from opensqt.domain.recon_events import Halted
from opensqt.runtime.clock import RunClock
from services.gateway import state as gateway
from services.gateway.decide import DeskStatus
from services.gateway.view_model import picture
from tests import scenes
from tests.conditions import until
from tests.simulation.strategy_facts import PERP, SPOT

NOW_MS = 1_700_000_040_000
PAGE = "http://127.0.0.1:23520/"
NAMES = ("nats", "postgres", "venue", "relay", "executor-main", "market_data-binance", "risk")


def line(
    name: str, state: ProcessState = ProcessState.READY, restarts: int = 0, why: str = ""
) -> ProcessLine:
    """Return a process as the supervisor shows it."""
    return ProcessLine(
        name=name, pid=1, state=state, ready=state is ProcessState.READY, restarts=restarts, why=why
    )


def seen(*, halted: bool = False, grid_reason: str = "") -> dict[str, Any]:
    """Return the picture that the real gateway gives of a scripted desk, as it comes over HTTP."""
    state = gateway.GatewayState()
    for message in scenes.market(NOW_MS):
        state.fold(message, 0)
    facts = scenes.desk(NOW_MS)
    if halted:
        facts.append(Halted(scope="desk", mode="REDUCING", reason="drift of BTC", time_ms=NOW_MS))
    for position, message in enumerate(facts, start=1):
        state.fold(message, position)
    trading = {"name": "grid-perp", "trading": not grid_reason, "reason": grid_reason}
    told = DeskStatus(
        places=(("binance", SPOT), ("binance", PERP)),
        kinds={"grid-perp": "grid", "carry": "carry"},
        services={"grid-perp": "grid", "carry": "arb"},
        legs={
            "grid-perp": (("binance", PERP),),
            "carry": (("binance", SPOT), ("binance", PERP)),
        },
        market_ms=NOW_MS,
        live=True,
        statuses={
            "risk": {"mode": "NORMAL"},
            "grid": {"strategies": [trading]},
            "arb": {"strategies": [{"name": "carry", "trading": True}]},
        },
    )
    found: dict[str, Any] = json.loads(msgspec.json.encode(picture(state, gateway.Chart(), told)))
    return found


def frame(**changes: Any) -> Frame:
    """Return a moment of a sound desk."""
    sound = Frame(
        profile="PAPER",
        desk="paper",
        market="synthetic:7",
        speed="1",
        page=PAGE,
        market_ms=NOW_MS,
        processes=tuple(line(name) for name in NAMES),
        picture=seen(),
    )
    return msgspec.structs.replace(sound, **changes)


def rows(of: Frame, width: int = 80) -> list[str]:
    """Return what stands on the terminal, line by line."""
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(draw(of))
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", [80, 120, 200])
def test_everything_that_matters_stands_on_the_screen(width: int) -> None:
    """PAPER, page, mode, profit, prices, orders, positions, strategies, processes and fills fit the width."""
    lines = rows(frame(), width)
    text = "\n".join(lines)
    assert max(len(one) for one in lines) <= width
    assert len(lines) <= 24 + 5
    assert "PAPER" in lines[0]
    assert PAGE in lines[1]
    assert "stop with Ctrl-C" in lines[1]
    assert "NORMAL" in lines[2]
    assert "USDT" in lines[2]
    assert "24 h" in lines[2]
    middle = scenes.price_at(1) + scenes.PREMIUM[PERP]
    assert f"{middle - Decimal('0.1'):,.1f}" in text
    assert "4b 4s" in text
    assert "0.008" in text
    grid = seen()["grids"][0]
    assert grid["net"] == seen()["profit"][0]["net"]
    assert f"8 levels at work, net {Decimal(grid['net']):+,.2f} USDT" in text
    assert all(name in text for name in NAMES)
    assert "grid-perp" in text


def test_a_small_terminal_loses_fills_before_anything_else() -> None:
    """At 24 rows all processes are above the fold."""
    assert any("market_data-binance" in one for one in rows(frame(height=24))[:24])


def test_why_a_strategy_is_not_trading_is_said() -> None:
    """The reason stands behind the name of the strategy."""
    found = rows(frame(picture=seen(grid_reason="the price is stale")))
    assert "grid-perp     not trading: the price is stale" in [one.rstrip() for one in found]


def test_a_cause_longer_than_the_terminal_is_not_cut() -> None:
    """What stands at the end of the line is why: under what is wrong it can be read to its end."""
    cause = "no order can be placed: the venue refuses: Account has insufficient balance for it."
    text = " ".join(one.strip() for one in rows(frame(picture=seen(grid_reason=cause))))
    assert f"grid-perp is not trading: {cause}" in text


def test_a_halt_is_seen_at_once() -> None:
    """The mode changes, and the reason stands under what is wrong."""
    found = rows(frame(picture=seen(halted=True)))
    assert "REDUCING" in found[2]
    assert "• desk REDUCING: drift of BTC" in [one.rstrip() for one in found]


def test_a_process_in_trouble_tells_its_restarts_and_last_words() -> None:
    """State, restarts and reason of a process that is down are on the screen."""
    down = line("relay", ProcessState.BACKOFF, restarts=3, why="exit code 1")
    text = "\n".join(rows(frame(processes=(line("nats"), down)), 120))
    assert "relay ↻3 backoff exit code 1" in text


def test_before_the_gateway_answers_the_screen_says_whom_it_waits_for() -> None:
    """Nothing is invented while no picture is there."""
    waits = (
        line("nats"),
        line("postgres", ProcessState.STARTING),
        line("gateway", ProcessState.WAITING),
    )
    lines = rows(frame(picture={}, processes=waits))
    text = "\n".join(lines)
    assert "STARTING" in lines[2]
    assert "waiting for postgres, gateway" in text
    assert "waiting for the first price" in text
    assert "NORMAL" not in text


async def test_the_screen_lives_beside_the_house_and_gives_the_terminal_back(
    tmp_path: Path,
) -> None:
    """It draws by itself in the other buffer, holds progress lines back, and restores what was there."""
    plan = make_plan(tmp_path, {}, config_path=None, market="synthetic:7", speed="")
    house = DeskRun(tmp_path, plan, RunClock(), ProgressLines(as_json=False, out=io.StringIO()))
    out, said = io.StringIO(), io.StringIO()
    progress = ProgressLines(as_json=False, out=said)
    console = Console(file=out, force_terminal=True, width=80, height=24)
    table = Supervisor((), tmp_path, RunClock())
    async with shown(Screen(house, table, console), progress):
        await until(lambda: "PAPER" in out.getvalue())
        progress.say("a line that would tear the screen")
    assert said.getvalue() == ""
    progress.say("after")
    assert said.getvalue() == "after\n"
    assert out.getvalue().count("\x1b[?1049h") == out.getvalue().count("\x1b[?1049l") == 1
