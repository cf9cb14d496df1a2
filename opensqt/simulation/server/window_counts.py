"""Counts by name in windows of wall time, as venues limit them; windows begin at multiples of their length. Pure."""


class WindowCounts:
    """What was counted in the window of now."""

    def __init__(self, length_ms: int) -> None:
        self._length_ms = length_ms
        self._counts: dict[str, tuple[int, int]] = {}

    def add(self, name: str, amount: int, wall_ms: int) -> int:
        """Add to what a name has in this window, and return it."""
        window = wall_ms // self._length_ms
        known, count = self._counts.get(name, (window, 0))
        count = amount + (count if known == window else 0)
        self._counts[name] = window, count
        return count
