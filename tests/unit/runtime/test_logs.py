"""Log lines: one JSON object each, times in UTC, and never a secret, wherever it stands."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from opensqt.runtime.bus.port import Stream
from opensqt.runtime.environment import Key
from opensqt.runtime.telemetry import logs
from opensqt.runtime.telemetry.provider import Tracer

Lines = Callable[[], list[dict[str, Any]]]
CANARY = 'canary-"7f3a\\9'


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Set logging up and give a function that returns the lines so far."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    written = io.StringIO()
    logs.set_up("executor-main", stream=written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = before
    root.setLevel(level)


def test_a_line_says_when_who_what(lines: Lines) -> None:
    """Time, level, process, part, event, and the fields as plain values."""
    logs.Log("bus").info("sent", price=Decimal("0.10"), stream=Stream.FEED, count=2, parts=(1, 2))
    (line,) = lines()
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "process": "executor-main",
        "part": "bus",
        "event": "sent",
        "price": "0.10",
        "stream": "FEED",
        "count": 2,
        "parts": [1, 2],
    }


@pytest.mark.row("G11")
def test_no_secret_gets_out(lines: Lines) -> None:
    """Values of secret-sounding keys, and registered secrets in any text, key, error or nesting."""
    logs.register_secret(CANARY)
    log = logs.Log("venue")
    words = f"refused {CANARY}"
    log.error(words, api_key="abc", body={"secret": "abc", "text": CANARY})
    log.warning("headers", headers={"Authorization": "Bearer abc", CANARY: 1})
    log.error("failed", **logs.describe(ValueError(f"signature of {CANARY}")))
    logging.getLogger("someone.else").error("their words: %s", CANARY, exc_info=ValueError(CANARY))
    text = json.dumps(lines())
    assert "canary" not in text
    assert "abc" not in text
    assert logs.redact(CANARY) == logs.REDACTED
    assert "sec" not in repr(Key(api_key="secret-1", secret="secret-2")).lower()


def test_short_values_are_not_blackened(lines: Lines) -> None:
    """A secret of a few letters would blacken ordinary words."""
    logs.register_secret("ok")
    logs.Log("x").info("it is ok")
    assert lines()[0]["event"] == "it is ok"


def test_a_line_inside_a_span_names_its_trace(lines: Lines) -> None:
    """Lines of one decision share a trace id."""
    with Tracer().span("decide") as span:
        logs.Log("x").info("inside")
    logs.Log("x").info("outside")
    inside, outside = lines()
    assert inside["trace_id"] == span.trace_id
    assert "trace_id" not in outside


def test_an_error_is_described_in_one_line(lines: Lines) -> None:
    """Kind, words and where it was raised; no traceback over many lines."""

    def deep() -> None:
        raise KeyError("lattice")

    try:
        deep()
    except KeyError as error:
        logs.Log("x").error("died", **logs.describe(error))
    (line,) = lines()
    assert (line["error"], line["detail"]) == ("KeyError", "'lattice'")
    assert "deep:" in line["where"]
