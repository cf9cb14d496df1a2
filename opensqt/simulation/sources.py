"""Where a paper market comes from: `synthetic:SEED[:SYMBOLS]` or `recorded:PATH[,PATH...]`. It never trades."""

from opensqt.simulation.flow import MarketFlow
from opensqt.simulation.orderflow_instruments import UnknownSymbol, market_of
from opensqt.simulation.synthetic import DEFAULT_SYMBOLS, SYMBOLS_MAX, SyntheticFlow

SYNTHETIC_FORM = "synthetic:SEED or synthetic:SEED:BTC/USDT,BTC/USDT:USDT"
RECORDED_FORM = "recorded:PATH[,PATH...]"


class MarketRefused(ValueError):
    """A `market` value that names no flow."""


def open_flow(market: str) -> MarketFlow:
    """Open the flow that a `market` value names; raise `MarketRefused` naming the value and what is accepted."""
    kind, colon, rest = market.partition(":")
    if colon and kind == "synthetic":
        return _synthetic(market, rest)
    raise MarketRefused(
        f"market {market!r} is of no known kind; expected {SYNTHETIC_FORM}, or {RECORDED_FORM}"
    )


def _synthetic(market: str, rest: str) -> SyntheticFlow:
    seed, _, listed = rest.partition(":")
    if not seed.isascii() or not seed.isdigit():
        raise MarketRefused(
            f"market {market!r}: seed {seed!r} is not a whole number; expected {SYNTHETIC_FORM}"
        )
    symbols = tuple(listed.split(",")) if listed else DEFAULT_SYMBOLS
    if len(symbols) > SYMBOLS_MAX or len(set(symbols)) < len(symbols):
        raise MarketRefused(
            f"market {market!r} names {len(symbols)} symbols; expected at most {SYMBOLS_MAX}, each once"
        )
    try:
        for symbol in symbols:
            market_of(symbol)
    except UnknownSymbol as error:
        raise MarketRefused(f"market {market!r}: {error}") from error
    return SyntheticFlow(seed, symbols)
