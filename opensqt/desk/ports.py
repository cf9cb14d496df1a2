"""Loopback ports: free ones chosen once, checked at every start. Listens on none itself."""

import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

from opensqt.desk.error import CliError
from opensqt.runtime.clock import Clock

HOST = "127.0.0.1"
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 20_000
TRIES_MAX = 200
RELEASE_S_MAX = 5.0


def is_free(port: int, host: str = HOST) -> bool:
    """Say whether nobody listens on this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def choose(names: Iterable[str], taken: dict[str, int]) -> dict[str, int]:
    """Return a port for each name: the one it has, or a free one.

    Free ones lie below the ephemeral range, where no outgoing connection can occupy the port of a
    server while that server restarts (on loopback a reconnecting client can even connect to itself).
    """
    result = dict(taken)
    for name in names:
        if name not in result:
            result[name] = _free_port(set(result.values()))
    return result


async def wait_released(ports: dict[str, int], clock: Clock) -> None:
    """Wait up to 5 wall seconds until all ports are free; raise `CliError` naming the one that is not."""
    end_s = clock.monotonic_s() + RELEASE_S_MAX
    for name, port in ports.items():
        while not is_free(port):
            if clock.monotonic_s() >= end_s:
                raise CliError(
                    f"port {port} ({name}) is taken by another program: find it with"
                    f" `ss -ltnp 'sport = :{port}'` and stop it, or give another --data folder"
                )
            await clock.sleep(0.1)


def _free_port(used: set[int]) -> int:
    highest = _ephemeral_start()
    for _ in range(TRIES_MAX):
        if highest - LOWEST < 1000:
            break
        port = LOWEST + secrets.randbelow(highest - LOWEST)
        if port not in used and is_free(port):
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _ephemeral_start() -> int:
    try:
        return int(EPHEMERAL.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError):
        return 32_768
