"""Strategies that were added and removed while a desk ran, over what its file says."""

from pathlib import Path

import pytest

from opensqt.desk.config_default import derive
from opensqt.desk.strategy_record import write_changes
from opensqt.domain.control import (
    StrategyChange,
    StrategyDeregistered,
    StrategyRegistered,
    StrategyRetiring,
)
from opensqt.runtime.config.all import Config, ConfigError, parse_config, strategy_hash
from opensqt.runtime.config.strategy_changes import NO_CHANGES, StrategyChanges, text_of
from opensqt.runtime.config.strategy_file import FILE, read_changes

FILE_TEXT = derive(("BTC/USDT", "BTC/USDT:USDT"), market="synthetic:7")
TABLE = {
    "kind": "grid",
    "account": "main",
    "symbol": "ETH/USDT:USDT",
    "mode": "neutral",
    "step_bps": "6",
    "levels_below": 3,
    "levels_above": 3,
    "order_notional_quote": "500",
}


def _added(name: str = "eth", **values: object) -> StrategyRegistered:
    return StrategyRegistered(
        strategy=name, settings=text_of(TABLE | values), reason="r", actor="me", time_ms=1
    )


def _told(name: str) -> StrategyRetiring:
    return StrategyRetiring(strategy=name, reason="r", actor="me", time_ms=2)


def _left(name: str) -> StrategyDeregistered:
    return StrategyDeregistered(
        strategy=name, journal_position=7, reason="r", actor="me", time_ms=3
    )


def _changes(*said: StrategyChange) -> StrategyChanges:
    found = NO_CHANGES
    for one in said:
        found = found.said(one)
    return found


def _config(*said: StrategyChange, **environ: str) -> Config:
    return parse_config(FILE_TEXT, environ, _changes(*said))


@pytest.mark.row("B24", "F20")
def test_what_was_added_is_there_beside_what_the_file_says_until_it_has_left() -> None:
    """A strategy that is told to leave still belongs to the desk; one that has left does not, also one of the file."""
    names = set(_config().strategies)
    assert set(_config(_added()).strategies) == {*names, "eth"}
    assert set(_config(_added(), _told("eth")).strategies) == {*names, "eth"}
    assert set(_config(_added(), _told("eth"), _left("eth")).strategies) == names
    some = min(names)
    assert set(_config(_told(some), _left(some)).strategies) == names - {some}
    back = _config(_told(some), _left(some), _added(some))
    assert back.strategies[some].symbols == ("ETH/USDT:USDT",)


@pytest.mark.row("F20", "B24")
def test_the_copy_of_the_record_makes_the_same_strategy_to_the_letter(tmp_path: Path) -> None:
    """The hash that a run puts on record is the same, by the record and by its copy."""
    changes = _changes(_added(), _added("other", step_bps="9"), _told("other"))
    write_changes(tmp_path, changes)
    assert read_changes(tmp_path) == changes
    hashes = {
        strategy_hash(parse_config(FILE_TEXT, {}, one).strategies["eth"])
        for one in (changes, read_changes(tmp_path))
    }
    text = (
        FILE_TEXT
        + "[strategies.eth]\n"
        + "".join(
            f"{key} = {value if isinstance(value, int) else repr(value)}\n"
            for key, value in TABLE.items()
        )
    )
    assert hashes == {strategy_hash(parse_config(text, {}).strategies["eth"])}


def test_the_last_settings_of_a_name_count() -> None:
    """A change is another registration; it takes back nothing else."""
    config = _config(_added(), _added("too"), _added(levels_below=5))
    assert config.strategies["eth"].setting("levels_below") == 5
    assert config.strategies["too"].setting("levels_below") == 3


def test_what_was_recorded_is_read_as_a_file_is() -> None:
    """A value that may not be is named as in a file, and an overlay of the environment lies over it."""
    with pytest.raises(ConfigError, match=r"strategies\.eth\.levels_below"):
        _config(_added(levels_below=-1))
    overlaid = _config(_added(), OPENSQT__STRATEGIES__ETH__LEVELS_BELOW="4")
    assert overlaid.strategies["eth"].setting("levels_below") == 4


def test_a_folder_without_a_copy_has_no_changes_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    """The copy can be deleted: the journal makes it anew."""
    assert read_changes(tmp_path) == read_changes(None) == NO_CHANGES
    (tmp_path / FILE).write_text("{")
    with pytest.raises(ConfigError, match="delete it"):
        read_changes(tmp_path)
