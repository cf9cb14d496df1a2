"""A process's log: JSON Lines, rotated by size. Wraps what is not JSON; counts what a full disk refuses."""

import json
from pathlib import Path

from opensqt.desk.timestamps import rfc3339
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
        self._lines_lost = 0
        self._file = path.open("ab", buffering=0)

    def write(self, line: bytes) -> None:
        """Append one line (without its end); what is no JSON object is wrapped into one."""
        text = line.decode("utf-8", errors="replace").rstrip()
        if not text:
            return
        if not text.startswith("{") or not _is_json(text):
            self.last_words = text[-300:]
            text = self._wrapped(text)
        self._append(text)

    def note(self, event: str, **fields: object) -> None:
        """Append a line of the supervisor itself about this process."""
        self._append(self._line("info", event, **fields))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _wrapped(self, text: str) -> str:
        level = "error" if any(mark in text for mark in ERROR_MARKS) else "info"
        return self._line(level, "output", text=text)

    def _line(self, level: str, event: str, **fields: object) -> str:
        head = {"time": self._time(), "level": level, "process": self._process, "event": event}
        return json.dumps(head | fields)

    def _append(self, text: str) -> None:
        """Write one line; a disk that is full must not stop the process that speaks."""
        if self._lines_lost:
            text = self._line("error", "lines lost", count=self._lines_lost) + "\n" + text
        try:
            self._file.write(text.encode() + b"\n")
            if self._file.tell() >= self._size_bytes_max:
                self._rotate()
        except OSError:
            self._lines_lost += 1
        else:
            self._lines_lost = 0

    def _time(self) -> str:
        return rfc3339(self._clock.wall_ms())

    def _rotate(self) -> None:
        for number in range(FILES_KEPT, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            newer = (
                self.path.with_name(f"{self.path.name}.{number - 1}") if number > 1 else self.path
            )
            if newer.exists():
                newer.replace(older)
        self._file.close()
        self._file = self.path.open("ab", buffering=0)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
