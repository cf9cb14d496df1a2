"""What went wrong at a venue lately: a bounded memory, and when there was too much of it. It never stops anything."""

from collections import deque

from opensqt.runtime.clock import Clock

REMEMBERED_MAX = 1000
WINDOW_S = 300.0
DEGRADED_ABOVE = 50


class ErrorWindow:
    """The newest errors of one venue, by kind (a word or a code of the venue's table, never its text)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._noted: deque[tuple[float, str]] = deque(maxlen=REMEMBERED_MAX)

    def __len__(self) -> int:
        return len(self._noted)

    def note(self, kind: str) -> None:
        """Remember an error of this moment; the oldest one is forgotten when there are too many."""
        self._noted.append((self._clock.monotonic_s(), kind))

    def lately(self) -> list[str]:
        """Return the kinds of the errors of the last five minutes (wall), oldest first."""
        since_s = self._clock.monotonic_s() - WINDOW_S
        return [kind for noted_s, kind in self._noted if noted_s > since_s]

    def why(self) -> str:
        """Say why the venue counts as degraded, an empty text while it does not."""
        lately = self.lately()
        if len(lately) <= DEGRADED_ABOVE:
            return ""
        commonest = max(sorted(set(lately)), key=lately.count)
        figures = f"{len(lately)} venue errors in {int(WINDOW_S / 60)} minutes"
        return f"degraded: {figures} (at most {DEGRADED_ABOVE}), most of them {commonest}"
