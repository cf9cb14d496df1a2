"""Starts the desk's processes quickly: this parent has imported everything, every process is a real fork of it.

A process runs the same `python -m services.NAME` and dies by the same SIGKILL; only what every start reads anew, code
and certificates, is spared. Reads one request a line on standard input, tells starts and ends on standard output, dies
with its reader.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import ssl
import sys
from typing import Any

import certifi

from opensqt.runtime import process
from opensqt.runtime.crash_points import CrashPoints
from tests.crash.mutants import MUTANTS

IMPORTED = (
    *("ccxt.pro", "aiohttp", "uvloop", "asyncpg", "nats", "opensqt.venues.opening"),
    *("services.executor.config", "services.risk.service", "services.relay.service"),
    *("opensqt.runtime.archive", "opensqt.runtime.archiver", "pyarrow.parquet"),
)
MODULES = ("services.executor", "services.risk", "services.relay")
PR_SET_PDEATHSIG = 1
POLL_S = 0.01

Request = dict[str, Any]


class Witness(CrashPoints):
    """Steps that also write their names into a file, so that the matrix knows which are reached and how often."""

    def reach(self, step: str) -> None:
        """Write the step down, then pass it."""
        os.write(_trace, f"{step}\n".encode())
        super().reach(step)


_trace = -1


def main() -> int:
    """Serve until standard input ends."""
    for name in IMPORTED:
        importlib.import_module(name)
    _read_authorities()
    gc.collect()
    gc.freeze()
    started: dict[int, int] = {}
    left = b""
    _tell({"ready": True})
    while True:
        if select.select([0], [], [], POLL_S)[0]:
            data = os.read(0, 65536)
            if not data:
                return _end(started)
            *lines, left = (left + data).split(b"\n")
            for line in lines:
                request = json.loads(line)
                pid = _fork(request)
                started[pid] = request["id"]
                _tell({"id": request["id"], "pid": pid})
        _reap(started)


def _read_authorities() -> None:
    """Read the public certificate authorities once: every ccxt client reads them, no paper venue uses them."""
    fresh, public = ssl.create_default_context, certifi.where()
    read = fresh(cafile=public)

    def context(*args: Any, **kwargs: Any) -> ssl.SSLContext:
        return read if (args, kwargs) == ((), {"cafile": public}) else fresh(*args, **kwargs)

    setattr(ssl, "create_default_context", context)  # noqa: B010  # in this process and its forks


def _reap(started: dict[int, int]) -> None:
    while started:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        _tell({"id": started.pop(pid), "code": os.waitstatus_to_exitcode(status)})


def _fork(request: Request) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() == parent:
                code = _run(request)
        finally:
            os._exit(code)
    return pid


def _run(request: Request) -> int:
    """Become the process: environment, standard streams, arguments, host name, then its `__main__`."""
    global _trace  # noqa: PLW0603  # one process, one trace
    os.environ.clear()
    os.environ.update(request["env"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    _trace = os.open(request["trace"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    setattr(process, "CrashPoints", Witness)  # noqa: B010  # the name is a class; only its instances are ours
    host = str(request["host"] or socket.gethostname())
    setattr(socket, "gethostname", lambda: host)  # noqa: B010  # a twin stands on another host
    if request["module"] not in MODULES:
        raise ValueError(f"{request['module']} is none of {', '.join(MODULES)}")
    if request["mutant"]:
        MUTANTS[request["mutant"]]()
    sys.argv = [request["module"], *request["argv"]]
    try:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _end(started: dict[int, int]) -> int:
    for pid in started:
        os.kill(pid, signal.SIGKILL)
    return 0


def _tell(fact: dict[str, Any]) -> None:
    os.write(1, json.dumps(fact).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
