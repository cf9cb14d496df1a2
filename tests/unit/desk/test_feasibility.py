"""What could not trade is found before it starts, with the least that works; and the least does work."""

import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.cli.main import main
from opensqt.desk.config_default import derive
from opensqt.desk.feasibility import findings, shared_symbols, warnings
from opensqt.desk.plan import make_plan, refuse_untradable
from opensqt.runtime.config.all import Config, ConfigError, parse_config
from opensqt.simulation.market.orderflow_instruments import rules_for
from opensqt.strategies.prospect import ExpectedFunding, MarketView

SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"
TEXT = derive((SPOT, PERP), market="synthetic:7")
MARKET = MarketView(
    rules={SPOT: rules_for(SPOT, 2, 5), PERP: rules_for(PERP, 1, 3)},
    mids={SPOT: Decimal(60_000), PERP: Decimal(60_010)},
    fundings={PERP: ExpectedFunding(rate=Decimal("0.0003"), interval_hours=8)},
)


def changed(*pieces: tuple[str, str]) -> Config:
    """Return the default configuration with some pieces replaced."""
    text = TEXT
    for old, new in pieces:
        assert old in text
        text = text.replace(old, new, 1)
    return parse_config(text, {})


def test_the_default_configuration_can_trade() -> None:
    """Nothing is found, and what shares a position is said."""
    assert list(findings(changed(), MARKET)) == []
    (note,) = shared_symbols(changed())
    assert note.startswith("grid-perp and carry share the position of BTC/USDT:USDT on main")


GRID_SPOT = 'mode = "long"                  # buys below, sells what it bought\n'
CASES = {
    "small orders": (
        (
            'order_notional_quote = "500"\n\n[strategies.grid-spot]',
            'order_notional_quote = "60"\n\n[strategies.grid-spot]',
        ),
        "strategies.grid-perp.order_notional_quote",
        ("120.06", 'order_notional_quote = "60"', 'order_notional_quote = "{least}"'),
    ),
    "small clips": (
        ('order_notional_quote = "1000"', 'order_notional_quote = "50"'),
        "strategies.carry.order_notional_quote",
        ("120.72", 'order_notional_quote = "50"', 'order_notional_quote = "{least}"'),
    ),
    "open orders": (
        ("open_orders_max = 100", "open_orders_max = 14"),
        "risk.open_orders_max",
        ("15", "open_orders_max = 14", "open_orders_max = {least}"),
    ),
    "position": (
        ('position_notional_quote_max = "20000"', 'position_notional_quote_max = "7000"'),
        "risk.position_notional_quote_max",
        ("7500", 'notional_quote_max = "7000"', 'notional_quote_max = "{least}"'),
    ),
    "spot money": (
        ('USDT = "100000"', 'USDT = "6000"'),
        "accounts.main.balances.USDT",
        ("6500", 'USDT = "6000"', 'USDT = "{least}"'),
    ),
    "levels beyond the collar": (
        ("levels_below = 3", "levels_below = 4"),
        "strategies.grid-spot.levels_below = 4",
        ("102.5", 'price_collar_bps = "100"', 'price_collar_bps = "{least}"'),
    ),
    "what the fee leaves is too little to sell": (
        (
            'order_notional_quote = "500"\n\n[strategies.carry]',
            'order_notional_quote = "5.6"\n\n[strategies.carry]',
        ),
        "strategies.grid-spot.order_notional_quote",
        ("5.99", 'order_notional_quote = "5.6"', 'order_notional_quote = "{least}"'),
    ),
    "what a wild market leaves of an order": (
        (
            'order_notional_quote = "500"\n\n[strategies.carry]',
            'order_notional_quote = "20"\nquantity_volatility_scale = "100"\n\n[strategies.carry]',
        ),
        "strategies.grid-spot.order_notional_quote",
        ("59.8", 'order_notional_quote = "20"', 'order_notional_quote = "{least}"'),
    ),
    "a clip of which the fee leaves less than the perpetual takes": (
        ('order_notional_quote = "1000"', 'order_notional_quote = "120.2"'),
        "strategies.carry.order_notional_quote",
        ("120.72", 'order_notional_quote = "120.2"', 'order_notional_quote = "{least}"'),
    ),
    "no budget": (
        ('rate_budget_share_max = "0.8"', 'rate_budget_share_max = "0.01"'),
        "venues.binance.rate_budget_share_max",
        ("0.09", 'share_max = "0.01"', 'share_max = "{least}"'),
    ),
    "losing step": (
        ('step_bps = "6"', 'step_bps = "4"'),
        "strategies.grid-perp.step_bps",
        ("4.02", 'step_bps = "4"', 'step_bps = "{least}"'),
    ),
}


@pytest.mark.row("K13")
@pytest.mark.parametrize("name", CASES)
def test_what_cannot_trade_is_named_with_the_least_that_works(name: str) -> None:
    """One finding names field and least; with the least in its place nothing is found any more."""
    piece, field, (least, old, new) = CASES[name]
    (found,) = findings(changed(piece), MARKET)
    assert found.startswith(field)
    told = re.findall(r"expected at least ([0-9.]+)|collar of at least ([0-9.]+)", found)[-1]
    told = next(text for text in told if text).rstrip(".")
    assert Decimal(told) >= Decimal(least)
    assert Decimal(told) - Decimal(least) < Decimal("0.5")
    assert list(findings(changed(piece, (old, new.format(least=told))), MARKET)) == []


@pytest.mark.row("K13")
def test_the_step_in_force_is_judged_not_the_one_that_is_written() -> None:
    """A tick of 0.01 at a price of 5 makes 25 bps to 20: less than the fees of 20.03 bps."""
    rules = rules_for("PEPE/USDT", 2, 0)
    text = derive(("PEPE/USDT",), market="synthetic:7")
    market = MarketView(rules={"PEPE/USDT": rules}, mids={"PEPE/USDT": Decimal(5)})
    (found,) = findings(parse_config(text, {}), market)
    assert found.startswith('strategies.grid-spot.step_bps = "25": in force are 20')
    least = found.rpartition(" ")[2]
    assert Decimal(least) == 40
    far = text.replace('step_bps = "25"', f'step_bps = "{least}"').replace(
        'bps = "100"', 'bps = "200"'
    )
    assert list(findings(parse_config(far, {}), market)) == []


@pytest.mark.row("K13")
def test_an_anchor_far_from_the_market_makes_no_step() -> None:
    """25 bps of an anchor at 150 are 0.06 bps of a price of 60,000."""
    config = changed((GRID_SPOT, GRID_SPOT + 'anchor = "150"\n'))
    found = list(findings(config, MARKET))
    assert any('step_bps = "25": in force are 0.06 bps' in text for text in found)


@given(
    price=st.decimals("0.001", "90000", places=3),
    notional=st.decimals("1", "400", places=2),
    decimals=st.tuples(st.integers(0, 4), st.integers(0, 5)),
)
def test_the_least_size_is_always_accepted(
    price: Decimal, notional: Decimal, decimals: tuple[int, int]
) -> None:
    """Whatever tick, step and price: with the size that a finding names, no finding about sizes is left."""
    symbol = "ABC/USDT"
    text = derive((symbol,), market="synthetic:7").replace(
        'order_notional_quote_max = "2000"', 'order_notional_quote_max = "99999999999"'
    )
    market = MarketView(rules={symbol: rules_for(symbol, *decimals)}, mids={symbol: price})

    def sizes(size: Decimal) -> list[str]:
        config = parse_config(text.replace('"500"', f'"{size}"'), {})
        return [one for one in findings(config, market) if ".order_notional_quote =" in one]

    for found in sizes(notional):
        least = Decimal(found.rpartition(" ")[2])
        if "price" not in found:
            assert sizes(least) == []


@pytest.mark.row("K13")
def test_a_start_refuses_what_the_check_finds(tmp_path: Path) -> None:
    """`up` says the first finding, how many more there are, and where they are listed."""
    plan = make_plan(
        tmp_path,
        {
            "OPENSQT__STRATEGIES__GRID_PERP__STEP_BPS": "3",
            "OPENSQT__RISK__OPEN_ORDERS_MAX": "1",
        },
    )
    with pytest.raises(
        ConfigError, match=r"grid-perp\.step_bps.*\(and 1 more: opensqt config check\)"
    ):
        refuse_untradable(plan)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.row("K13")
def test_a_quote_asset_without_a_rate_is_found_and_mended_by_a_rate_or_a_currency() -> None:
    """The limits are in one currency: what cannot be valued in it could never open anything."""
    end = ("[gateway]", '[risk.rates]\nUSDT = "0.9"\n\n[gateway]')
    euro = ("[risk]", '[risk]\ncurrency = "EUR"')
    unvalued = list(findings(changed(euro), MARKET))
    assert len(unvalued) == 3, "one for each strategy"
    assert all('[risk.rates] USDT = "…"' in found for found in unvalued)
    assert list(findings(changed(euro, end), MARKET)) == []


@pytest.mark.row("K13")
@pytest.mark.parametrize("orders_max, told", [(0, False), (5, True), (200, False)])
def test_more_orders_than_the_venue_rests_are_named(orders_max: int, told: bool) -> None:
    """The default desk keeps at most six open in a symbol; a tenth of the venue's places is for exits."""
    rules = {
        symbol: msgspec.structs.replace(one, orders_max=orders_max)
        for symbol, one in MARKET.rules.items()
    }
    found = [
        one
        for one in findings(changed(), msgspec.structs.replace(MARKET, rules=rules))
        if "orders open in" in one
    ]
    assert bool(found) == told
    assert all(
        "the venue rests 5, of which exits keep 1; expected at most 4" in one for one in found
    )


@pytest.mark.row("K13")
def test_what_an_account_wants_is_held_to_the_limits_in_their_currency() -> None:
    """Half a bitcoin at 60,000 is beyond a limit of 20,000 dollars, and 2,500 rupees at 0.01 within one of 100."""
    symbol = "ETH/BTC"
    market = MarketView(rules={symbol: rules_for(symbol, 5, 4)}, mids={symbol: Decimal("0.05")})

    def limits(rate: str, size: str, most: str) -> list[str]:
        text = derive((symbol,), market="synthetic:7").replace('"500"', f'"{size}"')
        text = text.replace('"2000"', '"9000"').replace('"20000"', f'"{most}"')
        config = parse_config(text + f'\n[risk.rates]\nBTC = "{rate}"\n', {})
        return [one for one in findings(config, market) if one.startswith("risk.position")]

    (found,) = limits("60000", "0.15", "20000")
    assert "come to 27000.00 USDT; expected at least 27000.00" in found
    assert limits("60000", "0.15", "27000.00") == []
    assert limits("0.01", "100", "100") == []


@pytest.mark.row("K13")
@pytest.mark.parametrize(
    "old, new, told",
    [
        ('entry_apr_min = "0.10"', 'entry_apr_min = "0.33"', "the paper venue pays 0.3285 a year"),
        ('basis_bps_min = "-1"', 'basis_bps_min = "60"', "expected at most 51.6"),
        ('return_bps_min = "0"', 'return_bps_min = "300"', "expected at most 150.6"),
    ],
)
def test_a_carry_that_paper_never_pays_is_warned_of_and_not_refused(
    old: str, new: str, told: str
) -> None:
    """On a real venue it may be paid: the warning names the field, its value and what this market has."""
    (warning,) = warnings(changed((old, new)), MARKET)
    assert warning.startswith(f"strategies.carry.{new}: ")
    assert told in warning
    assert list(findings(changed((old, new)), MARKET)) == []
    assert list(warnings(changed(), MARKET)) == []


@pytest.mark.row("K13")
def test_check_and_start_warn_of_a_carry_that_paper_never_pays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What paper pays where the configuration names no funding is 0.0001 each 8 hours; the check finds it good."""
    text = re.sub(r"\[paper\.funding\..*\n(.*\n){2}", "", TEXT)
    assert "paper.funding" not in text
    file, no_folder = tmp_path / "opensqt.toml", tmp_path / "file"
    no_folder.touch()
    told = 'strategies.carry.entry_apr_min = "0.11": the paper venue pays 0.1095 a year'
    for apr, warned in (("0.11", True), ("0.10", False)):
        file.write_text(text.replace('entry_apr_min = "0.10"', f'entry_apr_min = "{apr}"'))
        assert main(["config", "check", "--config", str(file)]) == 0
        assert (f"warning          {told}" in capsys.readouterr().out) is warned
        # A start that ends where its folder should be has said it by then.
        assert main(["up", "--data", str(no_folder), "--config", str(file), "--no-screen"]) == 2
        assert (f"warning: {told}" in capsys.readouterr().out) is warned
