"""Every attack of another local user on a running desk: none gets through, and the desk trades on as before."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from opensqt.desk import access
from opensqt.runtime.token import read_token
from tests.conditions import until
from tests.e2e import audit
from tests.e2e.desk import Desk, text

SCRIPT = Path(__file__).with_name("stranger.py")
ATTACKS_MIN = 300
ATTACKS_S_MAX = 100
pytestmark = pytest.mark.timeout(300)


def secrets_of(data: Path) -> dict[str, str]:
    """Return every secret of a folder by a name."""
    found = {"token": read_token(data)}
    for path in (data / access.FOLDER).glob("*.json"):
        words = json.loads(path.read_bytes())
        found |= {f"{path.stem} {key}": word for key, word in words.items() if "password" in key}
    for account, key in json.loads((data / "venue" / "keys.json").read_bytes()).items():
        found |= {f"{account} {name}": word for name, word in key.items()}
    return {name: word for name, word in found.items() if word}


async def attacked(desk: Desk) -> list[dict[str, Any]]:
    """Run the stranger against a desk and return what became of each attack."""
    run = desk.run_file
    pids = {line.name: line.pid for line in run.processes if line.pid}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SCRIPT), str(desk.data), json.dumps(run.ports), json.dumps(pids)),
        stdout=PIPE,
        cwd="/",
        env={"PATH": os.environ["PATH"]},
        limit=8 * 1024 * 1024,
    )
    async with asyncio.timeout(ATTACKS_S_MAX):
        out, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in out.splitlines()]


async def told_anywhere(desk: Desk, secrets: dict[str, str]) -> list[str]:
    """Return which secret is said by a verb, a page or a port of a running desk, and where."""
    verbs = ("status", "orders", "fills", "positions", "events", "logs", "doctor")
    said = {f"opensqt {verb}": (await desk.command(verb, "--json"))[1] for verb in verbs}
    of_nats = ("/varz", "/connz?auth=1&subs=1", "/jsz?accounts=1&config=1", "/accountz?acc=DESK")
    of_ours = ("/status", "/readyz", "/metrics", "/api/snapshot", "/", "/nothing")
    for name, port in desk.run_file.ports.items():
        if name.startswith("health.") or name == "gateway":
            said |= {f"{name} {path}": await text(port, path) for path in of_ours}
        elif name == "nats-monitor":
            said |= {f"{name} {path}": await text(port, path) for path in of_nats}
    return [f"{name}: {where}" for where, heard in said.items() for name in _in(heard, secrets)]


def lying_about(data: Path, secrets: dict[str, str]) -> list[str]:
    """Return which secret lies in a file that is not made for it: journal, logs, archive, streams, all are read."""
    own = {data / "token", data / "venue" / "keys.json", data / "nats" / "users.conf"}
    files = [path for path in data.rglob("*") if path.is_file() and path not in own]
    kept = [path for path in files if (data / access.FOLDER) not in path.parents]
    return [
        f"{name}: {path.relative_to(data)}"
        for path in kept
        for name in _in(path.read_bytes().decode("latin-1"), secrets)
    ]


def _in(heard: str, secrets: dict[str, str]) -> list[str]:
    return [name for name, word in secrets.items() if word in heard]


@pytest.mark.row("K01", "G11")
async def test_no_attack_of_another_user_gets_through(tmp_path: Path) -> None:
    """Orders, kills, releases, secrets, the journal: nobody gets at them who is not let in; the desk is as it was."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        secrets = secrets_of(desk.data)
        found = await attacked(desk)
        assert [one for one in found if one["through"]] == []
        for one in found:
            told = [name for name, word in secrets.items() if word in one["heard"]]
            assert told == [], one["attack"]
        assert len(found) >= ATTACKS_MIN or os.geteuid() != 0
        status = (await desk.verb("status"))[-1]
        assert (status["mode"], status["killed"]) == ("NORMAL", False)
        placed = len(audit.places(desk.data))
        await until(lambda: len(audit.places(desk.data)) > placed, within_s=60)
        restarted = {line.name: line.restarts for line in desk.run_file.processes if line.restarts}
        assert restarted == {}
        assert await told_anywhere(desk, secrets) == []
    assert lying_about(desk.data, secrets) == []
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines
