"""Which changes are made, and in which sequence."""

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.portfolio.allocator import Rated, Target
from opensqt.portfolio.rebalancer import (
    SEQUENCE,
    ActionKind,
    RebalanceTerms,
    Turn,
    actions,
    is_due,
    is_worth,
    turn,
    with_holders,
)

TERMS = RebalanceTerms()
EQUITY = Decimal(10_000)


def _targets(**notionals: str) -> list[Target]:
    return [
        Target(pair=name, weight=Decimal(0), notional_quote=Decimal(one))
        for name, one in notionals.items()
    ]


def _held(**notionals: str) -> dict[str, Decimal]:
    return {name: Decimal(one) for name, one in notionals.items()}


def _rated(name: str, apr: str, score: str = "1") -> Rated:
    return Rated(pair=name, score=Decimal(score), apr=Decimal(apr))


@pytest.mark.row("F18")
@pytest.mark.parametrize(
    "before, after, due",
    [
        ("1000", "1050", False),  # 5 % of itself, half a percent of the account
        ("1000", "1050.01", True),
        ("1000", "949.99", True),
        ("2000", "2075", False),  # 3.75 % of itself, 0.75 % of the account
        ("2000", "2075.01", True),
        ("0", "1", True),
        ("1000", "1000", False),
    ],
)
def test_small_changes_are_not_made(before: str, after: str, due: bool) -> None:
    """More than 5 % of what is held, or more than 0.75 % of the equity."""
    assert is_due(Decimal(before), Decimal(after), EQUITY, TERMS) is due


@pytest.mark.row("F18")
@pytest.mark.parametrize("offered, worth", [("0.3346", False), ("0.3347", True)])
def test_a_change_of_pairs_must_pay_for_itself_in_a_week(offered: str, worth: bool) -> None:
    """0.1 a year is given up: more than 0.45 % must come back in 7 of 365 days."""
    assert is_worth(Decimal("0.1"), Decimal(offered), TERMS) is worth


@pytest.mark.row("F18")
def test_a_held_pair_keeps_its_place_against_one_that_is_not_worth_the_change() -> None:
    """The weakest newcomer goes; one that earns enough more takes the place; who left the universe has none."""
    held = _held(old="1000", gone="1000")
    near, rich, old = _rated("near", "0.2", "2"), _rated("rich", "0.9", "3"), _rated("old", "0.1")
    assert with_holders([rich, near], [rich, near, old], held, TERMS) == (rich, old)
    assert with_holders([rich], [rich, old], held, TERMS) == (rich,)
    assert with_holders([near], [near], held, TERMS) == (near,)
    assert with_holders([near, old], [near, old], held, TERMS) == (near, old)


@pytest.mark.row("F18")
def test_what_frees_capital_comes_before_what_takes_it() -> None:
    """Remove, reduce, increase, add; the largest of a kind first, whatever the sequence of the targets."""
    held = _held(a="1000", b="1000", c="1000", d="1000", small="1000")
    wanted = {"b": "400", "c": "500", "d": "2000", "e": "10", "f": "800", "small": "1001"}
    for names in permutations(wanted):
        found = actions(held, _targets(**{name: wanted[name] for name in names}), EQUITY, TERMS)
        assert [(one.kind, one.pair) for one in found] == [
            (ActionKind.REMOVE, "a"),
            (ActionKind.REDUCE, "b"),
            (ActionKind.REDUCE, "c"),
            (ActionKind.INCREASE, "d"),
            (ActionKind.ADD, "f"),
            (ActionKind.ADD, "e"),
        ]


@pytest.mark.row("F18")
@pytest.mark.parametrize(
    "kind, health, waited_ms, expected",
    [
        (ActionKind.ADD, "0.7", 0, Turn.NOW),
        (ActionKind.INCREASE, "0.69", 0, Turn.WAIT),
        (ActionKind.INCREASE, "0.69", 29_999, Turn.WAIT),
        (ActionKind.INCREASE, "0.69", 30_000, Turn.SKIP),
        (ActionKind.ADD, None, 0, Turn.WAIT),
        (ActionKind.ADD, None, 30_000, Turn.SKIP),
        (ActionKind.REDUCE, "0.1", 0, Turn.NOW),
        (ActionKind.REMOVE, None, 0, Turn.NOW),
    ],
)
def test_only_a_healthy_account_takes_on_more(
    kind: ActionKind, health: str | None, waited_ms: int, expected: Turn
) -> None:
    """It waits for 0.7 up to half a minute and is left out then; what frees capital never waits."""
    known = None if health is None else Decimal(health)
    assert turn(kind, known, waited_ms, TERMS) is expected


AMOUNTS = st.dictionaries(
    st.sampled_from("abcdef"), st.decimals("0.01", "5000", places=2), max_size=6
)


@pytest.mark.row("F18")
@given(AMOUNTS, AMOUNTS)
def test_every_action_is_due_and_leads_from_what_is_held_to_what_is_wanted(
    held: dict[str, Decimal], wanted: dict[str, Decimal]
) -> None:
    """Each pair once, none left behind that should go, and never more taken on before all is freed."""
    targets = [
        Target(pair=name, weight=Decimal(0), notional_quote=one) for name, one in wanted.items()
    ]
    found = actions(held, targets, EQUITY, TERMS)
    places = [SEQUENCE.index(one.kind) for one in found]
    assert places == sorted(places)
    after = dict(held) | {one.pair: one.after_quote for one in found}
    assert {name for name, one in after.items() if one} <= set(wanted)
    for name, one in wanted.items():
        assert after.get(name) == one or not is_due(held.get(name, Decimal(0)), one, EQUITY, TERMS)
