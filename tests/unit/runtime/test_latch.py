"""The kill latch on disk."""

import os
from collections.abc import Callable
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


def _link_to_nothing(path: Path) -> None:
    path.symlink_to(path.with_name("gone"))


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "something").touch()


KINDS: dict[str, Callable[[Path], None]] = {
    "a link to nothing": _link_to_nothing,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a folder": _folder,
    "a pipe": os.mkfifo,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.row("E10")
@pytest.mark.timeout(20)
@pytest.mark.parametrize("kind", KINDS)
def test_anything_of_that_name_is_a_latch_and_gives_way_to_a_kill(
    tmp_path: Path, kind: str
) -> None:
    """Somebody put it there: it kills the desk at once, whatever it is, and waits for nobody who writes into it."""
    KINDS[kind](tmp_path / latch.FILE_NAME)
    assert latch.is_there(tmp_path)
    assert latch.look(tmp_path) is not None
    found = latch.read(tmp_path)
    assert found is not None
    assert found.scope == "desk"
    latch.latch(tmp_path, KILLED, replace=False)
    assert latch.read(tmp_path) == found
    latch.latch(tmp_path, KILLED)
    assert latch.read(tmp_path) == KILLED
    latch.release(tmp_path)
    assert not latch.is_there(tmp_path)
    assert latch.look(tmp_path) is None


@pytest.mark.row("E10")
def test_a_link_to_a_latch_is_another_one_when_what_it_names_comes(tmp_path: Path) -> None:
    """An executor that watches reads it again."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / latch.FILE_NAME).symlink_to(elsewhere / latch.FILE_NAME)
    before = latch.look(tmp_path)
    latch.latch(elsewhere, KILLED)
    assert latch.look(tmp_path) != before
    assert latch.read(tmp_path) == KILLED


@pytest.mark.row("E10")
def test_what_could_not_be_written_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: the error is told, and no half a latch stays beside the name."""

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        latch.latch(tmp_path, KILLED)
    assert list(tmp_path.iterdir()) == []
