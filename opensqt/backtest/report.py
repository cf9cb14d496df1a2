"""The report of a run as files: everything as JSON, and one page that needs no network. It computes no figure.

The page holds the values over time in short, all figures and the script that draws them. Texts reach it as JSON and are
never read as markup.
"""

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from opensqt.backtest.outcome import Outcome

PLACE = "REPORT_DATA"
MARKS_MAX = 20_000  # trades, and order lives, that the page draws; the JSON holds all trades
AT_LENGTH = ("samples", "trades", "ladder")


def written(outcome: Outcome, folder: Path) -> Path:
    """Write `report.html` and `report.json` into a folder; return the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(outcome), indent=1)
    )
    page = folder / "report.html"
    page.write_text(as_page(outcome), encoding="utf-8")
    return page


def as_page(outcome: Outcome) -> str:
    """Return the page: one file without a reference to any other."""
    template = files("opensqt.backtest").joinpath("report.html").read_text(encoding="utf-8")
    told = msgspec.to_builtins(outcome)
    for name in AT_LENGTH:
        del told[name]
    told["series"] = _series(outcome)
    # Nothing in it can end the element that it stands in.
    text = msgspec.json.encode(told).decode().replace("<", "\\u003c")
    return template.replace(PLACE, text)


def _series(outcome: Outcome) -> dict[str, Any]:
    samples = outcome.samples
    earned = [float(one.net_pnl) for one in samples]
    capital, high, below = float(outcome.capital), 0.0, []
    for one in earned:
        high = max(high, one)
        worth = capital + high
        below.append(100 * (one - high) / worth if worth > 0 else None)
    symbols = sorted({symbol for one in samples for symbol in one.prices})
    return {
        "times": [one.time_ms for one in samples],
        "earned": earned,
        "drawdown": below,
        "symbols": [
            {
                "name": symbol,
                "prices": [_float(one.prices.get(symbol)) for one in samples],
                "held": [float(one.held.get(symbol, 0)) for one in samples],
            }
            for symbol in symbols
        ],
        "fills": [
            (
                one.fill.time_ms,
                one.fill.ref.symbol,
                one.fill.side.value,
                float(one.fill.price),
                str(one.fill.quantity),
            )
            for one in _thinned(outcome.trades)
        ],
        "ladder": _thinned(outcome.ladder),
    }


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))


def _thinned(marks: list[Any]) -> list[Any]:
    """Return at most `MARKS_MAX` of the marks, evenly."""
    every = -(-len(marks) // MARKS_MAX) or 1
    return marks[::every]
