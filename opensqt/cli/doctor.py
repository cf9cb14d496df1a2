"""`opensqt doctor`: is this machine and this folder fit to run? Reads; repairs nothing."""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from opensqt.desk import nats, ports, postgres
from opensqt.desk.data_folder import FREE_BYTES_MIN, free_bytes, holder, is_running
from opensqt.desk.error import GOOD, JUDGED_FALSE, CliError
from opensqt.desk.runfile import read_run
from opensqt.desk.timestamps import rfc3339
from opensqt.runtime.bus.streams import DISK_BYTES_MAX
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.reader import ConfigError
from opensqt.runtime.config.venue_names import built_in_venues, installed_venues
from opensqt.venues.engine.dialect import Tier
from opensqt.venues.registry import dialect_of

PYTHON_MIN = (3, 11)
TIMEOUT_S = 5.0
YEAR_2025_MS = 1_735_689_600_000


class DoctorFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    check: str
    holds: bool
    figure: str
    detail: str = ""
    warns: bool = False  # it holds for now


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `doctor`: none of its own."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Print what was found; return 0, or 1 when something does not hold."""
    findings = list(examine(args.data.absolute()))
    for finding in findings:
        if args.json:
            print(json.dumps(msgspec.to_builtins(finding)))
        else:
            mark = "BAD " if not finding.holds else "WARN" if finding.warns else "ok  "
            print(f"{mark} {finding.check:<10} {finding.figure}  {finding.detail}".rstrip())
    return GOOD if all(finding.holds for finding in findings) else JUDGED_FALSE


def examine(data: Path) -> Iterator[DoctorFinding]:
    """Look at interpreter, servers, disk, folder, ports, venues and clock."""
    yield DoctorFinding(
        check="python",
        holds=sys.version_info >= PYTHON_MIN,
        figure=platform.python_version(),
        detail=f"at least {'.'.join(map(str, PYTHON_MIN))} is needed",
    )
    yield _tried("nats", _nats)
    yield _tried("postgres", _postgres)
    yield disk(data, free_bytes(data))
    yield _folder(data)
    yield from _ports(data)
    yield from _venues()
    now_ms = RunClock().wall_ms()
    yield DoctorFinding(check="clock", holds=now_ms > YEAR_2025_MS, figure=rfc3339(now_ms))


def _venues() -> Iterator[DoctorFinding]:
    for name in (*built_in_venues(), *installed_venues()):
        try:
            tier = dialect_of(name).tier
        except (ConfigError, ImportError) as error:
            yield DoctorFinding(check="venue", holds=False, figure=name, detail=str(error))
        else:
            proof = "" if tier is Tier.WIRE else "not proved over the wire: live needs `unproven`"
            yield DoctorFinding(check="venue", holds=True, figure=f"{name} {tier}", detail=proof)


def disk(data: Path, free: int) -> DoctorFinding:
    """Judge the free bytes: enough to begin with, and enough for what the bus may still grow to?"""
    least = f"at least {FREE_BYTES_MIN // 10**6} MB is needed"
    grows = DISK_BYTES_MAX - _bytes_in(data / "nats")
    short = free < grows
    if short:
        least += f", and the bus alone may grow by {grows // 10**6} MB: free some space"
    return DoctorFinding(
        check="disk",
        holds=free >= FREE_BYTES_MIN,
        figure=f"{free // 10**6} MB free",
        detail=least,
        warns=short,
    )


def _bytes_in(folder: Path) -> int:
    """Return how much a folder holds; what goes away meanwhile counts as nothing."""
    found = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            found += path.stat().st_size if path.is_file() else 0
    return found


def _tried(check: str, look: Callable[[], str]) -> DoctorFinding:
    try:
        return DoctorFinding(check=check, holds=True, figure=look())
    except CliError as refusal:
        return DoctorFinding(check=check, holds=False, figure="unusable", detail=str(refusal))


def _nats() -> str:
    binary = nats.find_binary()
    version = nats.binary_version(binary)
    nats.check_version(version, str(binary))
    return version


def _postgres() -> str:
    command = (str(postgres.find_folder() / "postgres"), "--version")
    try:
        reply = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CliError(
            f"{command[0]} cannot be run ({error}): reinstall {postgres.PACKAGE}"
        ) from error
    return reply.stdout.strip()


def _folder(data: Path) -> DoctorFinding:
    existing = data
    while not existing.exists():
        existing = existing.parent
    writable = existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)
    state = "running" if is_running(data) else ("stopped" if data.exists() else "not there yet")
    fix = "" if writable else f"make it yours: chown -R $USER {existing}"
    return DoctorFinding(check="folder", holds=writable, figure=f"{data} ({state})", detail=fix)


def _ports(data: Path) -> Iterator[DoctorFinding]:
    """Say which kept ports are free; a running folder holds its own."""
    kept = read_run(data).ports
    if holder(data) is not None or not kept:
        yield DoctorFinding(check="ports", holds=True, figure=f"{len(kept)} kept")
        return
    taken = [f"{name} {port}" for name, port in kept.items() if not ports.is_free(port)]
    yield DoctorFinding(
        check="ports",
        holds=not taken,
        figure=f"{len(kept)} kept, {len(taken)} taken by others",
        detail=f"stop who has {', '.join(taken)}" if taken else "",
    )
