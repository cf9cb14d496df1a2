"""The catalogue of the gate: what a rule says that it asks for is what it asks for, and the page is made of it."""

import typing
from collections import Counter
from typing import Any

import msgspec
import pytest

from opensqt.domain.grounds import Grounds, Moment
from opensqt.domain.intent import PlaceIntent
from opensqt.risk.case import Case
from opensqt.risk.rule import Rule
from opensqt.risk.rules import RULES
from tests.tidiness.limits import PAGE, page
from tests.unit.risk.test_risk_record import RUN

# What decides whether an order reduces, and carries the venue's flag, is asked for before a rule is.
SHARED = {f"grounds.exposure.{name}" for name in ("net", "nobodys", "own", "own_closing")} | {
    "grounds.exposure.buys_open",
    "grounds.exposure.sells_open",
    "grounds.rules.market",
}
# Words of a detail say in which asset a figure is.
WORDING = {"grounds.limits.currency", "grounds.rules.base"}
CASES = [
    Case(intent=one.place, moment=one.moment, grounds=one.grounds)
    for one in RUN
    if one.place is not None and one.moment is not None and one.grounds is not None
]


class Watched:
    """A value that remembers which of its figures were read, by dotted name."""

    def __init__(self, value: Any, name: str, read: set[str]) -> None:
        self._value, self._name, self._read = value, name, read

    def __getattr__(self, name: str) -> Any:
        value, dotted = getattr(self._value, name), f"{self._name}.{name}"
        if isinstance(value, msgspec.Struct):
            return Watched(value, dotted, self._read)
        if not callable(value):
            self._read.add(dotted)
        return value


@pytest.mark.row("J10")
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_reads_what_it_names_and_nothing_else(rule: Rule) -> None:
    """So the verdict's figures explain each rule, and the page says which."""
    named = {*filter(None, (*rule.inputs, rule.limit))} | SHARED
    for case in CASES[:400]:
        read: set[str] = set()
        parts: dict[str, Any] = {
            name: Watched(getattr(case, name), name, read) for name in ("moment", "grounds")
        }
        rule.broken(Case(intent=case.intent, **parts))
        strange = {one for one in read - WORDING if not any(map(one.startswith, named))}
        # A part that is not known was asked for on the way to a figure of it.
        assert not {one for one in strange if not any(n.startswith(f"{one}.") for n in named)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_figure_that_a_rule_names_is_one_of_the_verdict(rule: Rule) -> None:
    """A name that is none would be a column of the page that nobody can find."""
    roots = {"moment": Moment, "grounds": Grounds, "intent": PlaceIntent}
    for name in filter(None, (*rule.inputs, rule.limit)):
        root, *path = name.split(".")
        kind: Any = roots[root]
        for step in path:
            kind = typing.get_type_hints(kind)[step]
            held = [one for one in typing.get_args(kind) if one is not type(None)]
            kind = held[0] if held else kind


def test_every_code_stands_once() -> None:
    """A refusal names one rule."""
    assert max(Counter(rule.code for rule in RULES).values()) == 1


def test_the_page_is_what_the_catalogue_says() -> None:
    """`make rows` writes docs/limits.md."""
    assert PAGE.read_text(encoding="utf-8") == page()
