"""`opensqt decode`: the bytes of an event, as databases and tools print them, become JSON or one clear line."""

import base64
import json

import pytest

from opensqt.cli.main import main
from opensqt.domain.control import KillLatched
from opensqt.runtime.codec import encode

KILL = KillLatched(scope="desk", reason="why", actor="ann", time_ms=7)

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize("form", ["hex", "pg", "base64"])
def test_decode_understands_what_databases_and_tools_print(form: str, capsys: Capture) -> None:
    """Hex, Postgres' hex and base64 of an event become JSON with its type."""
    data = encode(KILL)
    word = {"hex": data.hex(), "pg": "\\x" + data.hex(), "base64": base64.b64encode(data).decode()}
    assert main(["decode", word[form]]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "type": "KillLatched",
        "scope": "desk",
        "reason": "why",
        "actor": "ann",
        "time_ms": 7,
        "kill_id": "",
        "account": "",
        "epoch": 0,
    }


@pytest.mark.parametrize("wrong", ["zz!", "00ff", "0a"])
def test_decode_refuses_what_is_no_event(wrong: str, capsys: Capture) -> None:
    """One clear line and exit code 1."""
    assert main(["decode", wrong]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("opensqt: not an event")
    assert captured.err.count("\n") == 1
