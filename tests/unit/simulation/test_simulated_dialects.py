"""The simulated venue's pipeline knows no dialect; which there are, their folders say."""

import ast
from pathlib import Path

import pytest

from opensqt import simulation
from opensqt.simulation.dialects.registry import dialect_entry

HOUSE = Path(simulation.__file__).parent


def test_a_dialect_is_found_by_its_folder_and_an_unknown_one_is_named() -> None:
    """Binance has a folder; a venue without one is refused with those that there are."""
    assert dialect_entry("binance").name == "binance"
    with pytest.raises(LookupError, match=r"'okx'.*known: binance"):
        dialect_entry("okx")


@pytest.mark.parametrize("room", ["server", "engine", "market"])
def test_nothing_outside_its_folder_names_a_dialect(room: str) -> None:
    """No module of the pipeline, the engine or the market imports a dialect or says its name in code."""
    for path in (HOUSE / room).rglob("*.py"):
        tree = ast.parse(path.read_text())
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        assert "binance" not in texts or path.name == "sources.py", path  # a folder of recordings
        imports = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        assert not [name for name in imports if ".dialects.binance" in name], path
