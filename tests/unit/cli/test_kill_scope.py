"""Whom `opensqt kill` and `resume` mean: a name that a script left empty is never the whole desk."""

import argparse

import pytest

from opensqt.cli.executors import add_scope, scope_of
from opensqt.desk.error import CliError

pytestmark = pytest.mark.row("E10")


def words(*argv: str) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser()
    add_scope(parser, "kill")
    return parser.parse_args(argv)


def test_without_a_name_the_desk_is_meant_and_with_one_its_strategy() -> None:
    """Blanks around a name are nobody's wish."""
    assert scope_of(words()) == "desk"
    assert scope_of(words("--strategy", " grid-spot")) == "strategy/grid-spot"


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_an_empty_name_is_refused(name: str) -> None:
    """A script's variable was not set: the error says what was read."""
    with pytest.raises(CliError, match="expected the name of a strategy"):
        scope_of(words("--strategy", name))
