"""The simulated venue's pipeline knows no dialect; which there are, their folders say."""

import ast
from pathlib import Path

import pytest

from opensqt import simulation
from opensqt.runtime.config.venue_names import built_in_venues
from opensqt.simulation.dialects.registry import dialect_entry

HOUSE = Path(simulation.__file__).parent


def test_a_dialect_is_found_by_its_folder_and_an_unknown_one_is_named() -> None:
    """Each has a folder of its name; a venue without one is refused with those that there are."""
    for venue in built_in_venues():
        assert dialect_entry(venue).name == venue
    with pytest.raises(LookupError, match=r"'daffodil'.*known: binance, .*okx"):
        dialect_entry("daffodil")


@pytest.mark.parametrize("room", ["server", "engine", "market"])
def test_nothing_outside_its_folder_names_a_dialect(room: str) -> None:
    """No module of the pipeline, the engine or the market imports a dialect or says its name in code."""
    for path in (HOUSE / room).rglob("*.py"):
        tree = ast.parse(path.read_text())
        texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
        named = {"binance"} if path.name == "sources.py" else set()  # a folder of recordings
        assert set(built_in_venues()) & set(texts) <= named, path
        imports = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        dialects = [f".dialects.{venue}" for venue in built_in_venues()]
        assert not [name for name in imports if any(one in name for one in dialects)], path
