"""Symbols that a venue lists, in derived configurations: each can be written, read, and told from every other."""

import csv
import gzip
import json
import tomllib
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.desk.config_default import derive
from opensqt.domain.subjects import token
from opensqt.runtime.config.all import parse_config

ALIKE = (
    "BTC/USDT",
    "BTC/USDC",
    "BTC/USDT:USDT",
    "BTC/USDC:USDC",
    "ETH/USDT",
    "ETH/BTC",
    "币安人生/USDT",
    "币安人生/USDT:USDT",
    "1000000MOG/USDT:USDT",
    "USDC/USDT:USDT",
    "BTC/USDT:USDC",
)


def strategies(symbols: tuple[str, ...]) -> dict[str, set[str]]:
    """Return the symbols that each derived strategy trades, by its name, after reading the configuration."""
    config = parse_config(derive(symbols, market="synthetic:7"), {})
    return {
        name: {getattr(one, field) for field in ("symbol", "spot", "perp") if hasattr(one, field)}
        for name, one in config.strategies.items()
    }


@pytest.mark.parametrize("pair", [*combinations(ALIKE, 2), ALIKE], ids=",".join)
def test_two_symbols_of_a_market_never_share_a_name(pair: tuple[str, ...]) -> None:
    """Each symbol has its grid, and all can be read together: BTC/USDT beside BTC/USDC too."""
    found = strategies(pair)
    grids = [traded for name, traded in found.items() if name.startswith("grid")]
    assert sorted(symbol for traded in grids for symbol in traded) == sorted(pair)


def test_names_say_what_the_first_symbol_does_not() -> None:
    """The first symbol's strategies have the plain names; others add base, quote and settlement as needed."""
    symbols = ("BTC/USDT", "BTC/USDT:USDT", "ETH/USDT", "BTC/USDC", "BTC/USDC:USDC")
    assert {
        "grid-spot": {"BTC/USDT"},
        "grid-perp": {"BTC/USDT:USDT"},
        "carry": {"BTC/USDT", "BTC/USDT:USDT"},
        "grid-spot-eth": {"ETH/USDT"},
        "grid-spot-btc-usdc": {"BTC/USDC"},
        "grid-perp-btc-usdc": {"BTC/USDC:USDC"},
        "carry-btc-usdc": {"BTC/USDC", "BTC/USDC:USDC"},
    } == strategies(symbols)


ASSETS = st.text(
    st.characters(categories=["Lu", "Lo", "Nd"]) | st.sampled_from("ABCU0币"),
    min_size=1,
    max_size=24,
)
PAIRS = st.tuples(ASSETS, ASSETS).map("/".join)
LISTED = st.lists(PAIRS | PAIRS.map(lambda p: f"{p}:{p.partition('/')[2]}"), min_size=1, max_size=6)


@given(LISTED.map(lambda symbols: tuple(dict.fromkeys(symbols))))
def test_any_symbols_make_a_configuration_that_can_be_read(symbols: tuple[str, ...]) -> None:
    """Whatever script a venue lists its assets in: valid TOML, good names, every symbol traded."""
    found = strategies(symbols)
    assert {symbol for traded in found.values() for symbol in traded} == set(symbols)


@pytest.mark.recordings
@pytest.mark.row("D04")
def test_every_listed_symbol_has_a_token_and_a_name_of_its_own(recordings: Path) -> None:
    """All symbols of the recorded listings of Binance, spot and USDⓈ-M, old and new, in one configuration."""
    symbols = tuple(sorted(_listed(recordings / "instruments")))
    assert len(symbols) > 1500
    assert any(not symbol.isascii() for symbol in symbols)
    assert len({token(symbol) for symbol in symbols}) == len(symbols)
    text = derive(symbols, market="synthetic:7")
    names = tomllib.loads(text)["strategies"]
    grids = [one["symbol"] for one in names.values() if one["kind"] == "grid"]
    assert sorted(grids) == sorted(symbols)
    parse_config(text, {})


def _listed(folder: Path) -> set[str]:
    found = set()
    for market in ("spot", "usdm"):
        (path,) = folder.glob(f"binance_{market}_exchangeInfo_*.json.gz")
        for row in json.loads(gzip.decompress(path.read_bytes()))["symbols"]:
            pair = f"{row['baseAsset']}/{row['quoteAsset']}"
            found.add(pair if market == "spot" else f"{pair}:{row['marginAsset']}")
    with (folder / "lean_symbol_properties_binance_bybit_2026.csv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(line for line in rows if not line.startswith("#")):
            if row.get("market") == "binance" and row["type"] in {"crypto", "cryptofuture"}:
                quote = row["quote_currency"]
                base = row["symbol"].removesuffix(quote)
                found.add(f"{base}/{quote}" + f":{quote}" * (row["type"] == "cryptofuture"))
    return found
