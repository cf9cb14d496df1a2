"""Where a backup may be written: judged before a database is asked."""

from pathlib import Path

import pytest

from opensqt.cli.main import main


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
