"""Another user of the machine, who tries to get at a desk. Run as a script: `stranger.py FOLDER PORTS_AS_JSON`.

Whoever runs it as root becomes `nobody` first; elsewhere it is a process of the same user that knows no password, and
what the file system and the kernel refuse to another user is not tried. It prints one line of JSON an attack: what was
tried, whether it got through, and what it heard.
"""

import contextlib
import encodings.idna  # noqa: F401  # nobody may not read it later
import fcntl
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

NOBODY = 65534
TIMEOUT_S = 5.0
USERS = ("", "opensqt", "postgres", "operator.opensqt", "executor-main.opensqt", "opensqt_executor")
GUESSES = ("", "opensqt", "postgres", "password")
NATS_USERS = ("", "risk", "relay", "operator", "executor-main", "system", "opensqt")
FILES = (
    *("token", "run.json", "opensqt.toml", "kill.latch", "venue/keys.json", "nats/users.conf"),
    *("access/owner.json", "access/risk.json", "access/executor-main.json", "access/migrate.json"),
    *("access/nats/context/operator.json", "postgres/pg_hba.conf", "logs/executor-main.jsonl"),
    *("venue-audit.jsonl", "ca/ca.pem", "venue/state.sqlite"),
)
SUBJECTS = (
    "cmd.open.binance.main.BTC-USDT-USDT",
    "cmd.exit.binance.main.BTC-USDT",
    "intent.grid-perp.binance.main.BTC-USDT-USDT",
    "ctl.kill",
    "ctl.latch",
    "ctl.feed",
    "md.binance.BTC-USDT.tick",
    "evt.time",
    "$JS.API.STREAM.PURGE.FEED",
    "$JS.API.STREAM.DELETE.COMMANDS",
    "$JS.API.CONSUMER.DELETE.EXITS.executor-main-e1",
)
PLAIN_PASSWORD, REFUSED = 3, 400  # what Postgres asks for, and from where on HTTP says no
Outcome = tuple[bool, str]  # whether it got through, and what was heard
Attack = tuple[str, Callable[[], Outcome]]


def main(folder: Path, ports: dict[str, int], pids: dict[str, int]) -> None:
    """Try everything, one line each."""
    is_other = os.geteuid() == 0
    if is_other:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    attacks = [*bus(ports), *database(ports), *pages(ports), *venue(ports)]
    if is_other:
        attacks += [*files(folder), *processes(pids)]
    for name, attack in attacks:
        try:
            through, heard = attack()
        except (OSError, ssl.SSLError, http.client.HTTPException) as error:
            through, heard = False, repr(error)
        sys.stdout.write(json.dumps({"attack": name, "through": through, "heard": heard}) + "\n")


def bus(ports: dict[str, int]) -> Iterator[Attack]:
    """Forged commands, kills, releases, prices and deletions over a plain socket."""
    for user in NATS_USERS:
        for subject in SUBJECTS:
            yield f"nats {user or 'nobody'} says {subject}", partial(_say, ports, user, subject)
        yield f"nats {user or 'nobody'} hears all", partial(_hear, ports, user)


def _say(ports: dict[str, int], user: str, subject: str) -> Outcome:
    heard = _talk_nats(ports, user, f"PUB {subject} x.y 2\r\n{{}}\r\n")
    return "PONG" in heard and "-ERR" not in heard, heard


def _hear(ports: dict[str, int], user: str) -> Outcome:
    heard = _talk_nats(ports, user, "SUB > 1\r\n")
    return "MSG" in heard or ("PONG" in heard and "-ERR" not in heard), heard


def _talk_nats(ports: dict[str, int], user: str, words: str) -> str:
    with socket.create_connection(("127.0.0.1", ports["nats"]), TIMEOUT_S) as wire:
        heard = wire.recv(65536).decode()
        said = json.dumps({"user": user, "pass": "opensqt", "verbose": False, "headers": True})
        wire.sendall(f"CONNECT {said}\r\n{words}PING\r\n".encode())
        with contextlib.suppress(ConnectionError):
            while "PONG" not in heard and "-ERR" not in heard and (part := wire.recv(65536)):
                heard += part.decode(errors="replace")
    return heard


def database(ports: dict[str, int]) -> Iterator[Attack]:
    """Logins of everybody with what people guess, over the port that `ps` shows."""
    for user in USERS:
        for guess in GUESSES:
            name = f"postgres {user or 'nobody'} {guess or 'no password'}"
            yield name, partial(_log_in, ports, user, guess)


def _log_in(ports: dict[str, int], user: str, password: str) -> Outcome:
    """Say hello as a user; a server that trusts answers `R` with 0, one that takes a plain password with 3."""
    with socket.create_connection(("127.0.0.1", ports["postgres"]), TIMEOUT_S) as wire:
        body = b"\0\3\0\0user\0" + user.encode() + b"\0database\0opensqt\0\0"
        wire.sendall((len(body) + 4).to_bytes(4, "big") + body)
        heard = wire.recv(65536)
        if heard[:1] == b"R" and int.from_bytes(heard[5:9], "big") == PLAIN_PASSWORD:
            word = password.encode() + b"\0"
            wire.sendall(b"p" + (len(word) + 4).to_bytes(4, "big") + word)
            heard = wire.recv(65536)
        trusted = heard[:1] == b"R" and int.from_bytes(heard[5:9], "big") == 0
    return trusted, heard.decode("latin-1")


def pages(ports: dict[str, int]) -> Iterator[Attack]:
    """Kill and resume over every port that speaks HTTP, with no token, a wrong one, and names that are not ours."""
    for name, port in ports.items():
        if not name.startswith("health.") and name != "gateway":
            continue
        for path in ("/kill", "/resume", "/api/kill", "/api/resume"):
            for token in ("", "Bearer ", "Bearer x", "Basic eDp4"):
                yield f"{name} POST {path} {token!r}", partial(_post, port, path, token)
        yield f"{name} as a stranger's page", partial(_rebound, port)
        yield f"{name} PUT", partial(_ask, port, "PUT", "/kill", {}, b"{}")


def _post(port: int, path: str, token: str) -> Outcome:
    headers = {"Authorization": token} if token else {}
    body = json.dumps({"scope": "desk", "kill_ids": [], "reason": "of a stranger", "actor": "boss"})
    return _ask(port, "POST", path, headers, body.encode())


def _ask(port: int, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Outcome:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    return _asked(connection, method, path, headers, body)


def _asked(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
) -> Outcome:
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status < REFUSED, f"{answer.status} {answer.read(4096).decode('latin-1')}"
    finally:
        connection.close()


def _rebound(port: int) -> Outcome:
    """Ask as a browser does whose page comes from a name that now points to this machine."""
    return _ask(port, "GET", "/status", {"Host": f"evil.example:{port}"})


def venue(ports: dict[str, int]) -> Iterator[Attack]:
    """An order without a key, and faults for everybody."""
    place = "/api/v3/order?symbol=BTCUSDT&side=BUY&type=MARKET&quantity=1&timestamp=1"
    order = partial(_over_tls, ports, "api.binance.com", "POST", place)
    yield "venue order without a key", order
    for method in ("GET", "POST"):
        faults = partial(_over_tls, ports, "venue.admin", method, "/admin/faults")
        yield f"venue faults {method}", faults


def _over_tls(ports: dict[str, int], host: str, method: str, path: str) -> Outcome:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(
        "127.0.0.1", ports["venue"], timeout=TIMEOUT_S, context=context
    )
    return _asked(connection, method, path, {"Host": host}, b'{"rules": [], "seed": 1}')


def files(folder: Path) -> Iterator[Attack]:
    """Secrets that lie in the folder, and files that would kill or hold the desk."""
    for name in FILES:
        yield f"read {name}", partial(_read, folder / name)
    yield "list the folder", partial(_list, folder)
    yield "write a latch", partial(_write, folder / "kill.latch")
    yield "take the lock", partial(_lock, folder / "lock")


def _read(path: Path) -> Outcome:
    return True, path.read_bytes().decode("latin-1")


def _list(folder: Path) -> Outcome:
    return True, str(list(folder.iterdir()))


def _write(path: Path) -> Outcome:
    return True, str(path.write_text("{}"))


def _lock(path: Path) -> Outcome:
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return True, "locked"


def processes(pids: dict[str, int]) -> Iterator[Attack]:
    """What the kernel tells of other people's processes, and signals to them."""
    for name, pid in pids.items():
        yield f"environment of {name}", partial(_read, Path(f"/proc/{pid}/environ"))
        yield f"memory of {name}", partial(_read, Path(f"/proc/{pid}/mem"))
        yield f"signal {name}", partial(_signal, pid)
    # Arguments are everybody's to read: they must not be worth it.
    yield "arguments of all", _arguments


def _signal(pid: int) -> Outcome:
    os.kill(pid, signal.SIGTERM)
    return True, "sent"


def _arguments() -> Outcome:
    return False, subprocess.check_output(["ps", "axww", "-o", "args"], text=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]), json.loads(sys.argv[3]))
