"""The page of capabilities tells what the policies say."""

import pytest

from tests.tidiness.capabilities import PAGE, page


@pytest.mark.row("D02")
def test_the_page_of_capabilities_is_current() -> None:
    """docs/capabilities.md is what `make rows` would write now."""
    assert PAGE.read_text(encoding="utf-8") == page()
