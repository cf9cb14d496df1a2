"""Where a paper market comes from: `synthetic:SEED[:SYMBOLS]` or `recorded:PATH[,PATH...]`. It never trades."""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from opensqt.simulation.market.flow import BookSnapshot, MarketFlow
from opensqt.simulation.market.orderflow_instruments import UnknownSymbol, market_of
from opensqt.simulation.market.recording import RecordedFlow
from opensqt.simulation.market.recording_files import RecordingRefused
from opensqt.simulation.market.synthetic import DEFAULT_SYMBOLS, SYMBOLS_MAX, SyntheticFlow
from opensqt.simulation.market.synthetic_fit import SymbolFit, fit

SYNTHETIC_FORM = "synthetic:SEED or synthetic:SEED:BTC/USDT,BTC/USDT:USDT"
RECORDED_FORM = "recorded:PATH[,PATH...]"
RECORDINGS_VARIABLE = "OPENSQT_RECORDINGS"
RECORDINGS_DEFAULT = "../shared/recordings"


class MarketRefused(ValueError):
    """A `market` value that names no flow."""


def open_flow(market: str) -> MarketFlow:
    """Open the flow that a `market` value names; raise `MarketRefused` naming the value and what is accepted."""
    kind, colon, rest = market.partition(":")
    if colon and kind == "synthetic":
        return _synthetic(market, rest)
    if colon and kind == "recorded":
        return _recorded(market, rest, os.environ)
    raise MarketRefused(
        f"market {market!r} is of no known kind; expected {SYNTHETIC_FORM}, or {RECORDED_FORM}"
    )


def open_checked(market: str) -> MarketFlow:
    """Open a flow and read what it plays once, to its end; raise `MarketRefused` naming file and line."""
    flow = open_flow(market)
    if isinstance(flow, RecordedFlow):
        try:
            flow.check()
        except RecordingRefused as error:
            raise MarketRefused(f"market {market!r}: {error}") from error
    return flow


def first_mids(flow: MarketFlow) -> dict[str, Decimal]:
    """Return half way between bid and ask of each symbol's first book (quote units). It takes these frames."""
    if flow.origin_ms is None:
        flow.start(0)
    wanted = {rules.symbol for rules in flow.instruments}
    found: dict[str, Decimal] = {}
    for frame in flow.frames():
        if isinstance(frame, BookSnapshot) and frame.bids and frame.asks:
            found[frame.symbol] = (frame.bids[0][0] + frame.asks[0][0]) / 2
        if found.keys() == wanted:
            break
    return found


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


def _recorded(market: str, rest: str, environment: Mapping[str, str]) -> RecordedFlow:
    names = [name.strip() for name in rest.split(",") if name.strip()]
    if not names:
        raise MarketRefused(f"market {market!r} names no file; expected {RECORDED_FORM}")
    try:
        return RecordedFlow([find_recording(name, environment) for name in names])
    except RecordingRefused as error:
        raise MarketRefused(f"market {market!r}: {error}") from error


def find_recording(name: str, environment: Mapping[str, str]) -> Path:
    """Find a recording: as given, or under OPENSQT_RECORDINGS/market_raw/binance; the path may not exist."""
    path = Path(name)
    folder = environment.get(RECORDINGS_VARIABLE, RECORDINGS_DEFAULT)
    stored = Path(folder) / "market_raw" / "binance" / name
    return stored if not path.exists() and stored.exists() else path


def describe(market: str, seconds: int) -> str:
    """Measure `seconds` of a market and return the numbers as a table for people."""
    flow = open_flow(market)
    if flow.origin_ms is None:
        flow.start(0)
    measured = fit(flow, seconds)
    basis = f"{measured.basis_mean_bps:.2f} bps (sd {measured.basis_sd_bps:.2f})"
    lines = [
        f"{market}: {seconds} s, basis {basis}",
        " " * 18 + "".join(f"{symbol:>16}" for symbol in measured.symbols),
    ]
    rows = zip(*(msgspec.structs.astuple(one) for one in measured.symbols.values()), strict=True)
    lines += [
        f"{name:<18}" + "".join(f"{value:>16.4g}" for value in values)
        for name, values in zip(SymbolFit.__struct_fields__, rows, strict=True)
    ]
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Print what a market looks like: `python -m opensqt.simulation.market.sources MARKET [--seconds 60]`."""
    parser = argparse.ArgumentParser(
        prog="python -m opensqt.simulation.market.sources", description="Measure a paper market."
    )
    parser.add_argument("market", help=f"{SYNTHETIC_FORM}, or {RECORDED_FORM}")
    parser.add_argument("--seconds", type=int, default=60, help="market time to measure")
    chosen = parser.parse_args(arguments)
    if chosen.seconds < 1:
        parser.error(f"--seconds {chosen.seconds}: expected at least 1")
    try:
        sys.stdout.write(describe(chosen.market, chosen.seconds))
    except (MarketRefused, RecordingRefused) as error:
        parser.exit(2, f"{error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
