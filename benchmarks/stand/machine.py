"""What machine a figure was measured on, and who used its processors meanwhile (Linux's /proc). Judges nothing."""

import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.servers import nats_binary, postgres_folder

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PACKAGES = ("ccxt", "aiohttp", "nats-py", "asyncpg", "uvloop", "protobuf")


def facts() -> dict[str, object]:
    """Return when and where: processors, load before, versions."""
    return {
        "measured_at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cpus": len(os.sched_getaffinity(0)),
        "cpu": _cpu_name(),
        "load_before": [round(load, 2) for load in os.getloadavg()],
        "kernel": platform.release(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES}
        | {"nats-server": _said(nats_binary()), "postgres": _said(_postgres())},
    }


class Use:
    """How many processors each of some processes keeps busy between two looks; a server's children count as itself."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._own = set(pids.values())
        self._begun_s = time.monotonic()
        self._before = self._spent_s()

    def cores(self) -> dict[str, float]:
        """Return the processors that each kept busy since this was made."""
        wall_s = time.monotonic() - self._begun_s
        spent = self._spent_s()
        return {name: round((spent[name] - self._before[name]) / wall_s, 2) for name in spent}

    def _spent_s(self) -> dict[str, float]:
        parents, ticks = {}, {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(fields[1])
            ticks[int(entry.name)] = int(fields[11]) + int(fields[12])
        return {
            name: sum(n for one, n in ticks.items() if pid == self._owner(one, parents))
            / TICKS_PER_S
            for name, pid in self._pids.items()
        }

    def _owner(self, pid: int, parents: Mapping[int, int]) -> int:
        return pid if pid in self._own else parents[pid]


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _postgres() -> Path | None:
    folder = postgres_folder()
    return folder / "postgres" if folder else None


def _said(binary: Path | None) -> str:
    if binary is None:
        return "none"
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    return told.split()[-1].lstrip("v")
