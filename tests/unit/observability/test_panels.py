"""Dashboards and alerts are code: built as committed, on metrics that exist, each alert tested and with a runbook."""

import json
import re
import runpy
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml

from opensqt.runtime.telemetry.metrics import Metrics
from services.gateway.desk_metrics import families
from tests import scenes
from tests.tidiness.source import ROOT
from tests.unit.services.gateway.test_gateway import NOW_MS, folded, shown

FOLDER = ROOT / "deploy" / "observability"
BUILT = runpy.run_path(str(FOLDER / "dashboards.py"))
RULES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "prometheus" / "rules.yaml").read_text())[
    "groups"
][0]["rules"]
TESTS: list[dict[str, Any]] = yaml.safe_load(
    (FOLDER / "prometheus" / "rules.test.yaml").read_text()
)["tests"]
OF_PROMETHEUS = {"up"}
_PARTS = re.compile(r"_(total|bucket|count|sum)$")
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def panel_queries() -> list[tuple[str, str, str]]:
    """Return dashboard, panel and expression of every query of the committed dashboards."""
    return [
        (path.stem, panel["title"], target["expr"])
        for path in sorted((FOLDER / "dashboards").glob("*.json"))
        for panel in json.loads(path.read_text())["panels"]
        for target in panel["targets"]
    ]


def _selected(expression: Any) -> Iterator[str]:
    """Yield the metrics that a parsed expression reads."""
    match expression:
        case promql_parser.VectorSelector():
            yield expression.name or ""
        case promql_parser.MatrixSelector():
            yield expression.vector_selector.name or ""
        case promql_parser.BinaryExpr():
            yield from _selected(expression.lhs)
            yield from _selected(expression.rhs)
        case promql_parser.AggregateExpr() | promql_parser.ParenExpr():
            yield from _selected(expression.expr)
        case promql_parser.Call():
            for one in expression.args:
                yield from _selected(one)
        case _:
            return  # a number


def _exported() -> set[str]:
    picture = shown(folded(*scenes.desk(NOW_MS)))
    names = {family.name for family in families(picture)}
    return names | {family.name for family in Metrics().registry.collect()} | OF_PROMETHEUS


@pytest.mark.row("I20")
def test_the_committed_dashboards_are_those_that_are_built() -> None:
    """What Grafana reads is what the code says; else run deploy/observability/dashboards.py."""
    files = {path.stem: path.read_text() for path in (FOLDER / "dashboards").glob("*.json")}
    assert files == {page.name: BUILT["built"](page) for page in BUILT["ALL"]}


@pytest.mark.row("I20")
@pytest.mark.parametrize(
    "expression", [q for *_, q in panel_queries()] + [r["expr"] for r in RULES]
)
def test_every_query_reads_metrics_that_we_export(expression: str) -> None:
    """A panel or an alert on a name that nobody sets is for ever empty, and looks like good news."""
    names = {_PARTS.sub("", name) for name in _selected(promql_parser.parse(expression))}
    assert names
    assert names <= _exported()


@pytest.mark.row("I20", "H12")
def test_every_alert_has_a_runbook_and_two_tests() -> None:
    """Each says where to read on; its tests show it firing, and quiet on what it is not for."""
    page = (ROOT / "docs" / "runbooks.md").read_text()
    heads = {head.lower() for head in re.findall(r"^## (\w+)$", page, re.MULTILINE)}
    names = {rule["alert"] for rule in RULES}
    assert {rule["annotations"]["runbook"] for rule in RULES} == {
        f"docs/runbooks.md#{name.lower()}" for name in names
    }
    assert heads == {name.lower() for name in names}
    cases = [
        (one["alertname"], bool(one["exp_alerts"])) for t in TESTS for one in t["alert_rule_test"]
    ]
    assert set(cases) == {(name, fires) for name in names for fires in (True, False)}
    assert {rule["labels"]["severity"] for rule in RULES} == {"page", "warn"}


@pytest.mark.row("I20")
@pytest.mark.prometheus
def test_each_alert_fires_on_what_it_is_for_and_on_nothing_else() -> None:
    """Prometheus' own tool judges the rules by their tests."""
    for words in (("check", "rules", "rules.yaml"), ("test", "rules", "rules.test.yaml")):
        found = subprocess.run(
            [shutil.which("promtool") or "promtool", *words],
            cwd=FOLDER / "prometheus",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert found.returncode == 0, found.stdout + found.stderr
