"""A desk that should not start does not: too much leverage, too little money for its orders, round trips that lose."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.cli.main import main
from opensqt.desk.feasibility import findings
from opensqt.domain.instruments import InstrumentRules
from opensqt.runtime.config.all import Config, parse_config
from opensqt.strategies.prospect import MarketView
from tests.simulation.strategy_facts import PERP, SPOT, rules_of

TEXT = """
schema = 1
desk = "safety"
[paper]
market = "synthetic:7"
[venues.binance]
[accounts.main]
venue = "binance"
leverage = {leverage}
balances = {{ USDT = "{money}" }}
[strategies.grid]
kind = "grid"
account = "main"
symbol = "{symbol}"
mode = "long"
step_bps = "{step_bps}"
levels_below = 2
levels_above = 2
order_notional_quote = "450"
[risk]
supportable_orders_min = {least}
"""


def told(**changes: object) -> str:
    """Return a configuration that is safe but for these changes."""
    safe = {"leverage": 5, "money": 9_000, "symbol": PERP, "step_bps": "22.3", "least": 100}
    return TEXT.format(**{**safe, **changes})


def judged(text: str, **rules: str) -> list[str]:
    """Return what stands against a start at 45 000 with a maker fee of 0.02 %."""
    config: Config = parse_config(text, {})
    known: dict[str, InstrumentRules] = {
        symbol: rules_of(symbol, **rules) for symbol in (PERP, SPOT)
    }
    mids = dict.fromkeys(known, Decimal(45_000))
    return list(findings(config, MarketView(rules=known, mids=mids)))


@pytest.mark.row("E01")
@pytest.mark.parametrize("interval, starts", [("100", True), ("1", False)])
def test_a_round_trip_earns_more_than_its_fees(interval: str, starts: bool) -> None:
    """45 000, fees of 0.02 % a side: an interval of 100 passes, one of 1 is refused with its break-even."""
    step_bps = str(round(Decimal(interval) / Decimal(45_000) * 10_000, 4))
    found = judged(told(step_bps=step_bps))
    assert (found == []) is starts
    if not starts:
        (text,) = found
        assert "a round trip costs 4.01 bps of fees; expected at least 4.03" in text


@pytest.mark.row("E01")
def test_the_fees_are_those_of_the_account() -> None:
    """An interval of 100 that pays 0.02 % does not pay 0.2 %."""
    (text,) = judged(told(), maker_fee="0.002")
    assert "a round trip costs 40.09 bps of fees" in text


@pytest.mark.row("E01")
@pytest.mark.parametrize("leverage, starts", [(10, True), (11, False)])
def test_no_more_leverage_than_allowed(leverage: int, starts: bool) -> None:
    """Ten at most, unless risk says another."""
    found = judged(told(leverage=leverage))
    assert found == (
        [] if starts else ["accounts.main.leverage = 11: expected at most risk.leverage_max = 10"]
    )


@pytest.mark.row("E01")
@pytest.mark.parametrize(
    "symbol, money, starts",
    [(PERP, 9_000, True), (PERP, 8_999, False), (SPOT, 45_000, True), (SPOT, 44_999, False)],
)
def test_the_money_supports_as_many_orders_as_asked(symbol: str, money: int, starts: bool) -> None:
    """Money times leverage over the order: 100 of 450 need 9 000 at five times, 45 000 on spot."""
    found = judged(told(symbol=symbol, money=money))
    assert (found == []) is starts
    if not starts:
        assert "support 99 orders" in found[0]
        assert "expected smaller orders, or at least" in found[0]


@pytest.mark.row("E01")
@pytest.mark.parametrize("verb, code", [(("config", "check"), 1), (("up", "--for=1s"), 2)])
def test_neither_check_nor_start_lets_it_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: tuple[str, ...], code: int
) -> None:
    """Both name what is wrong; a folder that has traded already changes nothing."""
    file, data = tmp_path / "opensqt.toml", tmp_path / "data"
    data.mkdir()
    (data / "run.json").write_text(json.dumps({"pid": 0, "ports": {}}))
    file.write_text(told(leverage=20, money=90, step_bps="1"))
    name, *words = verb
    assert main([name, *words, "--json", "--data", str(data), "--config", str(file)]) == code
    told_us = "".join(capsys.readouterr())
    assert "a round trip costs 4.01 bps" in told_us
    if name == "up":
        assert "and 2 more: opensqt config check" in told_us
    else:
        assert "accounts.main.leverage = 20" in told_us
        assert "support 4 orders" in told_us
