"""A process's log: JSON Lines, rotated by size. Wraps what is not JSON; never drops a line silently."""

import json
from pathlib import Path

from opensqt.cli.instant import rfc3339
from opensqt.runtime.clock import Clock

SIZE_BYTES_MAX = 8 * 1024 * 1024
FILES_KEPT = 4
ERROR_MARKS = ("[ERR]", "[FTL]", "ERROR:", "FATAL:", "PANIC:", "Error", "Traceback")


class LogFile:
    """Appends lines to `<process>.jsonl`; older ones are `.1` (newest) to `.4`."""

    def __init__(
        self, path: Path, process: str, clock: Clock, size_bytes_max: int = SIZE_BYTES_MAX
    ) -> None:
        self.path = path
        self.last_words = ""
        self._process = process
        self._clock = clock
        self._size_bytes_max = size_bytes_max
        self._file = path.open("ab")

    def write(self, line: bytes) -> None:
        """Append one line (without its end); what is no JSON object is wrapped into one."""
        text = line.decode("utf-8", errors="replace").rstrip()
        if not text:
            return
        if not text.startswith("{") or not _is_json(text):
            self.last_words = text[-300:]
            text = self._wrapped(text)
        self._file.write(text.encode() + b"\n")
        self._file.flush()
        if self._file.tell() >= self._size_bytes_max:
            self._rotate()

    def note(self, event: str, **fields: object) -> None:
        """Append a line of the supervisor itself about this process."""
        line = {"time": self._time(), "level": "info", "process": self._process, "event": event}
        self._file.write(json.dumps({**line, **fields}).encode() + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _wrapped(self, text: str) -> str:
        level = "error" if any(mark in text for mark in ERROR_MARKS) else "info"
        return json.dumps(
            {
                "time": self._time(),
                "level": level,
                "process": self._process,
                "event": "output",
                "text": text,
            }
        )

    def _time(self) -> str:
        return rfc3339(self._clock.wall_ms())

    def _rotate(self) -> None:
        self._file.close()
        for number in range(FILES_KEPT, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = (
                self.path.with_name(f"{self.path.name}.{number - 1}") if number > 1 else self.path
            )
            if newer.exists():
                newer.replace(older)
        self._file = self.path.open("ab")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
