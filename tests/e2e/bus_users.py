"""Users of a running desk's bus for tests: a process of the desk, or one more that the server takes in at once."""

import json
import os
import signal
from pathlib import Path

import nats
from nats.aio.client import Client

from opensqt.desk import access
from opensqt.desk.runfile import read_run
from opensqt.runtime.access.credentials import with_user
from opensqt.runtime.access.inboxes import inbox_of
from opensqt.runtime.access.nats_users import ACCOUNT, NatsUser, permissions
from tests.conditions import until
from tests.streams import greeted

LOAD = "strategy-load"
PASSWORD = "of-a-test"  # of a server that ends with its test


async def connected(data: Path, process: str) -> Client:
    """Connect as a process of the desk."""
    url = access.known(data, process).nats_url(read_run(data).nats_url)
    return await nats.connect(url, inbox_prefix=inbox_of(process))


def speaker(subject: str) -> str:
    """Return a process that may say this on the bus of a desk of the default configuration."""
    first = subject.partition(".")[0]
    if subject in ("ctl.kill", "ctl.alive.risk"):
        return "gateway" if subject == "ctl.kill" else "risk"
    named = {"md": "market_data-binance", "intent": "grid", "cmd": "risk"}
    return named.get(first, "relay")


async def admitted(data: Path, process: str = LOAD, strategy: str = "load") -> str:
    """Make a strategy's user known to the running server and return its address of the bus."""
    address = with_user(read_run(data).nats_url, process, PASSWORD)
    path = data / "nats" / "users.conf"
    said = json.loads(path.read_text())
    users = said["accounts"][ACCOUNT]["users"]
    if all(one["user"] != process for one in users):
        one = NatsUser(process=process, password=PASSWORD, strategies=(strategy,))
        users.append({"user": process, "password": PASSWORD, "permissions": permissions(one)})
        path.write_text(json.dumps(said))
    await until(lambda: _is_known(data, address, process), within_s=10)
    return address


async def _is_known(data: Path, address: str, process: str) -> bool:
    """Have the server read its users again and tell whether it knows this one."""
    for line in read_run(data).processes:
        if line.name == "nats" and line.pid:
            os.kill(line.pid, signal.SIGHUP)
    return await greeted(address, process, PASSWORD) == "pong"
