"""Stamps: when a message passed a place, on the one monotonic clock that all processes of a machine share.

A process writes its own file; whoever measures reads them all. It never blocks the loop of the process it watches.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path

FLUSH_S = 0.1
SUFFIX = ".stamps"


class Recorder:
    """Writes the stamps of one process; a thread carries them to the file."""

    def __init__(self, path: Path) -> None:
        self._waiting: deque[tuple[str, str, int]] = deque()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        threading.Thread(target=self._carry, daemon=True).start()

    def stamp(self, place: str, key: str) -> None:
        """Note that the message of this key is at this place now."""
        self._waiting.append((place, key, time.monotonic_ns()))

    def _carry(self) -> None:
        never = threading.Event()
        while True:
            never.wait(FLUSH_S)
            lines = []
            while self._waiting:
                place, key, at_ns = self._waiting.popleft()
                lines.append(f"{place} {key} {at_ns}\n")
            if lines:
                os.write(self._file, "".join(lines).encode())


class Tape:
    """All stamps of a folder so far; of a place that a message passed twice the first one counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._stamps: dict[str, dict[str, int]] = {}

    def read(self) -> None:
        """Read what was written since."""
        for path in self._folder.glob(f"*{SUFFIX}"):
            begin = self._read.get(path, 0)
            with path.open("rb") as file:
                file.seek(begin)
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read[path] = begin + len(whole)
            for line in whole.decode().splitlines():
                place, key, at_ns = line.split(" ")
                self._stamps.setdefault(place, {}).setdefault(key, int(at_ns))

    def at_ns(self, place: str, keys: Iterable[str]) -> int | None:
        """Return when any of these keys first passed a place."""
        passed = self._stamps.get(place, {})
        found = [passed[key] for key in keys if key in passed]
        return min(found, default=None)
