"""The benchmarks work and say what their pages promise. Their times are judged by nobody: machines differ."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tidiness.source import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.row("J14")]


def run(name: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """Run a benchmark and return its report."""
    report = folder / f"{name}.json"
    command = [sys.executable, f"benchmarks/{name}.py", "--report", str(report), *arguments]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(report.read_text())
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the reports."""
    return tmp_path_factory.mktemp("reports")


@pytest.mark.timeout(300)
def test_every_intent_of_desk_and_floor_gets_to_the_wire_and_every_hop_is_seen(
    folder: Path,
) -> None:
    """At each rate both lanes send all they were told, and the hops of a place add up to its way."""
    report = run("hot_path", folder, "--short")
    assert [rate["per_s"] for rate in report["rates"]] == [1, 50, 500]
    for rate in report["rates"]:
        for lane, hops in (("desk", 14), ("floor", 6)):
            told = rate[lane]
            assert told["said"] > 0
            assert len(told["hops_ms"]) == hops
            assert told["wire_ms"]["p50"] > 0
    slow = report["rates"][0]
    assert [slow[lane]["missing"] for lane in ("desk", "floor")] == [0, 0]
    assert all(step["orders_per_s"] > 0 and step["cores"] for step in report["ramp"]["steps"])


@pytest.mark.timeout(300)
def test_both_services_come_back_and_the_time_is_told_part_by_part(folder: Path) -> None:
    """Executor and reconciler answer, fold and work, in this order; the rate of a replay is that of its rows."""
    report = run("recovery", folder, "--short")
    for size in report["sizes"]:
        assert size["rows"] >= 500
        assert size["replay"]["events_per_s"] * size["replay"]["seconds"] > size["rows"] * 0.9
        for parts in size["again"].values():
            assert 0 < parts["answers"] <= parts["folded"] <= parts["ready"]


@pytest.mark.timeout(300)
@pytest.mark.row("J13")
def test_a_backtest_makes_the_same_trades_whichever_way_it_walks(folder: Path) -> None:
    """Stepping and skipping are measured over the same rows, and agree on every trade."""
    report = run("backtest", folder, "--short")
    assert report["same_trades"] is True
    assert report["skipping"]["rows"] == 5_000
    assert report["stepping"]["rows_per_s"] > 0


@pytest.mark.timeout(300)
def test_the_page_of_figures_is_made_of_the_reports(folder: Path) -> None:
    """The page shows the figures of all reports, and marks what was not measured."""
    report = run("journal", folder, "--short")
    command = [sys.executable, "benchmarks/figures.py", "--reports", str(folder)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"p50 {report['single_ms']['p50']:.2f} ms" in shown
    assert shown.count("Measured ") == len(list(folder.glob("*.json")))
