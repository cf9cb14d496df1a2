"""What `opensqt portfolio scan` says where there is nothing to show."""

from argparse import Namespace
from typing import Any

import pytest

from opensqt.cli.portfolio import _show_scan
from opensqt.portfolio.scan import LeftOut, Scan


@pytest.mark.parametrize(
    "left_out, words",
    [
        ((), "lists no spot market together with its perpetual"),
        ((LeftOut(pair="v:A/USDT v:A/USDT:USDT", why="too small"),), "none of 1 pairs is worth"),
    ],
)
def test_a_scan_without_a_pair_says_why(
    left_out: tuple[LeftOut, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sentence with the reason and what to do; no head of a table without rows."""
    found = Scan(venue="binance", scanned_at_ms=0, ranking=(), left_out=left_out)
    desk: Any = None  # a person's table says nothing of the desk
    _show_scan(Namespace(json=False, all=False), desk, found)
    said = capsys.readouterr().out
    assert words in said
    assert "maturity" not in said
