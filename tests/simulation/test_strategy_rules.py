"""Sentences of the design about strategies that no other test breaks on: time, look-back, what a run begins with."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.desk.config_default import derive
from opensqt.domain.market import FeedState, FeedStatus, Time
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Halted, Resumed
from opensqt.domain.strategy_events import StrategyStarted
from opensqt.runtime.bus.streams import FEED_KEPT_HOURS
from opensqt.runtime.clock import VirtualClock
from opensqt.runtime.config.all import Config, parse_config
from opensqt.runtime.strategy import runner
from opensqt.strategies import kernel
from opensqt.strategies.grid.strategy import GRID
from services.arb.config import plays_of as carries_of
from services.gateway.config import GatewaySettings as Page
from services.grid.config import plays_of as grids_of
from services.risk import service as gate
from tests.conditions import until
from tests.relays import memory_house
from tests.simulation.strategy_facts import PERP, SPOT, rules_of, tick_of
from tests.simulation.test_strategy_shell import context_of, desk, journal_of

HOUR_MS = 3_600_000
JOURNALLED = (Halted, Resumed)


def _config() -> Config:
    return parse_config(derive((SPOT, PERP), market="synthetic:7"), {})


def _plays() -> list[kernel.StrategySpec[Any]]:
    clock = VirtualClock(wall_ms=0)
    return [*grids_of(_config(), clock), *carries_of(_config(), clock)]


@pytest.mark.parametrize("play", _plays(), ids=lambda play: play.name)
@given(steps=st.lists(st.tuples(st.booleans(), st.integers(0, 10_000_000)), max_size=20))
@settings(max_examples=30, deadline=None)
def test_now_is_the_feeds_time_and_never_goes_back(
    play: kernel.StrategySpec[Any], steps: list[tuple[bool, int]]
) -> None:
    """Whatever times ticks and `evt.time` carry, now is the latest of them, and nothing else moves it."""
    state, latest = play.beginning, 0
    for is_tick, time_ms in steps:
        event = tick_of(play.symbols[0], "45000", time_ms) if is_tick else Time(time_ms=time_ms)
        state = play.evolve(state, event)
        latest = max(latest, time_ms)
        assert state.market.now_ms == latest


def test_no_look_back_is_longer_than_half_of_what_feed_keeps() -> None:
    """What a consumer needs of the market before it starts is always still there, with as much again to spare."""
    half_ms = FEED_KEPT_HOURS * HOUR_MS / 2
    spans = (runner.LOOKBACK_MS, gate.LOOKBACK_MS, Page().lookback_ms, Page().chart_lookback_ms)
    assert max(spans) <= half_ms


async def test_a_run_begins_with_its_configuration_its_code_and_its_state() -> None:
    """The journal tells under which configuration, code and books each run decides; one digit of it shows."""
    house = memory_house()
    config = _config()
    changed = parse_config(
        derive((SPOT, PERP), market="synthetic:7"),
        {"OPENSQT__STRATEGIES__GRID_PERP__LEVELS_BELOW": "4"},
    )
    hashes: list[dict[str, str]] = []
    for each in (config, changed):
        plays = grids_of(each, house.clock)
        hashes.append({play.name: play.config_hash for play in plays})
        wanted = len(hashes) * len(plays)
        async with desk(house, runner.StrategyRunner(context_of(house, each), "grid", plays)):

            async def all_started(wanted: int = wanted) -> bool:
                return len(await journal_of(house, StrategyStarted)) == wanted

            await until(all_started)
    started = await journal_of(house, StrategyStarted)
    for run, names in enumerate(hashes, start=1):
        assert {s.strategy: s.config_hash for s in started if s.run == run} == names
    assert hashes[0]["grid-perp"] != hashes[1]["grid-perp"]
    assert all(s.code_version and s.state_fingerprint for s in started)


MARKET = st.lists(
    st.tuples(st.sampled_from(("tick", "sick", "well", "halt", "resume")), st.integers(1, 20_000)),
    max_size=60,
)


@given(moves=MARKET)
@settings(max_examples=100, deadline=None)
def test_the_journal_and_the_look_back_are_all_that_a_start_needs(
    moves: list[tuple[str, int]],
) -> None:
    """What a running grid knows equals what one knows that starts now, as rules and health are said again in time."""
    past = _history(moves)
    now_ms = past[-1][0] if past else 0
    running = started = grids_of(_config(), VirtualClock(wall_ms=0))[0].beginning
    for _, fact in past:
        running = GRID.fold(running, fact)
    for fact in (fact for _, fact in past if isinstance(fact, JOURNALLED)):
        started = GRID.fold(started, fact)
    for at_ms, fact in past:
        if at_ms >= now_ms - runner.LOOKBACK_MS and not isinstance(fact, JOURNALLED):
            started = GRID.fold(started, fact)
    assert started == running


def _history(moves: list[tuple[str, int]]) -> list[tuple[int, Event]]:
    """Tell a market as its services do: rules and health are published again within the look-back."""
    now_ms, said_ms, state = 1_000_000, -HOUR_MS, FeedState.LIVE
    past: list[tuple[int, Event]] = []
    for what, wait_ms in moves:
        now_ms += wait_ms
        if what in ("sick", "well"):
            state = FeedState.GAP if what == "sick" else FeedState.LIVE
            past.append((now_ms, _status(state, now_ms)))
        elif what == "tick":
            past.append((now_ms, tick_of(PERP, str(45_000 + wait_ms), now_ms)))
        else:
            scope = f"binance/main/{PERP}"
            halt = Halted(scope=scope, mode="REDUCING", reason="drift", time_ms=now_ms)
            over = Resumed(scope=scope, reason="fine", actor="alice", time_ms=now_ms)
            past.append((now_ms, halt if what == "halt" else over))
        if now_ms - said_ms > runner.LOOKBACK_MS - 20_000:
            said_ms = now_ms
            past += [
                (now_ms, rules_of(PERP)),
                (now_ms, _status(state, now_ms)),
                (now_ms, tick_of(PERP, "45000", now_ms)),
            ]
    return past


def _status(state: FeedState, now_ms: int) -> FeedStatus:
    return FeedStatus(
        venue="binance",
        symbol=PERP,
        channel="book",
        state=state,
        age_ms=0,
        detail="",
        time_ms=now_ms,
    )
