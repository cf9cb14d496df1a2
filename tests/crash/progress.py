"""How far a long run is: a bar that moves on a terminal, a line now and then where there is none.

Never decides anything; what must stay on the screen is said through `say`.
"""

import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

BAR = 24
LINES = 12  # in a log, over the whole run


class Progress:
    """One stage of a run."""

    def __init__(
        self,
        what: str,
        total: int,
        stream: TextIO | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._total = total
        self._stream = sys.stdout if stream is None else stream
        self._monotonic_s = monotonic_s
        self._began_s = monotonic_s()
        self._said = self._known = 0
        self.done = 0
        self.failed = 0

    def step(self, *, failed: bool = False, known: bool = False) -> None:
        """Note that one more is done and show it; one that was `known` before tells nothing of the pace."""
        self.done += 1
        self._known += known
        self.failed += failed
        if self._stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r{self.line()[:width]:<{width}}")
            if self.done == self._total:
                self._stream.write("\n")
        elif self.done == self._total or self.done * LINES // self._total > self._said:
            self._said = self.done * LINES // self._total
            self._stream.write(f"{self.line()}\n")
        self._stream.flush()

    def say(self, line: str) -> None:
        """Write a line that stays."""
        start = "\r\033[K" if self._stream.isatty() else ""
        self._stream.write(f"{start}{line}\n")
        self._stream.flush()

    def line(self) -> str:
        """Return bar, count, pace and what is left."""
        spent_s = self._monotonic_s() - self._began_s
        fresh = self.done - self._known
        left_s = spent_s / max(1, fresh) * (self._total - self.done)
        filled = BAR * self.done // max(1, self._total)
        failed = f", {self.failed} failed" if self.failed else ""
        pace = 60 * fresh / spent_s if spent_s else 0.0
        return (
            f"{self._what} [{'#' * filled}{'.' * (BAR - filled)}] {self.done}/{self._total}{failed}"
            f"  {pace:.0f}/min  {_clock(spent_s)} gone, {_clock(left_s)} left"
        )


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
