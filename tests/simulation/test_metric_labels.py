"""What metrics carry after noisy runs of every service: words and names, never a text, an id or a number that grows."""

import re
from collections import defaultdict

import pytest

from opensqt.domain import ids
from opensqt.runtime.telemetry.metrics import Metrics
from tests.world.servers import METRICS
from tests.world.world import run

SEEDS = (3, 4, 5, 6)
PLAIN = re.compile(
    r"[A-Za-z][A-Za-z0-9/:_.-]{0,39}|[a-z]{1,12} [a-z]{1,12}"
)  # a name, or two words
SERIES_MAX = 40  # of one metric, in a desk of a few symbols and strategies

Labels = dict[str, set[tuple[str, ...]]]


def labels_of(metrics: Metrics) -> Labels:
    """Return the label values of every series of every metric; buckets of a histogram are not labels of ours."""
    found: Labels = defaultdict(set)
    for family in metrics.registry.collect():
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "le"}
            if labels:
                found[family.name].add(tuple(labels[name] for name in sorted(labels)))
    return found


def breaches(labels: Labels) -> list[str]:
    """Name every label value that is a text or an id, and every metric with too many series."""
    found = []
    for name, series in labels.items():
        if len(series) > SERIES_MAX:
            found.append(f"{name} has {len(series)} series")
        found += [
            f"{name} carries {value!r}"
            for value in {value for values in series for value in values}
            if PLAIN.fullmatch(value) is None or ids.is_ours(value)
        ]
    return found


@pytest.mark.row("C10")
def test_labels_stay_few_and_plain_in_noisy_runs() -> None:
    """Faults, refusals, kills and restarts of whole desks leave words in the labels, and no more of them each time."""
    for seed in SEEDS[:2]:
        run(seed)
    first = labels_of(METRICS)
    for seed in SEEDS[2:]:
        run(seed)
    labels = labels_of(METRICS)
    assert breaches(labels) == []
    assert labels["opensqt_decision_to_ack_seconds"], "the runs were not noisy at all"
    for name, series in labels.items():
        assert len(series) <= 2 * max(len(first[name]), 4), f"{name} grows with what happens"


@pytest.mark.row("C10")
@pytest.mark.parametrize(
    "value",
    [
        "Margin is insufficient.",
        "-2019",
        "1234567890",
        "q0c5k9d2m4t7x1v8b3n6j0h5g2f",
        "[Errno 111] Connect call failed ('127.0.0.1', 4222)",
        "a" * 41,
        "",
    ],
)
def test_a_text_or_an_id_in_a_label_is_noticed(value: str) -> None:
    """The check above fails as soon as one error text, number or id becomes a label."""
    metrics = Metrics()
    metrics.dead_letters.labels("FEED", value).inc()
    assert len(breaches(labels_of(metrics))) == 1


@pytest.mark.row("C10")
def test_a_metric_that_grows_is_noticed() -> None:
    """One series an order is too many, however plain its name."""
    metrics = Metrics()
    for number in range(SERIES_MAX + 1):
        metrics.skipped.labels(f"order-{number}").inc()
    assert len(breaches(labels_of(metrics))) == 1
