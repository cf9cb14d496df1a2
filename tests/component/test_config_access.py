"""`opensqt config access`: who each process is, for servers that somebody else starts."""

import json
from pathlib import Path

import pytest

from opensqt.cli.main import main
from opensqt.desk import access
from opensqt.desk.plan import MARKET_DEFAULT, default_text
from opensqt.runtime.access.rights import OWNER


def written(tmp_path: Path) -> dict[str, bytes]:
    """Run the verb and return the files that it leaves."""
    path = tmp_path / "opensqt.toml"
    path.write_text(default_text(MARKET_DEFAULT))
    assert main(["config", "access", "--config", str(path), "--to", str(tmp_path / "out")]) == 0
    return {file.name: file.read_bytes() for file in (tmp_path / "out" / access.FOLDER).iterdir()}


def test_each_process_gets_a_file_and_nats_its_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Logins at the database, the owner for the migration, all users for NATS; asked again, the same."""
    found = written(tmp_path)
    risk = json.loads(found["risk.json"])
    assert (risk["nats_user"], risk["postgres_user"]) == ("risk", "risk.opensqt")
    assert found["migrate.json"] == found[f"{OWNER}.json"]
    users = json.loads(found["users.conf"])["accounts"]["DESK"]["users"]
    assert {one["user"] for one in users} >= {"risk", "relay", "executor-main", "operator"}
    assert risk["nats_password"] in [one["password"] for one in users]
    assert written(tmp_path) == found
    assert risk["nats_password"] not in capsys.readouterr().out


def test_a_folder_must_be_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Passwords are not strewn about."""
    assert main(["config", "access", "--data", str(tmp_path)]) == 2
    assert "--to" in capsys.readouterr().err
