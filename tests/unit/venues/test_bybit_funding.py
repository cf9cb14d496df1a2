"""Funding at Bybit over many pages and many weeks."""

from pathlib import Path

import pytest

from opensqt.venues.bybit.account import BybitAccountEndpoints
from tests.unit.venues.test_bybit_recorded import AT, SYMBOLS, bodies, encoded


@pytest.mark.row("D01")
def test_funding_is_read_on_behind_a_span_of_many_pages(recordings: Path) -> None:
    """More payments in a week than a page holds: its further pages come, and then the weeks behind it."""
    told = bodies(recordings)["/v5/account/transaction-log"][0]
    row, *_ = told["result"]["list"]
    full = {**told, "result": {"list": [row] * 50, "nextPageCursor": "more"}}
    first = BybitAccountEndpoints().funding(AT, account="main", since_ms=1)
    second = first.read(encoded(full), SYMBOLS).following
    assert second is not None
    assert second.request.params == {**first.request.params, "cursor": "more"}
    third = second.read(encoded(told), SYMBOLS).following
    assert third is not None
    week_ms = 7 * 24 * 3_600_000
    assert (third.request.params["startTime"], "cursor" in third.request.params) == (
        str(1 + week_ms),
        False,
    )
