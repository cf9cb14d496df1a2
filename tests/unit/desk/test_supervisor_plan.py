"""What a start would do: a configuration from file or market, the clock of the run, and refusals before any write."""

from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.desk.error import CliError
from opensqt.desk.plan import StartPlan, absolute_market, binding, make_plan, next_clock
from opensqt.desk.runfile import RunFile
from opensqt.runtime.clock import ClockOrigin
from opensqt.runtime.config.all import ConfigError


@pytest.mark.row("G10")
def test_a_start_needs_no_file_only_environment(tmp_path: Path) -> None:
    """Without a file the market gives the configuration, and the environment lies over it."""
    plan = make_plan(tmp_path, {"OPENSQT__RISK__OPEN_ORDERS_MAX": "12"})
    assert plan.derived
    assert plan.config.risk.open_orders_max == 12
    assert plan.config_path == tmp_path / "opensqt.toml"
    assert list(tmp_path.iterdir()) == []


def test_options_lie_over_the_file(tmp_path: Path) -> None:
    """--market and --speed win, and every child finds them in its environment."""
    plan = make_plan(tmp_path, {}, market="synthetic:9", speed="2")
    assert (plan.config.paper.market, plan.config.paper.speed) == ("synthetic:9", Decimal(2))
    assert plan.environ["OPENSQT__PAPER__SPEED"] == "2"


def test_a_flag_is_for_one_run_and_what_stays_is_said_once(tmp_path: Path) -> None:
    """No speed is written; a market is, with its symbols, and a file that somebody wrote is left as it is."""
    pair = "synthetic:9:ETH/USDT"
    plan = make_plan(tmp_path, {}, market=pair, speed="10")
    assert 'speed = "1" ' in plan.derived
    assert f'market = "{pair}"' in plan.derived
    assert binding(RunFile(), plan) == (
        f"this folder trades {pair} from now on, its orders belong to that market:"
        f" {tmp_path}/opensqt.toml says so, later starts need no --market"
    )
    assert binding(RunFile(), make_plan(tmp_path, {})) == ""
    path = tmp_path / "my.toml"
    path.write_text(make_plan(tmp_path, {}).derived)
    asked = make_plan(tmp_path, {}, config_path=path, market="synthetic:9")
    assert binding(RunFile(), asked).endswith(
        f": later starts need --market synthetic:9, or paper.market in {path}"
    )
    bound = RunFile(market="synthetic:9")
    assert binding(bound, asked) == ""
    with pytest.raises(
        CliError, match=r"trades synthetic:9, not .*; go on with --market synthetic:9"
    ):
        next_clock(bound, make_plan(tmp_path, {}, config_path=path), 80_000)


@pytest.mark.parametrize("speed", ["fast", "NaN", "0", "-1"])
def test_an_impossible_speed_is_refused(tmp_path: Path, speed: str) -> None:
    """Only a number above zero is a pace."""
    with pytest.raises(ConfigError, match="speed"):
        make_plan(tmp_path, {}, speed=speed)


def test_a_symbol_that_the_market_does_not_have_is_named(tmp_path: Path) -> None:
    """The line says who trades what, and what is there."""
    text = make_plan(tmp_path, {}).derived
    path = tmp_path / "my.toml"
    path.write_text(text.replace('symbol = "BTC/USDT"', 'symbol = "ETH/USDT"'))
    with pytest.raises(ConfigError, match=r'grid-spot trades "ETH/USDT".*expected one of BTC/USDT'):
        make_plan(tmp_path, {}, config_path=path)


def test_a_market_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    """The refusal shows the accepted forms."""
    with pytest.raises((CliError, ConfigError), match="synthetic:SEED"):
        make_plan(tmp_path, {}, market="nasdaq")


def test_recording_paths_become_absolute_where_they_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Children may run elsewhere; a path that is not there is left for the market to look up."""
    monkeypatch.chdir(tmp_path)
    Path("a.gz").write_bytes(b"")
    assert absolute_market("recorded:a.gz,b.gz") == f"recorded:{tmp_path}/a.gz,b.gz"


def plan_at(tmp_path: Path, speed: str = "1", origin_ms: int | None = None) -> StartPlan:
    """Return a plan on the synthetic market that begins at a market time, or with the wall clock."""
    found = make_plan(tmp_path, {}, speed=speed)
    return StartPlan(
        config=found.config,
        understood=found.understood,
        config_path=found.config_path,
        environ=found.environ,
        origin_market_ms=origin_ms,
    )


def test_market_time_begins_where_the_market_does(tmp_path: Path) -> None:
    """A recording has its own beginning; a generator begins now; both at the wall time of the first start."""
    recorded = next_clock(RunFile(), plan_at(tmp_path, origin_ms=5_000), 90_000)
    assert (recorded.origin_market_ms, recorded.origin_wall_ms) == (5_000, 90_000)
    assert next_clock(RunFile(), plan_at(tmp_path), 90_000).market_ms(90_000) == 90_000


def test_market_time_goes_on_at_another_speed_and_stays_with_its_market(tmp_path: Path) -> None:
    """A new speed begins where the old one has come to; another market on the same folder is refused."""
    clock = ClockOrigin(origin_market_ms=0, origin_wall_ms=0)
    before = RunFile(clock=clock, market="synthetic:7", market_ms_last=70_000)
    after = next_clock(before, plan_at(tmp_path, speed="4"), 80_000)
    assert (after.market_ms(80_000), after.market_ms(81_000)) == (80_000, 84_000)
    other = RunFile(clock=clock, market="synthetic:8")
    with pytest.raises(CliError, match="belong to that market"):
        next_clock(other, plan_at(tmp_path), 80_000)
