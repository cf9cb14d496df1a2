"""`opensqt backtest`: run a configuration over recorded, archived or made data, and report. Reaches no venue."""

import argparse
import json
import os
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from opensqt.backtest.backtest import BacktestTerms, backtest
from opensqt.backtest.layouts import DataRefused
from opensqt.backtest.outcome import Outcome
from opensqt.backtest.report import written
from opensqt.backtest.tables import RunSpan
from opensqt.cli.table import plain
from opensqt.cli.up import span_s
from opensqt.desk.error import GOOD, CliError
from opensqt.desk.timestamps import rfc3339
from opensqt.domain.decimals import canonical
from opensqt.runtime.config.all import load

REPORTS = Path("reports")
MS = 1000


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `backtest`."""
    parser.add_argument("config", type=Path, help="the configuration to run")
    parser.add_argument(
        "--data",
        dest="words",
        nargs="+",
        required=True,
        help="files or folders of market data, or synthetic:SEED (docs/backtesting.md)",
    )
    parser.add_argument(
        "--from", dest="begin", default="", help="begin here: 2024-08-08 or RFC 3339"
    )
    parser.add_argument("--to", dest="end", default="", help="end before this time")
    parser.add_argument("--for", dest="span", default="", help="end after so much market time: 90m")
    parser.add_argument(
        "--out", type=Path, help="folder of report.html and report.json (default: reports/CONFIG)"
    )
    parser.add_argument("--allow-gaps", action="store_true", help="go on where data are missing")
    parser.add_argument(
        "--every-row",
        action="store_true",
        help="ask the strategies at every row, also where nothing can change (slow, same trades)",
    )


def run(args: argparse.Namespace) -> int:
    """Run and report; return 0. Raises `ConfigError` or `CliError` in one line."""
    begun_s = time.perf_counter()
    config = load(args.config, os.environ)
    terms = BacktestTerms(
        span=RunSpan(
            from_ms=_time_ms("--from", args.begin),
            to_ms=_time_ms("--to", args.end),
            for_ms=int(span_s(args.span) * MS) if args.span else None,
        ),
        allow_gaps=args.allow_gaps,
        every_row=args.every_row,
        folder=args.config.absolute().parent,
    )
    said = _Progress(begun_s)
    try:
        outcome = backtest(config, args.words, terms, said.tell)
    except DataRefused as error:
        raise CliError(str(error)) from error
    seconds = time.perf_counter() - begun_s
    folder = args.out or REPORTS / args.config.stem
    report = written(outcome, folder)
    line = _last(outcome, report, outcome.ticks / seconds)
    if args.json:
        print(json.dumps(line))
    else:
        _tell(outcome, report, seconds)
    return GOOD


def _last(outcome: Outcome, report: Path, ticks_per_second: float) -> dict[str, object]:
    figures, money = outcome.figures, outcome.money
    return {
        "type": "backtest",
        "ticks": outcome.ticks,
        "ticks_per_second": round(ticks_per_second),
        "fills": figures["fills"],
        "net_pnl": plain(money.net_quote),
        "fees": plain(-money.fees_quote),
        "funding": plain(money.funding_quote),
        "max_drawdown": figures["max_drawdown"],
        "sharpe": figures["sharpe"],
        "trades_sha256": outcome.hashes["trades"],
        "report": str(report),
    }


def _tell(outcome: Outcome, report: Path, seconds: float) -> None:
    figures, money = outcome.figures, outcome.money
    for warning in outcome.warnings:
        print(f"warning: {warning}")
    print(f"{outcome.begin} to {outcome.end}: {outcome.ticks} rows in {seconds:.1f} s")
    print(f"{figures['fills']} trades, {figures['round_trips']} round trips")
    parts = [
        f"{name} {_short(getattr(money, f'{name}_quote'))}"
        for name in ("price", "slippage", "fees", "funding")
    ]
    print(f"earned {_short(money.net_quote)} {outcome.currency} ({', '.join(parts)})")
    print(f"report: {report}")


def _short(amount: Decimal) -> str:
    return canonical(round(amount, 2))


class _Progress:
    """Says on standard error how far a run has come, about once a second."""

    def __init__(self, begun_s: float) -> None:
        self._begun_s = self._told_s = begun_s

    def tell(self, rows: int, now_ms: int) -> None:
        """Tell how many rows were walked, up to which market time."""
        now_s = time.perf_counter()
        if now_s - self._told_s < 1:
            return
        self._told_s = now_s
        pace = rows / (now_s - self._begun_s)
        sys.stderr.write(f"  {rows} rows, at {rfc3339(now_ms)}, {pace:.0f} rows/s\n")
        sys.stderr.flush()


def _time_ms(flag: str, text: str) -> int | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise CliError(f"{flag} {text}: expected a day like 2024-08-08, or RFC 3339") from error
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return round(found.timestamp() * MS)
