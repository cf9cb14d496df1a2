"""What `doctor` judges by figures alone: the free disk."""

from pathlib import Path

import pytest

from opensqt.cli.doctor import disk
from opensqt.desk.data_folder import FREE_BYTES_MIN
from opensqt.runtime.bus.streams import DISK_BYTES_MAX


@pytest.mark.parametrize(
    "free, holds, warns",
    [
        (FREE_BYTES_MIN - 1, False, True),
        (FREE_BYTES_MIN, True, True),
        (DISK_BYTES_MAX - 1, True, True),
        (DISK_BYTES_MAX, True, False),
    ],
)
def test_a_disk_that_the_bus_may_outgrow_is_a_warning_and_no_refusal(
    tmp_path: Path, free: int, holds: bool, warns: bool
) -> None:
    """Too little to begin with does not hold; too little for full streams holds, with a warning."""
    found = disk(tmp_path, free)
    assert (found.holds, found.warns) == (holds, warns)
    assert ("the bus alone may grow" in found.detail) is warns


def test_what_the_bus_holds_already_needs_no_more_room(tmp_path: Path) -> None:
    """A desk that starts again is warned of the growth that is left."""
    (tmp_path / "nats").mkdir()
    (tmp_path / "nats" / "1.blk").write_bytes(b"x" * 1000)
    assert not disk(tmp_path, DISK_BYTES_MAX - 1000).warns
