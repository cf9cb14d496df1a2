"""Judges take no figure and no decision from what they judge, and their bound is the published one."""

import ast
import re

import pytest

from tests.crash import judge
from tests.e2e import storm_judge
from tests.tidiness.source import ROOT

JUDGES = (
    *(f"tests/crash/{name}.py" for name in ("judge", "trades", "record", "defects")),
    *(f"tests/e2e/{name}.py" for name in ("audit", "storm_judge", "storm_record")),
    *(f"tests/e2e/{name}.py" for name in ("opposite_judge", "standby/takeover")),
)
PRODUCT = ("opensqt", "services")
READERS = {"decode", "decode_event", "connect", "opened"}  # of bytes and rows as they are


@pytest.mark.row("K14")
@pytest.mark.parametrize("path", JUDGES)
def test_a_judge_takes_nothing_from_the_product_but_what_it_reads(path: str) -> None:
    """Message types and readers alone: no constant that moves with the code, no fold that is wrong with it."""
    taken = _taken((ROOT / path).read_text())
    assert [name for name in taken if name not in READERS and not _is_type(name)] == []


@pytest.mark.row("K14")
def test_a_figure_or_a_fold_of_the_product_would_be_seen() -> None:
    """A constant, a function and a module are told from types."""
    text = (
        "from opensqt.execution.state import MAX, State, fold\nimport opensqt.domain.order_state\n"
    )
    found = _taken(text)
    assert [n for n in found if not _is_type(n)] == ["MAX", "fold", "opensqt.domain.order_state"]


@pytest.mark.row("K14")
def test_the_judges_bound_of_a_doubt_is_the_published_one() -> None:
    """Who changes the promise changes the judges, and the other way round."""
    text = (ROOT / "docs/guarantees.md").read_text()
    told = re.search(r"may stay in doubt\.\*\* At most (\d+) s", text)
    assert told is not None
    assert float(told[1]) == judge.QUIET_S == storm_judge.DOUBT_S_MAX


def _taken(text: str) -> list[str]:
    """Return what a module imports of the product."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PRODUCT):
            found += [one.name for one in node.names]
        elif isinstance(node, ast.Import):
            found += [one.name for one in node.names if one.name.startswith(PRODUCT)]
    return found


def _is_type(name: str) -> bool:
    return re.fullmatch(r"[A-Z][A-Za-z]*[a-z][A-Za-z]*", name) is not None
