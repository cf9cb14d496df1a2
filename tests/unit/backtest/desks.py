"""Configurations and market data for backtests that a test can read: a grid on a perpetual, quotes as lines."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import hypothesis.strategies as st

from opensqt.backtest.backtest import BacktestTerms, prepared
from opensqt.backtest.run import BacktestRun
from opensqt.runtime.config.all import Config, parse_config

PERP = "BTC/USDT:USDT"
BEGIN_MS = 1_735_689_600_000
QUOTES = "time_ms,bid_price,bid_quantity,ask_price,ask_quantity"
CONFIG = """
schema = 1
desk = "paper"
[venues.binance]
[accounts.main]
venue = "binance"
balances = {{ USDT = "100000" }}
[backtest]
latency_ms = {latency_ms}
queue = "{queue}"
[strategies.grid]
kind = "grid"
account = "main"
symbol = "{symbol}"
mode = "{mode}"
step_bps = "{step_bps}"
levels_below = {levels}
levels_above = {levels}
order_notional_quote = "{notional}"
{more}
"""
SHAPES = (
    "",
    'ladder = "geometric"',
    'ladder = "custom"\nladder_prices = ["59700", "59850", "60000", "60090", "60400"]',
    'skew_bps_per_order = "5"',
    'range_low = "59900"\nrange_high = "60100"\nout_of_range = "stop"',
    'range_low = "59900"\nrange_high = "60100"\nout_of_range = "trail"',
    'inventory_notional_quote_max = "1600"',
)

Quote = tuple[int, str, str, str, str]  # market ms, bid, its quantity, ask, its quantity


def config(
    *,
    symbol: str = PERP,
    mode: str = "neutral",
    step_bps: str = "10",
    levels: int = 3,
    notional: str = "600",
    latency_ms: int = 50,
    queue: str = "behind",
    more: str = "",
) -> Config:
    """Return a desk with one grid."""
    text = CONFIG.format(
        symbol=symbol,
        mode=mode,
        step_bps=step_bps,
        levels=levels,
        notional=notional,
        latency_ms=latency_ms,
        queue=queue,
        more=more,
    )
    return parse_config(text, {})


def write(path: Path, head: str, rows: Iterable[Sequence[object]]) -> Path:
    """Write a file of comma separated values."""
    lines = [head, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def quotes_file(
    folder: Path, quotes: Iterable[Quote], name: str = "usdm_btcusdt_quotes.csv"
) -> Path:
    """Write quotes in OpenSQT's own layout."""
    return write(folder / name, QUOTES, quotes)


def ran(desk: Config, *paths: Path, every_row: bool = False) -> BacktestRun:
    """Run a desk over files to their end."""
    run = prepared(desk, [str(path) for path in paths], BacktestTerms(every_row=every_row))
    run.desk.keeps_intents = True
    run.run()
    return run


@st.composite
def walks(draw: st.DrawFn, rows_max: int = 100) -> list[Quote]:
    """Draw a price that walks and jumps, with quotes of any size, at any pace."""
    time_ms, bid = BEGIN_MS, 600_000  # ticks of 0.1
    found: list[Quote] = []
    for _ in range(draw(st.integers(20, rows_max))):
        time_ms += draw(st.sampled_from((1, 7, 40, 90, 250, 900, 4_000)))
        bid += draw(st.sampled_from((-900, -300, -60, -9, -1, 0, 0, 0, 1, 9, 60, 300, 900)))
        spread = draw(st.sampled_from((1, 1, 2, 20)))
        sizes = [f"0.{draw(st.integers(1, 40)):03d}" for _ in range(2)]
        found.append((time_ms, _price(bid), sizes[0], _price(bid + spread), sizes[1]))
    return found


desks = st.builds(
    config,
    step_bps=st.sampled_from(("5", "10", "40")),
    levels=st.integers(1, 4),
    notional=st.sampled_from(("300", "1500")),
    latency_ms=st.sampled_from((0, 30, 400)),
    queue=st.sampled_from(("behind", "proportional")),
    more=st.sampled_from(SHAPES),
)


def _price(ticks: int) -> str:
    return f"{ticks // 10}.{ticks % 10}"
