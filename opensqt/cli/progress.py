"""What a command says while it works: lines for people, or JSON Lines for scripts. Decides nothing."""

import json
import sys
from contextlib import suppress
from typing import TextIO

from opensqt.desk.spec import ProcessLine, ProcessState

QUIET = (ProcessState.WAITING, ProcessState.STARTING, ProcessState.STOPPING)


class ProgressLines:
    """Writes progress; `as_json` prints JSON Lines on standard output."""

    def __init__(self, *, as_json: bool, out: TextIO | None = None, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self._out = out or sys.stdout

    def say(self, text: str, **fields: object) -> None:
        """Tell one step."""
        if self.as_json:
            self.line({"type": "progress", "text": text, **fields})
        elif not self.quiet:
            self._write(text)

    def process(self, line: ProcessLine) -> None:
        """Tell that a process is ready, or why it is not."""
        if self.as_json:
            fields = {"name": line.name, "pid": line.pid, "state": line.state, "ready": line.ready}
            self.line({"type": "progress", **fields, "restarts": line.restarts, "why": line.why})
        elif line.state not in QUIET and not self.quiet:
            mark = "ok" if line.ready else line.state.value
            self._write(f"  {line.name:<24} {mark:<8} {line.why}".rstrip())

    def line(self, fields: dict[str, object]) -> None:
        """Print one JSON line."""
        self._write(json.dumps(fields))

    def _write(self, text: str) -> None:
        """Write a line; when the reader or the terminal is gone, the run goes on without it."""
        with suppress(OSError):
            self._out.write(text + "\n")
            self._out.flush()
