"""Where a backup may be written: judged before a database is asked."""

from pathlib import Path

import pytest

from opensqt.cli.backup import _files
from opensqt.cli.main import main
from opensqt.desk.data_folder import make_approval_key
from opensqt.runtime import latch
from opensqt.runtime.environment import APPROVAL_KEYS_FOLDER


@pytest.mark.parametrize("to", ["no/such/folder/desk.tar.gz", "file/desk.tar.gz"])
def test_a_backup_to_where_no_folder_is_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], to: str
) -> None:
    """One line that names folder and fix, with the code of bad input and not of a desk that is away."""
    (tmp_path / "file").touch()
    assert main(["backup", "--data", str(tmp_path), "--to", str(tmp_path / to)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"{(tmp_path / to).parent} is no folder" in error
    assert "--to" in error


@pytest.mark.row("K02")
def test_a_backup_holds_what_proves_approvals_and_never_what_makes_them(tmp_path: Path) -> None:
    """A restored desk is verified by the public halves; its gate gets a key of its own."""
    data, scratch = tmp_path / "data", tmp_path / "scratch"
    for folder in (data, scratch):
        folder.mkdir()
    make_approval_key(data)
    (public,) = (data / APPROVAL_KEYS_FOLDER).iterdir()
    found = _files(data, scratch, "")
    assert set(found) == {f"{APPROVAL_KEYS_FOLDER}/{public.name}"}
    assert found.popitem()[1].read_bytes() == public.read_bytes()


@pytest.mark.row("E10")
def test_a_backup_of_a_killed_desk_is_killed_whatever_kills_it(tmp_path: Path) -> None:
    """A link to nothing in place of the latch comes along as a latch file."""
    data, scratch = tmp_path / "data", tmp_path / "scratch"
    for folder in (data, scratch):
        folder.mkdir()
    (data / latch.FILE_NAME).symlink_to("gone")
    found = _files(data, scratch, "")
    assert found == {latch.FILE_NAME: scratch / latch.FILE_NAME}
    assert latch.read(scratch) == latch.read(data)
