"""What `opensqt breakers` shows to a person: every word of it, also in brackets."""

import io

import pytest
from rich.console import Console

from opensqt.cli.breakers import shown

OPEN = {
    "breaker": "manual",
    "state": "open",
    "scope": "desk",
    "reason": "look [/] at [this]",
    "actor": "ann",
    "time": "2026-11-30T20:39:56Z",
    "until": "",
}


def printed(lines: list[dict[str, str]]) -> str:
    """Return the lines as a terminal without colours shows them."""
    out = io.StringIO()
    console = Console(file=out, highlight=False, soft_wrap=True)
    for text in shown(lines):
        console.print(text)
    return out.getvalue()


@pytest.mark.row("E07")
def test_brackets_are_words_and_no_markup() -> None:
    """The section to write is named, and a reason reads as it was given."""
    assert "state a limit in [breakers] (docs/configuration.md)" in printed([])
    assert "OPEN  desk: look [/] at [this] (ann, 2026-11-30T20:39:56Z)" in printed([OPEN])
