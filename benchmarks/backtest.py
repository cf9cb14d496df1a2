"""How many quotes a second a backtest walks on one core, looking at each and passing over what cannot matter.

A five-level grid on a perpetual: over recorded best quotes where a recording is given (repeated, with shifted times),
else over a seeded walk. Both ways must make the same trades over the rows that both walk, or this exits with 1. Rows
are counted by the second of processor time. Prints one line a figure and writes reports/backtest.json.
"""

import argparse
import gzip
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.stand import machine
from opensqt.backtest.backtest import BacktestTerms, backtest
from opensqt.runtime.config.all import parse_config

REPORT = Path("reports") / "backtest.json"
ROWS, STEPPED = 1_000_000, 20_000
BEGIN_MS = 1_735_689_600_000
CONFIG = """
schema = 1
desk = "bench"
[venues.binance]
[accounts.main]
venue = "binance"
balances = { USDT = "100000" }
[strategies.grid]
kind = "grid"
account = "main"
symbol = "BTC/USDT:USDT"
mode = "neutral"
step_bps = "10"
levels_below = 5
levels_above = 5
order_notional_quote = "600"
"""

Row = tuple[int, str, str, str, str]


def walked(seed: int) -> Iterator[Row]:
    """Yield quotes of a seeded walk for ever, ten a second."""
    draw = random.Random(seed)
    time_ms, bid = BEGIN_MS, 600_000
    while True:
        time_ms += 100
        bid += draw.choice((-15, -5, 0, 0, 5, 15))
        prices = (f"{bid // 10}.{bid % 10}", f"{(bid + 1) // 10}.{(bid + 1) % 10}")
        yield time_ms, prices[0], "2.5", prices[1], "2.5"


def recorded(path: Path) -> Iterator[Row]:
    """Yield the best quotes of a recording, again and again, with times that go on."""
    rows: list[Row] = []
    with gzip.open(path) as lines:
        for line in lines:
            frame = msgspec.json.decode(line.split(b" ", 1)[1])
            if str(frame.get("stream", "")).endswith("@bookTicker"):
                told = frame["data"]
                rows.append((told["E"], told["b"], told["B"], told["a"], told["A"]))
    span_ms, turn = rows[-1][0] - rows[0][0] + 1, 0
    while True:
        later_ms = turn * span_ms
        yield from ((time_ms + later_ms, b, bq, a, aq) for time_ms, b, bq, a, aq in rows)
        turn += 1


def measured(path: Path, *, every_row: bool) -> dict[str, Any]:
    """Run the grid over a file and return what it did, and how fast."""
    began_s = time.process_time()
    outcome = backtest(parse_config(CONFIG, {}), [str(path)], BacktestTerms(every_row=every_row))
    seconds = time.process_time() - began_s
    return {
        "rows": outcome.ticks,
        "rows_per_s": round(outcome.ticks / seconds),
        "trades": len(outcome.trades),
        "trades_sha256": outcome.hashes["trades"],
    }


def written(folder: Path, name: str, rows: Iterator[Row], count: int) -> Path:
    """Write rows into a file of OpenSQT's own layout."""
    path = folder / f"usdm_btcusdt_{name}.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("time_ms,bid_price,bid_quantity,ask_price,ask_quantity\n")
        file.writelines(",".join(map(str, row)) + "\n" for row in islice(rows, count))
    return path


def main() -> int:
    """Measure; return 1 where both ways did not make the same trades."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recording", type=Path, help="a raw recording of a perpetual")
    parser.add_argument("--report", type=Path, default=REPORT)
    parser.add_argument("--short", action="store_true", help="few rows, to see that it works")
    args = parser.parse_args()
    rows, stepped = (5_000, 1_000) if args.short else (ROWS, STEPPED)

    def source() -> Iterator[Row]:
        return recorded(args.recording) if args.recording else walked(7)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole, part = (
            written(folder, "all", source(), rows),
            written(folder, "part", source(), stepped),
        )
        skipping = measured(whole, every_row=False)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        stepping, same = measured(part, every_row=True), measured(part, every_row=False)
    report = {
        "what": "backtest",
        "machine": machine.facts(),
        "source": args.recording.name if args.recording else "walk",
        "skipping": skipping,
        "stepping": stepping,
        "peak_mb": peak_mb,
        "same_trades": stepping["trades_sha256"] == same["trades_sha256"],
    }
    for way in ("skipping", "stepping"):
        found = report[way]
        print(
            f"{way:<9} {found['rows']:>9} rows  {found['rows_per_s']:>9} rows/s  {found['trades']} trades"
        )
    print(f"peak memory {peak_mb} MB, same trades: {report['same_trades']}")
    args.report.parent.mkdir(parents=True, exist_ok=True)
    args.report.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    return 0 if report["same_trades"] else 1


if __name__ == "__main__":
    sys.exit(main())
