"""The chain of journal positions on each subject: what may be folded now, what is old, what must wait. Pure.

Never lets a hole pass: an event is delivered only when its predecessor on the same subject was.
"""

from collections import deque
from collections.abc import Iterator
from enum import StrEnum
from typing import Generic, TypeVar

import msgspec

_Item = TypeVar("_Item")

HELD_MAX = 10_000


class SequenceLink(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message stands: `position` 0 = not journalled; `prev` = the position before it on the subject."""

    subject: str
    position: int
    prev: int


class SequenceVerdict(StrEnum):
    """What to do with a message."""

    DELIVER = "deliver"
    DROP = "drop"
    HOLD = "hold"


class SequenceBroken(RuntimeError):
    """What cannot be repaired by waiting: positions contradict each other, or too much waits."""


class SequenceTracker(Generic[_Item]):
    """The last position per subject, and what waits behind a hole, in the order of arrival."""

    def __init__(self, *, held_max: int = HELD_MAX) -> None:
        self._last: dict[str, int] = {}
        self._held: deque[tuple[SequenceLink, _Item]] = deque()
        self._held_max = held_max

    @property
    def held(self) -> int:
        """How many messages wait behind a hole."""
        return len(self._held)

    @property
    def hole(self) -> SequenceLink | None:
        """The message whose predecessor is missing, or None."""
        return self._held[0][0] if self._held else None

    def waiting(self) -> Iterator[_Item]:
        """Iterate over what waits behind a hole."""
        return (item for _, item in self._held)

    def seed(self, subject: str, position: int) -> None:
        """Note a position that was folded from the journal."""
        self._last[subject] = position

    def judge(self, link: SequenceLink) -> SequenceVerdict:
        """Say what a message is now; raise `SequenceBroken` when it contradicts what was folded."""
        if link.position == 0:
            return SequenceVerdict.DELIVER
        last = self._last.get(link.subject, 0)
        if link.position <= last:
            return SequenceVerdict.DROP
        if link.prev == last:
            return SequenceVerdict.DELIVER
        if link.prev > last:
            return SequenceVerdict.HOLD
        raise SequenceBroken(
            f"{link.subject}: position {link.position} follows {link.prev}, but {last} was folded"
        )

    def offer(self, link: SequenceLink, item: _Item) -> list[_Item]:
        """Take a message in and return what may be delivered now, in order; raise `SequenceBroken`."""
        verdict = self.judge(link)
        if verdict is SequenceVerdict.DROP:
            return []
        hole = self.hole
        if verdict is SequenceVerdict.DELIVER and (hole is None or self._fills(link, hole)):
            self._advance(link)
            return [item, *self._released()]
        if len(self._held) >= self._held_max:
            raise SequenceBroken(f"{len(self._held)} messages wait behind {hole}")
        self._held.append((link, item))
        return []

    def _released(self) -> list[_Item]:
        released: list[_Item] = []
        while self._held:
            index = self._next()
            if index is None:
                break
            link, item = self._held[index]
            del self._held[index]
            if self.judge(link) is SequenceVerdict.DELIVER:
                self._advance(link)
                released.append(item)
        return released

    def _next(self) -> int | None:
        # The head, unless its predecessor is missing; then that predecessor if it came later.
        hole = self._held[0][0]
        if self.judge(hole) is not SequenceVerdict.HOLD:
            return 0
        for index, (link, _) in enumerate(self._held):
            if self._fills(link, hole) and self.judge(link) is SequenceVerdict.DELIVER:
                return index
        return None

    def _advance(self, link: SequenceLink) -> None:
        if link.position:
            self._last[link.subject] = link.position

    @staticmethod
    def _fills(link: SequenceLink, hole: SequenceLink) -> bool:
        return link.position > 0 and link.subject == hole.subject
