"""What a World remembers: everything that happened as a hash, and what should not have happened in words."""

import hashlib

import msgspec

from tests.world.loop import WorldClock


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """An invariant that was broken, and when (ms after the beginning)."""

    name: str
    detail: str
    at_ms: int


class Chronicle:
    """What happened, as a hash, and what should not have happened, in words."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = self.clock = clock
        self._start_ms = clock.wall_ms()
        self._log = hashlib.sha256()
        self.violations: list[Violation] = []
        self.muted = False  # what is read again has been judged before

    @property
    def fingerprint(self) -> str:
        """A hash over everything that happened, in order."""
        return self._log.hexdigest()

    def note(self, *words: object) -> None:
        """Remember in the fingerprint that something happened now."""
        self._log.update(repr((self._clock.wall_ms() - self._start_ms, *words)).encode())

    def blame(self, name: str, detail: str) -> None:
        """Record a broken invariant."""
        if self.muted:
            return
        at_ms = self._clock.wall_ms() - self._start_ms
        self.violations.append(Violation(name=name, detail=detail, at_ms=at_ms))
