"""Figures of a return series, held against hand-kept values and three libraries."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from opensqt.backtest import figures

PERIODS = {"daily": 252, "weekly": 52, "monthly": 12, "yearly": 1}
OURS = {
    "max_drawdown": "max_drawdown",
    "annual_return": "annual_return",
    "annual_volatility": "annual_volatility",
    "calmar_ratio": "calmar",
    "sharpe_ratio": "sharpe",
    "sortino_ratio": "sortino",
    "cum_returns_final": "total_return",
}
BY_COUNT = {"annual_return", "calmar"}
BY_YEAR = {"annual_return", "annual_volatility", "calmar", "sharpe", "sortino"}


def _oracle(recordings: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((recordings.parent / "oracles" / name).read_text())
    return found


def _cases(oracle: dict[str, Any]) -> Iterator[tuple[str, list[float | None], dict[str, Any]]]:
    for case in oracle["cases"]:
        series = oracle["series"].get(case.get("returns"))
        zero = {case.get(name, "0.0") for name in ("risk_free", "required_return")} == {"0.0"}
        plain = zero and not isinstance(case["expected"], dict) and not case.get("factor_returns")
        if series is not None and plain and case["function"] in OURS:
            yield OURS[case["function"]], series["values"], case


@pytest.mark.recordings
@pytest.mark.row("H08")
def test_figures_are_those_that_were_kept_by_hand(recordings: Path) -> None:
    """Return, volatility, drawdown, Calmar, Sharpe and Sortino as empyrical's own tests expect them."""
    seen: set[str] = set()
    for name, values, case in _cases(_oracle(recordings, "empyrical_expected.json")):
        numbers = [value for value in values if value is not None]
        if len(numbers) < len(values) and name in BY_COUNT:
            continue  # the library counts a hole as a period; ours have none
        returns = np.asarray(numbers, dtype=np.float64)
        args = (PERIODS[case.get("period", "daily")],) if name in BY_YEAR else ()
        found = getattr(figures, name)(returns, *args)
        expected = case["expected"]
        if expected is None or expected == "inf":
            assert found is None, (name, case)
        else:
            kept = 1e-4 if name == "total_return" else 1e-7
            assert found == pytest.approx(expected, rel=kept), (name, case)
        seen.add(name)
    assert seen >= {
        "max_drawdown",
        "annual_return",
        "annual_volatility",
        "calmar",
        "sharpe",
        "sortino",
    }


@pytest.mark.recordings
@pytest.mark.row("H08")
@pytest.mark.parametrize("days", [252, 365])
def test_figures_are_those_of_three_libraries(recordings: Path, days: int) -> None:
    """On real and made series, at 252 and 365 days a year, to the twelfth digit."""
    oracle = _oracle(recordings, "metrics_three_libraries.json")
    names = {
        "sharpe": "sharpe",
        "sortino": "sortino",
        "annual_volatility": "annual_volatility",
        "cagr": "annual_return",
        "calmar": "calmar",
    }
    judged = 0
    for series, values in oracle["series"].items():
        returns = np.asarray([float(value) for value in values])
        kept = oracle["figures"][series]
        for theirs, ours in names.items():
            for library in ("empyrical", "quantstats", "ffn"):
                expected = kept.get(f"{library}.{theirs}@{days}")
                if isinstance(expected, float):
                    judged += 1
                    found = getattr(figures, ours)(returns, days)
                    assert found == pytest.approx(expected, rel=1e-12), (series, library, theirs)
        expected = kept["empyrical.max_drawdown"]
        assert figures.max_drawdown(returns) == pytest.approx(expected, rel=1e-12)
    assert judged >= 20


def test_figures_that_do_not_exist_are_none() -> None:
    """Nothing is divided by a deviation of zero, nothing is said of too few returns."""
    flat = np.zeros(10)
    assert figures.sharpe(flat, 365) is None
    assert figures.sortino(flat, 365) is None
    assert figures.calmar(flat, 365) is None
    assert figures.max_drawdown(np.zeros(0)) is None
    assert figures.period_of(60_000) is None
    assert figures.period_of(25 * figures.DAY_MS) == figures.DAY_MS
