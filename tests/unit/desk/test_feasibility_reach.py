"""Orders beyond the collar, the range or a limit of the whole desk are told of, and what is recommended can be."""

import re
from collections.abc import Iterable
from decimal import Decimal

import pytest

from opensqt.desk.feasibility import findings, warnings
from tests.unit.desk.test_feasibility import MARKET, changed

STEP, LEVELS, COLLAR = 'step_bps = "6"', "levels_below = 5", 'price_collar_bps = "100"'
GRID = "strategies.grid-perp."


def with_grid(*lines: str, step: str = STEP) -> list[str]:
    """Return what is found of the neutral grid with these settings in place of its step."""
    return told(findings(changed((STEP, "\n".join((step, *lines)))), MARKET))


def warned(*lines: str) -> list[str]:
    """Return what is warned of with these settings beside its step."""
    return told(warnings(changed((STEP, "\n".join((STEP, *lines)))), MARKET))


def told(lines: Iterable[str]) -> list[str]:
    """Return what is said of the neutral grid."""
    return [line for line in lines if line.startswith(GRID)]


@pytest.mark.row("F01")
@pytest.mark.parametrize("step", ["100", "300", "5000"])
def test_the_step_that_is_recommended_for_the_collar_works(step: str) -> None:
    """Nobody is told to keep no level, or to widen a collar further than it goes."""
    found = with_grid(step=f'step_bps = "{step}"')
    assert [line.partition(" = ")[0] for line in found] == [
        f"{GRID}levels_below",
        f"{GRID}levels_above",
    ]
    for line in found:
        assert "0 levels" not in line
        match = re.search(r'expected step_bps of at most "([0-9.]+)"', line)
        assert match is not None
        assert with_grid(step=f'step_bps = "{match.group(1)}"') == []
        collar = re.search(r"or a collar of at least ([0-9.]+)$", line)
        assert (collar is not None) == (step != "5000")
        if collar is not None:
            assert Decimal(collar.group(1)) <= 5000


@pytest.mark.row("F01")
def test_a_collar_below_every_step_that_earns_is_what_is_to_be_changed() -> None:
    """With 5 bps one level of a smaller step is left; with 1 bps no step pays its fees."""
    tight = told(findings(changed((COLLAR, 'price_collar_bps = "5"')), MARKET))
    assert 'expected step_bps of at most "4.54" with 1 level, or a collar of at least' in tight[0]
    assert (
        told(
            findings(
                changed(
                    (COLLAR, 'price_collar_bps = "5"'),
                    (STEP, 'step_bps = "4.54"'),
                    (LEVELS, "levels_below = 1"),
                    ("levels_above = 5", "levels_above = 1"),
                ),
                MARKET,
            )
        )
        == []
    )
    none = told(findings(changed((COLLAR, 'price_collar_bps = "1"')), MARKET))
    assert none[0].endswith("expected a collar of at least 30.60")


@pytest.mark.row("F01")
@pytest.mark.parametrize("anchor", ["0.001", "0.04", "1", "10", "1000000000"])
@pytest.mark.parametrize("ladder", ["arithmetic", "geometric"])
def test_an_anchor_that_no_step_can_mend_is_what_is_to_be_changed(anchor: str, ladder: str) -> None:
    """Below the tick, or so far away that the tick is a wide step: no step beyond its own range is asked for."""
    found = with_grid(f'anchor = "{anchor}"', f'ladder = "{ladder}"')
    fine = ladder == "geometric" and anchor == "1000000000"
    assert bool(found) != fine
    for line in found:
        for step in re.findall(r"expected at least ([0-9.]+)$", line):
            assert Decimal(step) <= 5000
    if anchor.startswith("0."):
        (line,) = found
        assert line.startswith(f'{GRID}anchor = "{anchor}": no price on the tick')
        assert line.endswith("expected an anchor near the price 60010")


@pytest.mark.row("F01")
@pytest.mark.parametrize("anchor, step, earns", [("120000", "3", False), ("30000", "6", True)])
def test_a_geometric_step_is_judged_by_its_share(anchor: str, step: str, earns: bool) -> None:
    """It is the same share at every price: what its anchor makes of it in quote units says nothing."""
    lines = (f'anchor = "{anchor}"', 'ladder = "geometric"')
    found = with_grid(*lines, step=f'step_bps = "{step}"')
    assert (found == []) == earns
    for line in found:
        match = re.search(r"in force are 3.00 bps .* expected at least ([0-9.]+)$", line)
        assert match is not None
        assert with_grid(*lines, step=f'step_bps = "{match.group(1)}"') == []


@pytest.mark.row("F01")
@pytest.mark.parametrize(
    "lines, words",
    [
        (('range_high = "10"',), "outside the range, and nothing is opened"),
        (('range_low = "90000"',), "outside the range, and nothing is opened"),
        (('range_high = "10"', 'out_of_range = "stop"'), "outside the range"),
        (
            ('range_low = "60009"', 'range_high = "60011"'),
            "no level next to that lies in the range",
        ),
        (('ladder = "custom"', 'ladder_prices = ["90000", "91000", "93000"]'), "none of them lies"),
    ],
)
def test_a_grid_that_opens_nothing_where_the_market_begins_is_warned_of(
    lines: tuple[str, ...], words: str
) -> None:
    """A price may come back: it may start, and its owner knows why nothing happens."""
    (line,) = warned(*lines)
    assert words in line
    assert "60010" in line


def test_a_range_around_the_market_or_one_that_follows_it_is_not_warned_of() -> None:
    """Only what keeps the grid from opening is told."""
    assert warned('range_low = "50000"', 'range_high = "70000"') == []
    assert warned('range_high = "10"', 'out_of_range = "trail"') == []


@pytest.mark.row("F01")
def test_listed_prices_beyond_the_collar_are_found() -> None:
    """The gate would refuse them from the first minute on."""
    ladder = (
        'ladder = "custom"\nladder_prices = ["50000", "59900", "60000", "60100", "60200", "70000"]'
    )
    below, above = with_grid(ladder)
    assert below.startswith(f"{GRID}levels_below = 5: ")
    assert below.endswith("expected at most 1 level, or a collar of at least 1668.06")
    assert above.startswith(f"{GRID}levels_above = 5: ")
    assert above.endswith("expected at most 2 levels, or a collar of at least 1664.73")
    near = 'ladder = "custom"\nladder_prices = ["59800", "59900", "60000", "60100", "60200"]'
    assert with_grid(near) == []


@pytest.mark.row("F01")
def test_a_carry_that_prices_behind_the_collar_is_found() -> None:
    """Its orders go as far behind the best price as its slippage says: the gate would refuse each."""
    slippage = 'slippage_bps_max = "10"'
    (line,) = findings(changed((slippage, 'slippage_bps_max = "100"')), MARKET)
    assert line.startswith('strategies.carry.slippage_bps_max = "100": ')
    assert line.endswith("expected below 100")
    assert list(findings(changed((slippage, 'slippage_bps_max = "99"')), MARKET)) == []


@pytest.mark.row("F01")
@pytest.mark.parametrize(
    "field, least",
    [("exposure_notional_quote_max", "14000"), ("asset_notional_quote_max", "7500")],
)
def test_limits_of_the_whole_desk_are_held_against_what_it_wants(field: str, least: str) -> None:
    """What is too low is named with the least that works."""

    def found(most: str) -> list[str]:
        return list(findings(changed(("[risk]", f'[risk]\n{field} = "{most}"')), MARKET))

    lines = found("10")
    assert lines[0].startswith(f'risk.{field} = "10": ')
    assert any(line.endswith(f"expected at least {least}") for line in lines)
    assert found(least) == []


@pytest.mark.row("F01")
@pytest.mark.parametrize(
    "risk, leverage, needed",
    [
        ("", 1, "7500.00"),
        ("leverage_max = 20", 5, "1500.00"),
        ("leverage_max = 20", 20, "768.75"),
        ('leverage_max = 20\nmargin_health_min = "0.8"', 20, "2250.00"),
        ('leverage_max = 20\nliquidation_distance_bps_min = "2000"', 20, "1950.00"),
        ('maintenance_rate = "0.5"\nmargin_health_min = "0.5"', 1, "9000.00"),
    ],
)
def test_a_margin_is_what_each_rule_of_the_gate_asks_for(
    risk: str, leverage: int, needed: str
) -> None:
    """7,500 are sold short at worst: leverage, health or the distance to a liquidation wants the most for it."""

    def found(quote: str) -> list[str]:
        balances = f'leverage = {leverage}\nbalances = {{ USDT = "{quote}" }}'
        config = changed(
            ('balances = { USDT = "100000" }', balances), ("[risk]", f"[risk]\n{risk}")
        )
        return [line for line in findings(config, MARKET) if "margin of the perpetuals" in line]

    (line,) = found("100")
    assert line.endswith(f"expected at least {needed}")
    assert found(needed) == []


@pytest.mark.row("F01")
def test_a_health_that_no_position_leaves_is_found() -> None:
    """Every order of a perpetual would be refused."""
    whole = changed(("[risk]", '[risk]\nmargin_health_min = "1"'))
    assert [line for line in findings(whole, MARKET) if line.startswith("risk.margin")] == [
        'risk.margin_health_min = "1": nothing that is held leaves it whole; expected below 1'
    ]
