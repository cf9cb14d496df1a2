"""What a strategy may choose, the database lets every process of strategies append."""

import typing

import pytest

from opensqt.runtime.access.rights import TABLE
from opensqt.strategies.decision import JournalledChoice


@pytest.mark.row("K01", "F08")
@pytest.mark.parametrize("process", ["arb", "grid", "strategy"])
def test_every_choice_may_be_appended(process: str) -> None:
    """A kind that is chosen and not granted kills the strategy at the moment in which it is needed."""
    chosen = typing.get_type_hints(JournalledChoice)["message"]
    assert {kind.__name__ for kind in typing.get_args(chosen)} <= TABLE[process].appends
