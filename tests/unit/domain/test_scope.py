"""Scopes of kills and halts: one text for each, one reader of it."""

import pytest

from opensqt.domain.scope import DESK, Scope, kill_refused, parsed

SYMBOL = "BTC/USDT:USDT"
SCOPES = {
    DESK: Scope(),
    "strategy/grid": Scope(strategy="grid"),
    "binance/main": Scope(venue="binance", account="main"),
    f"binance/main/{SYMBOL}": Scope(venue="binance", account="main", symbol=SYMBOL),
}
HERE = {"strategy": "grid", "venue": "binance", "account": "main", "symbol": SYMBOL}


@pytest.mark.parametrize("text", SCOPES)
def test_a_scope_is_read_from_the_text_that_it_travels_as(text: str) -> None:
    """A symbol holds slashes of its own and stays whole."""
    assert parsed(text) == SCOPES[text]
    assert str(SCOPES[text]) == text


@pytest.mark.parametrize("text", ["", "grid", "strategy/", "strategy", "/main", "binance/"])
def test_a_text_that_names_no_scope_holds_nowhere(text: str) -> None:
    """Nothing is guessed of it."""
    assert parsed(text) is None


@pytest.mark.parametrize("text", SCOPES)
@pytest.mark.parametrize(
    "elsewhere, covered",
    [
        ({"strategy": "carry"}, {DESK, "binance/main", f"binance/main/{SYMBOL}"}),
        ({"venue": "okx"}, {DESK, "strategy/grid"}),
        ({"account": "side"}, {DESK, "strategy/grid"}),
        ({"symbol": "BTC/USDT"}, {DESK, "strategy/grid", "binance/main"}),
        ({}, set(SCOPES)),
    ],
)
def test_a_scope_covers_what_happens_inside_it(
    text: str, elsewhere: dict[str, str], covered: set[str]
) -> None:
    """Whatever it names must be the same; what it leaves open may be anything."""
    assert SCOPES[text].covers(**HERE | elsewhere) is (text in covered)


def test_only_the_desk_and_known_strategies_can_be_killed() -> None:
    """The refusal names what was expected, or who is known."""
    assert kill_refused(DESK, ()) == kill_refused("strategy/grid", ["grid"]) == ""
    assert kill_refused("binance/main", ["grid"]).endswith("expected desk or strategy/NAME")
    assert kill_refused("strategy/gird", ["grid"]).endswith("(known: grid)")
