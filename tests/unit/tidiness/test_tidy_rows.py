"""The page of rows tells the truth about the tests."""

import pytest

from tests.tidiness.rows import PAGE, Broken, current_page, markers, page
from tests.tidiness.source import Source

MARKED = 'import pytest\n@pytest.mark.row("A01", "B02")\ndef test_x(): ...\n'


def test_the_page_of_rows_is_current() -> None:
    """docs/rows.md is what `make rows` would write now."""
    assert PAGE.read_text(encoding="utf-8") == current_page()


def test_a_row_is_alive_only_if_listed_and_named() -> None:
    """Named alone is partial, neither is untouched."""
    rows = {
        "A01": {"holds": "one", "status": "alive"},
        "B02": {"holds": "two"},
        "C03": {"holds": "three"},
    }
    text = page(rows, markers([Source("tests/unit/test_x.py", MARKED)]))
    assert "| A01 | alive | one | `unit/test_x.py::test_x` |" in text
    assert "| B02 | partial | two |" in text
    assert "| C03 | untouched | three |  |" in text


@pytest.mark.parametrize(
    "rows, message",
    [
        ({"A01": {"holds": "one"}}, "B02: named by"),
        (
            {"A01": {"holds": ""}, "B02": {"holds": ""}, "C03": {"holds": "", "status": "alive"}},
            "no test",
        ),
        ({"A01": {"holds": "", "status": "done"}, "B02": {"holds": ""}}, "not 'done'"),
    ],
)
def test_contradictions_are_named(rows: dict[str, dict[str, str]], message: str) -> None:
    """An unknown row, a row alive without a test, an unknown status: each is an error."""
    with pytest.raises(Broken, match=message):
        page(rows, markers([Source("tests/unit/test_x.py", MARKED)]))
