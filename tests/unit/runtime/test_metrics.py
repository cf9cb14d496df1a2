"""Metrics: each is set by code somewhere, labels are few and plain, and the text is what Prometheus reads."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from opensqt.runtime.telemetry.metrics import Metrics
from tests.tidiness.source import ROOT

NAMES = [name for name in vars(Metrics()) if name != "registry"]
LABELS = {
    "breaker",
    "venue",
    "symbol",
    "account",
    "stream",
    "outcome",
    "scope",
    "reason",
    "strategy",
}


@pytest.mark.row("H01")
@pytest.mark.parametrize("name", NAMES)
def test_every_metric_is_set_by_code(name: str) -> None:
    """A metric that nobody sets is a lie on a dashboard."""
    users = [
        path
        for folder in ("opensqt", "services")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "metrics.py" and f".{name}" in path.read_text(encoding="utf-8")
    ]
    assert users


@pytest.mark.row("C10")
@pytest.mark.parametrize("name", NAMES)
def test_labels_are_few_and_known(name: str) -> None:
    """No order id, no intent id, no error text can be a label."""
    assert set(getattr(Metrics(), name)._labelnames) <= LABELS


def test_the_text_is_readable() -> None:
    """What a process serves parses, with all names of ours."""
    families = {
        family.name for family in text_string_to_metric_families(Metrics().render().decode())
    }
    assert families == {f"opensqt_{name}" for name in NAMES}
