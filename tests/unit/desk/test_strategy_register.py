"""Whom a change of strategies concerns."""

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.desk.strategy_register import concerned
from opensqt.runtime.config.all import Config, parse_config

SYMBOLS = ("BTC/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT")


def _with(*names: str) -> Config:
    config = parse_config(derive(SYMBOLS, market="synthetic:7"), {})
    kept = {name: config.strategies[name] for name in names}
    return msgspec.structs.replace(config, strategies=kept)


@pytest.mark.row("B24")
def test_only_who_knows_of_the_strategy_begins_anew() -> None:
    """Risk, page and executor know every one; market data only another symbol, a process of strategies its own."""
    names = sorted(parse_config(derive(SYMBOLS, market="synthetic:7"), {}).strategies)
    (btc,) = (name for name in names if _with(name).strategies[name].symbols == ("BTC/USDT:USDT",))
    (eth,) = (name for name in names if _with(name).strategies[name].symbols == ("ETH/USDT:USDT",))
    (carry,) = (name for name in names if _with(name).strategies[name].kind == "carry")
    all_know = {"risk", "gateway", "executor-main"}
    assert concerned(_with(btc), _with(btc, eth)) == {*all_know, "grid", "market_data-binance"}
    assert concerned(_with(carry), _with(carry, btc)) == {*all_know, "grid"}
    assert concerned(_with(carry, btc), _with(btc)) == {*all_know, "arb", "market_data-binance"}
    assert concerned(_with(btc), _with(btc)) == frozenset()
