"""What a release wrote is read by every later one: each row, and what all of them come to."""

from pathlib import Path

import pytest

import opensqt
from opensqt.runtime.journal.reading import decode_row
from tests.golden.logs.log import HERE, SUFFIX, read_log, tables_sha256

LOGS = sorted(HERE.glob(f"*{SUFFIX}"))


def test_this_version_has_a_log() -> None:
    """A release without one would be the first that nobody has to read."""
    assert (HERE / f"{opensqt.__version__}{SUFFIX}").exists(), (
        "write it: python -m tests.golden.logs.log tests/golden/logs"
    )


@pytest.mark.row("J16", "I01")
@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.name.removesuffix(SUFFIX))
async def test_the_journal_of_a_release_comes_to_the_same_rows(path: Path) -> None:
    """Every row is decoded, and the projections at each noted position are those of the version that wrote it."""
    log = read_log(path)
    assert len({type(decode_row(row)) for row in log.rows}) >= 6
    for position, noted in log.sha256.items():
        assert await tables_sha256(log.rows, int(position)) == noted
