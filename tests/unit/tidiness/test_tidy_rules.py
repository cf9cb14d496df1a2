"""The page of rules tells the truth about the tests."""

import pytest

from tests.tidiness.rules import PAGE, Broken, Rule, current_page, functions, page
from tests.tidiness.source import Source

KNOWN = functions([Source("tests/unit/test_x.py", "async def test_a(): ...\ndef helper(): ...\n")])


def test_the_page_of_rules_is_current() -> None:
    """docs/rules.md is what `make rows` would write now, and each test that it names is there."""
    assert PAGE.read_text(encoding="utf-8") == current_page()


def test_a_rule_is_tested_in_part_or_later() -> None:
    """Counted apart, and each under its section."""
    rules: dict[str, Rule] = {
        "bus.a": {"rule": "one", "tests": ["unit/test_x.py::test_a"]},
        "order.b": {"rule": "two", "tests": ["unit/test_x.py::test_a"], "later": "half of it"},
        "failure.c": {"rule": "three", "later": "why"},
    }
    text = page(rules, KNOWN)
    assert "3 rules · 1 tested · 1 in part · 1 later" in text
    assert "| bus.a | one | `unit/test_x.py::test_a` |" in text
    assert "| failure.c | three — *later: why* |  |" in text


@pytest.mark.parametrize(
    "rules, message",
    [
        ({"bus.a": {"rule": "one"}}, "no test, and no word"),
        ({"bus.a": {"rule": "one", "tests": []}}, "no test, and no word"),
        ({"bus.a": {"rule": "one", "tests": ["unit/test_x.py::test_b"]}}, "there is no test"),
        ({"bus.a": {"rule": "one", "tests": ["unit/test_x.py::helper"]}}, "there is no test"),
        ({"bus.a": {"rule": "", "later": "why"}}, "no sentence"),
        ({"boat.a": {"rule": "one", "later": "why"}}, "section one of"),
        ({"bus": {"rule": "one", "later": "why"}}, "section one of"),
        ({"bus.a": {"rule": "one", "late": "why"}}, "unknown key 'late'"),
    ],
)
def test_what_cannot_be_believed_is_named(rules: dict[str, Rule], message: str) -> None:
    """A rule without test or reason, a test that is not there, a section of no design: each is an error."""
    with pytest.raises(Broken, match=message):
        page(rules, KNOWN)
