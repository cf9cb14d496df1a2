"""What a person types: a mistake is one line that names it, never a traceback, and nothing asked for once is kept."""

import io
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.cli.main import main
from opensqt.cli.names import unknown
from opensqt.cli.table import nothing
from opensqt.desk.data_folder import DataFolder, paper_keys
from opensqt.desk.error import CliError
from opensqt.desk.plan import make_plan
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import ConfigError, load, parse_config

SYMBOLS = ("BTC/USDT", "BTC/USDT:USDT", "ETH/USDT")


@pytest.mark.parametrize(
    "said, meant",
    [
        ("BTCUSDT", "did you mean BTC/USDT or BTC/USDT:USDT"),
        ("btc-usdt", "did you mean BTC/USDT"),
        ("ETHUSD", "did you mean ETH/USDT"),
        ("zzz", "(known: BTC/USDT, BTC/USDT:USDT, ETH/USDT)"),
    ],
)
def test_a_name_that_nobody_has_is_answered_with_what_was_meant(said: str, meant: str) -> None:
    """Without punctuation, in small letters, a letter short."""
    assert meant in unknown(said, SYMBOLS)


@pytest.mark.parametrize(
    "speed",
    [
        "1e9999999999",
        "1e-9999999999",
        "101",
        "0.0001",
        "1" * 50,
        "1.0000000000000000000000000000001",
    ],
)
def test_a_speed_without_measure_is_refused_before_it_is_written_out(
    tmp_path: Path, speed: str
) -> None:
    """Ten thousand million digits are not made first."""
    with pytest.raises(ConfigError, match="--speed"):
        make_plan(tmp_path, {}, speed=speed)


def test_a_speed_that_was_asked_for_once_is_not_kept(tmp_path: Path) -> None:
    """It holds for this start; the file that is derived says one second a second."""
    plan = make_plan(tmp_path, {}, speed="10")
    assert plan.config.paper.speed == Decimal(10)
    assert parse_config(plan.derived, {}).paper.speed == Decimal(1)


def test_a_file_with_a_byte_order_mark_or_nested_too_deep_is_refused(tmp_path: Path) -> None:
    """One line that names the file and the fix."""
    path = tmp_path / "c.toml"
    path.write_text("\ufeffschema = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"c\.toml begins with a byte order mark"):
        load(path, {})
    path.write_text("a = " + "[" * 50_000 + "]" * 50_000, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"c\.toml.*nested too deep"):
        load(path, {})


def test_damaged_keys_are_named(tmp_path: Path) -> None:
    """The file and what to do with it."""
    (tmp_path / "venue").mkdir()
    (tmp_path / "venue" / "keys.json").write_bytes(b"{\xff")
    with pytest.raises(CliError, match=r"keys\.json cannot be read"):
        paper_keys(tmp_path, ("main",))


async def test_a_lock_that_is_a_folder_is_named(tmp_path: Path) -> None:
    """It is refused, and what was there stays."""
    (tmp_path / "lock").mkdir()
    with pytest.raises(CliError, match=r"lock cannot be opened"):
        await DataFolder(tmp_path, RunClock()).open()
    assert (tmp_path / "lock").is_dir()


def test_a_path_that_is_too_long_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """No traceback: the exit code of a mistake, and the name."""
    assert main(["status", "--data", "/tmp/" + "x" * 5000]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "too long" in said


def test_a_terminal_without_the_letter_shows_another_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On Latin-1 a verdict is printed, not broken."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", out)
    main(["status", "--data", str(tmp_path)])
    out.write("✓")
    out.flush()


def test_nothing_of_this_kind_is_not_nothing_at_all() -> None:
    """A stopped desk has no open order, and many that ended."""
    assert nothing("open orders", 14) == "no open orders of this kind; 14 in all"
    assert nothing("orders", 0) == "no orders yet"
