"""The configuration: every rule has its row here, and each mistake is one line with field, value and fix."""

from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.desk.config_default import derive
from opensqt.runtime.config.all import (
    ConfigError,
    config_hash,
    load,
    parse_config,
    secret,
)
from opensqt.strategies.carry.settings import CarrySettings
from opensqt.strategies.grid.ladder_settings import GridMode
from opensqt.strategies.grid.settings import GridSettings

SYMBOLS = ("BTC/USDT", "BTC/USDT:USDT")
TEXT = derive(SYMBOLS, market="synthetic:7")


def changed(old: str, new: str) -> str:
    """Return the default configuration with one piece replaced."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def test_the_derived_configuration_trades_each_symbol_and_pair() -> None:
    """A neutral grid on the perpetual, a long grid on spot, a carry of both, each with its defaults."""
    config = parse_config(TEXT, {})
    perp, spot, carry = (config.strategies[name] for name in ("grid-perp", "grid-spot", "carry"))
    assert isinstance(perp, GridSettings)
    assert isinstance(spot, GridSettings)
    assert isinstance(carry, CarrySettings)
    assert (perp.mode, perp.symbol, perp.adopt) == (GridMode.NEUTRAL, "BTC/USDT:USDT", True)
    assert (spot.mode, spot.symbol, spot.valid_for_ms) == (GridMode.LONG, "BTC/USDT", 2000)
    assert (carry.spot, carry.perp, carry.leg_timeout_ms) == (*SYMBOLS, 3000)
    assert config.paper.funding["BTC/USDT:USDT"].rate == Decimal("0.0003")
    assert config.symbols("binance") == SYMBOLS


@pytest.mark.row("K06")
def test_a_derived_account_begins_with_quote_only() -> None:
    """What a strategy sells it must have bought first: a gift of base hides that."""
    for symbols in (SYMBOLS, ("BTC/USDT", "ETH/USDT", "ETH/USDT:USDT")):
        config = parse_config(derive(symbols, market="synthetic:7"), {})
        assert config.accounts["main"].balances == {"USDT": Decimal(100_000)}
    mixed = parse_config(derive(("BTC/USDT", "ETH/BTC"), market="synthetic:7"), {})
    assert set(mixed.accounts["main"].balances) == {"USDT", "BTC"}


@pytest.mark.row("K06")
def test_a_neutral_grid_on_spot_says_what_it_would_need() -> None:
    """It would sell what nobody bought."""
    with pytest.raises(ConfigError, match="spot cannot go short; neutral needs a perpetual"):
        parse_config(changed('mode = "long"', 'mode = "neutral"'), {})


def test_further_bases_get_names_of_their_own() -> None:
    """Strategies of the second base carry its name."""
    config = parse_config(derive((*SYMBOLS, "ETH/USDT"), market="synthetic:7"), {})
    assert "grid-spot-eth" in config.strategies


MISTAKES = {
    "unknown key": ("open_orders_max", "open_order_max", "did you mean open_orders_max"),
    "unknown table": ("[risk]", "[risks]", "risks: unknown key (did you mean risk?)"),
    "unquoted decimal": (
        'step_bps = "6"',
        "step_bps = 6.0",
        'expected a decimal in quotes like "12.5"',
    ),
    "exponent": ('step_bps = "6"', 'step_bps = "6e1"', "expected a decimal in quotes"),
    "zero step": ('step_bps = "6"', 'step_bps = "0"', "above 0 and at most 5000"),
    "quoted integer": (
        "open_orders_max = 100",
        'open_orders_max = "100"',
        "expected a whole number",
    ),
    "bool for integer": (
        "open_orders_max = 100",
        "open_orders_max = true",
        "expected a whole number",
    ),
    "intents that nobody can judge in time": (
        'entry_apr_min = "0.10"',
        'valid_for_ms = 199\nentry_apr_min = "0.10"',
        "strategies.carry.valid_for_ms = 199: expected a whole number at least 200 and at most 3600000",
    ),
    "too many orders": ("open_orders_max = 100", "open_orders_max = 10001", "at most 10000"),
    "mode": ('mode = "neutral"', 'mode = "both"', "expected one of long, neutral"),
    "neutral on spot": ('mode = "long"', 'mode = "neutral"', "spot cannot go short"),
    "kind": ('kind = "carry"', 'kind = "mo on"', "expected one of grid, carry"),
    "missing": ('step_bps = "6"', "", "strategies.grid-perp.step_bps is missing"),
    "account": ('account = "main"', 'account = "other"', "expected one of main"),
    "venue": ('\nvenue = "binance"', '\nvenue = "gate"', "expected one of binance"),
    "symbol": ('symbol = "BTC/USDT"', 'symbol = "BTCUSDT"', "expected a symbol like BTC/USDT"),
    "spot with settle": ('spot = "BTC/USDT"', 'spot = "BTC/USDT:USDT"', "a symbol like BTC/USDT"),
    "other perp": ('perp = "BTC/USDT:USDT"', 'perp = "ETH/USDT:USDT"', "the perpetual of BTC/USDT"),
    "exit above entry": ('exit_apr_max = "0.01"', 'exit_apr_max = "0.2"', "below entry_apr_min"),
    "basis": ('basis_bps_min = "-1"', 'basis_bps_min = "-10001"', "at least -10000"),
    "return": ('return_bps_min = "0"', 'return_bps_min = "-1"', "at least 0 and at most 10000"),
    "above risk": (
        'order_notional_quote = "500"',
        'order_notional_quote = "5000"',
        "at most risk.",
    ),
    "carry order": (
        'notional_quote_max = "5000"',
        'notional_quote_max = "500"',
        "notional_quote_max",
    ),
    "levels": (
        "levels_below = 5\nlevels_above = 5",
        "levels_below = 0\nlevels_above = 0",
        "both 0",
    ),
    "schema": ("schema = 1", "schema = 2", "reads no other"),
    "market": ('market = "synthetic:7"', 'market = "real"', "synthetic:SEED"),
    "speed": ('speed = "1"', 'speed = "0"', "above 0"),
    "share": ('share_max = "0.8"', 'share_max = "1.2"', "at most 1"),
    "rate": (
        "rate_budget",
        'orders_per_s_max = "0"\nrate_budget',
        'venues.binance.orders_per_s_max = "0": expected a decimal in quotes like "12.5" above 0',
    ),
    "burst": (
        "rate_budget",
        "orders_burst_max = 2000\nrate_budget",
        "venues.binance.orders_burst_max = 2000: expected a whole number at least 1 and at most",
    ),
    "weight": (
        "rate_budget",
        "rate_limits = { perp = 0 }\nrate_budget",
        "venues.binance.rate_limits.perp = 0: expected a whole number at least 1",
    ),
    "exit share": (
        "rate_budget",
        'exit_share_min = "0.6"\nrate_budget',
        'venues.binance.exit_share_min = "0.6": expected a decimal in quotes',
    ),
    "keys in paper": ("balances =", 'api_key = "env:KEY"\nbalances =', "paper needs no keys"),
    "no balances": ('USDT = "100000"', "", "balances is empty"),
    "name": ("[strategies.carry]", '[strategies."a.b"]', "name in strategies"),
    "desk": ('desk = "paper"', 'desk = ""', "name in desk"),
    "toml": ("schema = 1", "schema 1", "not valid TOML"),
    "table expected": ("[telemetry]\notlp_endpoint", "telemetry", "telemetry"),
    "funding symbol": (
        'funding."BTC/USDT:USDT"',
        'funding."BTC/USDT"',
        "a symbol like BTC/USDT:USDT",
    ),
    "host": ('host = "127.0.0.1"', 'host = ""', 'gateway.host = "": expected a name or address'),
    "host name": ('host = "127.0.0.1"', 'host = "not a host"', 'gateway.host = "not a host"'),
    "unknown venue": (
        "[venues.binance]",
        "[venues.kraken]\n[venues.binance]",
        'name in venues = "kraken": expected one of binance',
    ),
    "small letters": (
        'USDT = "100000"',
        'usdt = "100000"',
        'asset in accounts.main.balances = "usdt": expected capitals, like USDT',
    ),
    "long without buys": (
        "levels_below = 3",
        "levels_below = 0",
        'strategies.grid-spot.levels_below = "0": expected at least 1',
    ),
    "port": ("port = 0", "port = 70000", "at most 65535"),
}


@pytest.mark.row("G09")
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_that_names_field_and_expectation(name: str) -> None:
    """Each rule refuses what breaks it, in one line."""
    old, new, expected = MISTAKES[name]
    with pytest.raises(ConfigError) as caught:
        parse_config(changed(old, new), {})
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.row("G09")
def test_a_key_in_the_file_is_refused_and_never_shown() -> None:
    """A key written into the file is refused without being repeated."""
    text = TEXT.replace('balances = { USDT = "100000" }', 'api_key = "hunter2hunter2"')
    with pytest.raises(ConfigError) as caught:
        parse_config(text, {})
    assert "env:NAME or file:PATH" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.row("G10")
def test_the_environment_overlays_non_empty_values() -> None:
    """Non-empty wins, empty is ignored, names with dashes and symbols are found."""
    config = parse_config(
        TEXT,
        {
            "OPENSQT__RISK__OPEN_ORDERS_MAX": "50",
            "OPENSQT__RISK__PRICE_COLLAR_BPS": "",
            "OPENSQT__STRATEGIES__GRID_PERP__ADOPT": "false",
            "OPENSQT__STRATEGIES__GRID_PERP__STEP_BPS": "7.5",
            "OPENSQT__PAPER__FUNDING__BTC_USDT_USDT__RATE": "-0.0001",
        },
    )
    grid = config.strategies["grid-perp"]
    assert isinstance(grid, GridSettings)
    assert (config.risk.open_orders_max, config.risk.price_collar_bps) == (50, Decimal(100))
    assert (grid.adopt, grid.step_bps) == (False, Decimal("7.5"))
    assert config.paper.funding["BTC/USDT:USDT"].rate == Decimal("-0.0001")


@pytest.mark.row("G10")
@pytest.mark.parametrize(
    "name,value,expected",
    [
        ("OPENSQT__RISK__FOO", "1", "no such key"),
        ("OPENSQT__RISK", "1", "names a table"),
        ("OPENSQT__RISK__OPEN_ORDERS_MAX", "many", "expected a whole number"),
        ("OPENSQT__RISK__OPEN_ORDERS_MAX__X", "1", "OPENSQT__RISK__OPEN_ORDERS_MAX__X"),
        ("OPENSQT__ACCOUNTS__OTHER__VENUE", "binance", "no entry for OTHER"),
        ("OPENSQT__STRATEGIES__CARRY__STEP_BPS", "1", "no such key"),
    ],
)
def test_an_overlay_that_fits_nowhere_is_refused_by_name(
    name: str, value: str, expected: str
) -> None:
    """A typo in the environment is not silently ignored."""
    with pytest.raises(ConfigError, match=expected):
        parse_config(TEXT, {name: value})


def test_a_carry_without_order_size_takes_what_risk_allows() -> None:
    """The default order size is the whole notional, cut to the largest order risk lets through."""
    carry = parse_config(changed('order_notional_quote = "1000"\n', ""), {}).strategies["carry"]
    assert carry.order_notional_quote == Decimal(2000)


def test_the_hash_follows_values_and_not_comments() -> None:
    """Comments do not change the hash; a digit does."""
    config = parse_config(TEXT, {})
    assert config_hash(parse_config("# remark\n" + TEXT, {})) == config_hash(config)
    assert config_hash(parse_config(changed('"6"', '"7"'), {})) != config_hash(config)


@pytest.mark.row("G11")
def test_secrets_are_references_and_errors_hold_no_content(tmp_path: Path) -> None:
    """env: and file: are fetched; anything else is refused without repeating it."""
    path = tmp_path / "key"
    path.write_text("s3cr3t\n")
    assert secret("env:KEY", {"KEY": "abc"}) == "abc"
    assert secret(f"file:{path}", {}) == "s3cr3t"
    for reference in ("env:ABSENT", "hunter2", f"file:{tmp_path}/absent"):
        with pytest.raises(ConfigError) as caught:
            secret(reference, {})
        assert "hunter2" not in str(caught.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    """The error names the path and the command that writes a configuration."""
    with pytest.raises(ConfigError, match="config init"):
        load(tmp_path / "absent.toml", {})
