"""A strategy of somebody else's: found by its kind, told one line where it is not, and loaded by nobody else."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.cli.main import main
from opensqt.desk.plan import make_plan
from opensqt.desk.processes import rows
from opensqt.runtime.config.all import Config, ConfigError, config_hash, load, parse_config
from opensqt.runtime.config.limits import limits_of
from opensqt.runtime.strategy.registry import UnknownKind, strategy_of, understood
from opensqt.strategies.api import Strategy
from opensqt.strategies.settings import PluginSettings
from tests.tidiness.source import ROOT

MAKER = ROOT / "examples" / "maker"
TEXT = (MAKER / "opensqt.toml").read_text(encoding="utf-8")
PERP = "BTC/USDT:USDT"


def changed(old: str, new: str) -> Config:
    """Return the configuration of the example with one piece replaced."""
    assert old in TEXT
    return parse_config(TEXT.replace(old, new, 1), {})


def beside(folder: Path, name: str, text: str) -> Path:
    """Write a configuration that names a kind, and a file of that kind beside it."""
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    path = folder / "opensqt.toml"
    path.write_text(TEXT.replace('kind = "maker"', f'kind = "{name}"'), encoding="utf-8")
    return path


def test_what_all_strategies_have_is_known_without_the_code() -> None:
    """Feed, executor, risk and supervisor learn symbols, bound and process from the configuration alone."""
    config = parse_config(TEXT, {})
    assert isinstance(config.strategies["maker"], PluginSettings)
    assert config.symbols("binance") == (PERP,)
    limits = limits_of(config, Decimal(1), "maker", PERP)
    assert limits.inventory_notional_quote_max == 3000
    (row,) = [row for row in rows(config) if row.name == "strategy-maker"]
    assert row.argv == ("services.strategy", "--name", "maker")


def test_only_who_runs_or_checks_it_loads_the_code(tmp_path: Path) -> None:
    """A file that breaks on import stops `up` with one line; who reads the configuration only does not notice."""
    path = beside(tmp_path, "broken", 'raise RuntimeError("loaded\\ntwice")')
    config = load(path, {})
    assert config_hash(config) != config_hash(parse_config(TEXT, {}))
    with pytest.raises(ConfigError, match="RuntimeError: loaded twice") as error:
        make_plan(tmp_path, {}, config_path=path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "old, new, words",
    [
        ('kind = "maker"', 'kind = "moon"', "expected one of grid, carry, an installed strategy"),
        ('kind = "maker"', 'kind = "no.module:X"', "no.module has no strategy X"),
        ('kind = "maker"', 'kind = "pathlib:Path"', "it is a type, expected a Strategy"),
        ("half_spread_bps", "half_spred_bps", "unknown key (did you mean half_spread_bps?)"),
        ('half_spread_bps = "2"', "", "half_spread_bps is missing"),
        ('half_spread_bps = "2"', 'half_spread_bps = "0"', "expected a decimal in quotes"),
        ('max = "3000"', 'max = "1"', "at least order_notional_quote = 500"),
        ('notional_quote = "500"', 'notional_quote = "9000"', "at most risk.order_notional"),
        (PERP, "BTC/USDT", "expected a perpetual like BTC/USDT:USDT"),
    ],
)
def test_a_mistake_is_one_line_that_names_field_and_expectation(
    old: str, new: str, words: str
) -> None:
    """As in a kind that is shipped: which setting, its value, what was expected."""
    with pytest.raises(ConfigError) as error:
        understood(changed(old, new), MAKER)
    assert words in str(error.value)
    assert str(error.value).startswith("strategies.maker")
    assert "\n" not in str(error.value)


def test_a_number_that_lost_digits_is_refused_before_the_code_sees_it() -> None:
    """A float is no amount, whoever reads it."""
    with pytest.raises(ConfigError, match=r"half_spread_bps = 2\.0: expected a decimal in quotes"):
        changed('half_spread_bps = "2"', "half_spread_bps = 2.0")


BOTH = """
from opensqt.strategies.api import Settings, Strategy, aim
class BothSettings(Settings, frozen=True, kw_only=True):
    markets: list[str]
BOTH = Strategy(settings=BothSettings, decide=lambda state, event: aim(state, []))
"""


@pytest.mark.parametrize(
    "value, words",
    [
        (f'["BTC/USDT", "{PERP}"]', ""),
        (f'"{PERP}"', r"markets = .*: expected a list"),
        (f'["{PERP}", 1]', r"markets\[1\] = 1: expected a text in quotes"),
    ],
)
def test_a_strategy_may_trade_a_list_of_symbols(tmp_path: Path, value: str, words: str) -> None:
    """Each is written like one, and so is traded; a list is checked entry by entry."""
    beside(tmp_path, "both", BOTH)
    text = TEXT.replace('kind = "maker"', 'kind = "both"').replace('half_spread_bps = "2"', "")
    text = text.replace(f'symbol = "{PERP}"', f"markets = {value}")
    config = parse_config(text.replace('inventory_notional_quote_max = "3000"', ""), {})
    if words:
        with pytest.raises(ConfigError, match=words):
            understood(config, tmp_path)
    else:
        assert understood(config, tmp_path).strategies["maker"].symbols == ("BTC/USDT", PERP)


def test_the_environment_sets_its_settings_too() -> None:
    """By the name that the file has, and no other."""
    config = parse_config(TEXT, {"OPENSQT__STRATEGIES__MAKER__HALF_SPREAD_BPS": "7"})
    assert config.strategies["maker"].setting("half_spread_bps") == 7
    with pytest.raises(ConfigError, match="no such key"):
        parse_config(TEXT, {"OPENSQT__STRATEGIES__MAKER__SPREAD": "7"})


def test_an_installed_kind_is_found_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A distribution that declares `opensqt.strategies` needs no file beside the configuration."""
    (tmp_path / "makers.py").write_text((MAKER / "maker.py").read_text(encoding="utf-8"))
    (tmp_path / "makers-1.0.dist-info").mkdir()
    (tmp_path / "makers-1.0.dist-info" / "METADATA").write_text("Name: makers\nVersion: 1.0\n")
    (tmp_path / "makers-1.0.dist-info" / "entry_points.txt").write_text(
        "[opensqt.strategies]\nquoter = makers:MAKER\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert isinstance(strategy_of("quoter", None), Strategy)
    assert isinstance(strategy_of("makers:MAKER", None), Strategy)


def test_a_file_defines_one_strategy(tmp_path: Path) -> None:
    """Which of several is meant, nobody could say."""
    (tmp_path / "none.py").write_text("X = 1\n")
    with pytest.raises(UnknownKind, match="it defines 0 strategies, expected one"):
        strategy_of("none", tmp_path)


def test_the_example_is_small_and_passes_its_own_test() -> None:
    """Settings and decisions in at most 200 lines, with the test in at most 300."""
    lines = {path.name: len(path.read_text().splitlines()) for path in MAKER.glob("*.py")}
    assert lines["maker.py"] <= 200
    assert sum(lines.values()) <= 300
    passes(MAKER / "test_maker.py")


def test_a_new_strategy_trades_and_has_a_test(tmp_path: Path) -> None:
    """`opensqt new strategy` writes two files that pass, can be configured, and are never written over."""
    words = ["new", "strategy", "dip_buyer", "--folder", str(tmp_path)]
    assert main(words) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dip_buyer.py", "test_dip_buyer.py"]
    assert main(words) == 2
    assert main(["new", "strategy", "Dip-Buyer"]) == 2
    passes(tmp_path / "test_dip_buyer.py")
    assert isinstance(strategy_of("dip_buyer", tmp_path), Strategy)


def passes(test: Path) -> None:
    """Run a test beside the file that it tests, as its author would."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test.name],
        cwd=test.parent,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
