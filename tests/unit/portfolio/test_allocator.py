"""Who gets how much: the caps hold for whatever comes, in whatever sequence."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.desk.config_default import derive
from opensqt.portfolio.allocator import AllocationTerms, Leftover, Rated, Target, allocate, chosen
from opensqt.runtime.config.all import ConfigError, parse_config

TERMS = AllocationTerms()
EQUITY = Decimal(10_000)
FIXTURE = (("a", "0.8", "L1"), ("b", "0.6", "L1"), ("c", "0.4", "L1"), ("d", "0.9", "AI"))


def _rated(*told: tuple[str, str, str]) -> list[Rated]:
    return [Rated(pair=name, score=Decimal(score), sector=sector) for name, score, sector in told]


def _configured(leverage: str) -> AllocationTerms:
    text = derive(["BTC/USDT"], market="synthetic:7")
    text += f'[portfolio.allocation]\nleverage = "{leverage}"\n'
    return parse_config(text, {}).portfolio.allocation


def _weights(targets: tuple[Target, ...]) -> dict[str, str]:
    return {one.pair: f"{one.weight.normalize():f}" for one in targets}


@pytest.mark.row("F17")
def test_the_caps_of_pairs_and_sectors_leave_what_they_leave() -> None:
    """0.8, 0.6 and 0.4 of one sector and 0.9 of another: 0.25, 0.05, nothing, 0.25; the rest stays in cash."""
    targets = allocate(chosen(_rated(*FIXTURE), TERMS), EQUITY, TERMS)
    assert _weights(targets) == {"d": "0.25", "a": "0.25", "b": "0.05"}
    assert sum(one.notional_quote for one in targets) == 5_500


@pytest.mark.row("F17")
def test_what_the_caps_leave_may_be_spread_over_who_has_room() -> None:
    """Of three pairs in sectors of their own the good one is at its cap, and the others take the rest up to theirs."""
    pairs = _rated(("a", "0.9", "L1"), ("b", "0.05", "AI"), ("c", "0.05", "DeFi"))
    spread = msgspec.structs.replace(TERMS, leftover=Leftover.SPREAD)
    assert _weights(allocate(pairs, EQUITY, TERMS)) == {"a": "0.25", "b": "0.05", "c": "0.05"}
    assert _weights(allocate(pairs, EQUITY, spread)) == {"a": "0.25", "b": "0.25", "c": "0.25"}


@pytest.mark.row("F17")
def test_pairs_without_a_sector_share_no_cap() -> None:
    """An unknown sector is not one that all of them are in: nothing would be left for the second."""
    pairs = _rated(("a", "1", ""), ("b", "1", ""), ("c", "1", ""), ("d", "1", ""))
    assert set(_weights(allocate(pairs, EQUITY, TERMS)).values()) == {"0.25"}


@pytest.mark.row("F17")
def test_ten_pairs_are_held_and_no_more() -> None:
    """The best ten of twelve; a score of nothing is never held."""
    many = [Rated(pair=f"p{n:02}", score=Decimal(n)) for n in range(13)]
    assert [one.pair for one in chosen(many, TERMS)] == [f"p{n:02}" for n in range(12, 2, -1)]
    assert [one.pair for one in chosen(many[:2], TERMS)] == ["p01"]


@pytest.mark.row("F17")
def test_three_times_the_equity_is_the_most() -> None:
    """Leverage multiplies what is held; more than three is refused where it is said."""
    (target,) = allocate(_rated(("a", "1", "")), EQUITY, _configured("3"))
    assert target.notional_quote == 7_500
    with pytest.raises(ConfigError, match=r"portfolio\.allocation\.leverage"):
        _configured("3.1")


@pytest.mark.row("F17")
def test_of_two_that_move_together_only_the_better_one_is_taken_where_that_is_asked() -> None:
    """Without the cap, and without a figure, correlation keeps nobody out."""
    alike = {frozenset({"a", "d"}): Decimal("0.9")}
    capped = msgspec.structs.replace(TERMS, correlation_max=Decimal("0.8"))
    names = [one.pair for one in chosen(_rated(*FIXTURE), capped, alike)]
    assert names == ["d", "b", "c"]
    assert len(chosen(_rated(*FIXTURE), TERMS, alike)) == 4


def test_an_account_without_money_gets_nothing() -> None:
    """Debts are no capital."""
    assert all(one.notional_quote == 0 for one in allocate(_rated(*FIXTURE), Decimal(-5), TERMS))


PAIRS = st.lists(
    st.builds(
        Rated,
        pair=st.text("abcdefgh", min_size=1, max_size=3),
        score=st.decimals("0", "5", places=3),
        sector=st.sampled_from(("", "L1", "AI", "DeFi")),
    ),
    max_size=15,
    unique_by=lambda one: one.pair,
)


@pytest.mark.row("F17")
@given(PAIRS, st.randoms(), st.sampled_from(Leftover), st.decimals("0.1", "3", places=1))
def test_no_cap_is_ever_passed_and_no_sequence_matters(
    pairs: list[Rated], shuffled: object, leftover: Leftover, leverage: Decimal
) -> None:
    """Pair, sector, number and capital, for any scores, sectors and policy."""
    terms = msgspec.structs.replace(TERMS, leftover=leftover, leverage=leverage)
    targets = allocate(chosen(pairs, terms), EQUITY, terms)
    sequence = list(pairs)
    shuffled.shuffle(sequence)  # type: ignore[attr-defined]
    assert targets == allocate(chosen(sequence, terms), EQUITY, terms)
    assert len(targets) <= terms.pairs_max
    assert sum(one.notional_quote for one in targets) <= EQUITY * leverage <= EQUITY * 3
    assert all(0 < one.weight <= terms.pair_share_max for one in targets)
    sectors = {one.pair: one.sector for one in pairs}
    for sector in ("L1", "AI", "DeFi"):
        held = sum(one.weight for one in targets if sectors[one.pair] == sector)
        assert held <= terms.sector_share_max
