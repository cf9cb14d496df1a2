"""The kill latch on disk."""

from pathlib import Path

import pytest

from opensqt.runtime import latch

KILLED = latch.Latch(scope="desk", reason="drawdown", actor="alice", time_ms=7)


@pytest.mark.row("E10")
def test_the_latch_survives_and_is_released(tmp_path: Path) -> None:
    """What was latched is read back until it is released, and releasing twice is harmless."""
    assert latch.read(tmp_path) is None
    latch.latch(tmp_path, KILLED)
    assert latch.read(tmp_path) == KILLED
    latch.release(tmp_path)
    latch.release(tmp_path)
    assert latch.read(tmp_path) is None


@pytest.mark.row("E10")
@pytest.mark.parametrize("content", [b"", b"{", b'{"scope": 3}', b"\xff\xfe"])
def test_a_damaged_latch_is_still_a_latch(tmp_path: Path, content: bytes) -> None:
    """A file that cannot be read keeps the desk killed; failing open would cost money."""
    (tmp_path / latch.FILE_NAME).write_bytes(content)
    found = latch.read(tmp_path)
    assert found is not None
    assert found.scope == "desk"
