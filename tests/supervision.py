"""What tests of the supervisor share: a small server that does as it is told, and a watch on the table."""

import asyncio
import os
import select
import sys
from collections.abc import Callable

from opensqt.desk import ports
from opensqt.desk.spec import HttpCheck, ProcessLine, ProcessSpec
from opensqt.desk.supervisor import Supervisor

SERVER = """
import http.server, signal, sys, time
asked = 0
port, mode = int(sys.argv[1]), sys.argv[2]
def stop(*_):
    if mode == "slow":
        time.sleep(3)  # as long as it takes to cancel all orders of an account
        print('{"event": "all cancelled"}', flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "stubborn" else stop)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global asked
        asked += 1
        body = b'{"ready": true, "lag": 3, "standing": "%s"}' % (b"a loop" * (mode == "standing"))
        self.send_response(503 if mode == "unready" or (mode == "failing" and asked > 1) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
print("plain words", flush=True)
print('{"event": "hello"}', flush=True)
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
PATIENCE_S = 20.0


def server(name: str, *depends: str, mode: str = "good") -> ProcessSpec:
    """Return a small HTTP server as a process."""
    port = ports.choose(["port"], {})["port"]
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-I", "-S", "-c", SERVER, str(port), mode),
        env=dict(os.environ),
        check=HttpCheck(port=port),
        depends=depends,
    )


def script(name: str, code: str, *depends: str, **fields: object) -> ProcessSpec:
    """Return a process that runs a few lines of Python."""
    argv = (sys.executable, "-I", "-S", "-c", code)
    return ProcessSpec(name=name, argv=argv, env=dict(os.environ), depends=depends, **fields)  # type: ignore[arg-type]


class Watch:
    """Keeps what the supervisor tells and wakes whoever waits for something of it."""

    def __init__(self) -> None:
        self.told: list[ProcessLine] = []
        self._news = asyncio.Event()

    def __call__(self, line: ProcessLine) -> None:
        self.told.append(line)
        self._news.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until a condition holds, looked at whenever there is news."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._news.clear()
                await self._news.wait()


def line_of(supervisor: Supervisor, name: str) -> ProcessLine:
    """Return the present line of one process."""
    return next(line for line in supervisor.table() if line.name == name)


def wait_gone(pid: int) -> bool:
    """Wait until a process that need not be our child has ended; return whether it has."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], PATIENCE_S)[0])
    finally:
        os.close(descriptor)
