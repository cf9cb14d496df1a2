"""The judge of coverage: what it counts, and when it fails."""

import pytest

from tests.tidiness.branches import (
    PARTS,
    Counts,
    File,
    Report,
    judged,
    measured,
)


def _report(taken: int, *, without: str = "") -> Report:
    """Return a report of one file a folder, of ten branches each."""
    counts = Counts(num_branches=10, covered_branches=taken, num_statements=20, covered_lines=18)
    folders = [folder for folders in PARTS.values() for folder in folders if folder != without]
    return Report(files={f"{folder}/decide.py": File(summary=counts) for folder in folders})


@pytest.mark.row("I25")
@pytest.mark.parametrize("taken, low", [(10, []), (9, []), (8, list(PARTS))])
def test_a_part_below_the_floor_is_named(taken: int, low: list[str]) -> None:
    """Nine branches of ten are enough in each part, eight are not; lines do not count."""
    assert judged(measured(_report(taken))) == low


@pytest.mark.row("I25")
def test_a_part_that_nobody_measured_is_no_good_part() -> None:
    """A folder that was renamed must be renamed in the list of parts, too."""
    with pytest.raises(LookupError, match="services/risk"):
        list(measured(_report(10, without="services/risk")))
