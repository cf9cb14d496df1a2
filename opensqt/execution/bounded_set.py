"""What is remembered only for a while: the newest so many of anything. Pure; the journal is what remembers for ever."""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class BoundedSet(Generic[Key]):
    """A set that forgets its oldest members."""

    def __init__(self, count_max: int) -> None:
        self._count_max = count_max
        self._keys: dict[Key, None] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __iter__(self) -> Iterator[Key]:
        """Go through the members, oldest first."""
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: Key) -> Key | None:
        """Remember; return what is forgotten for it, if anything."""
        self._keys[key] = None
        if len(self._keys) <= self._count_max:
            return None
        oldest = next(iter(self._keys))
        del self._keys[oldest]
        return oldest

    def discard(self, key: Key) -> None:
        """Forget one."""
        self._keys.pop(key, None)
