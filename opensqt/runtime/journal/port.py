"""The journal as every service sees it; Postgres and the in-memory twin pass the same contract suite."""

from typing import Protocol

from opensqt.domain.journal import AppendOutcome, Entry, Head, Lease, Recorded


class JournalDown(ConnectionError):
    """The journal cannot be reached or did not answer in time; whether it committed is unknown."""


class JournalRows(Protocol):
    """Reading. All methods raise `JournalDown`."""

    async def read(self, after: int, count_max: int, *, stream_prefix: str = "") -> list[Recorded]:
        """Return rows beyond position `after` in order, at most `count_max`."""

    async def head(self) -> Head:
        """Return the head."""


class Journal(JournalRows, Protocol):
    """Appending and reading. All methods raise `JournalDown`."""

    async def append(self, entry: Entry) -> AppendOutcome:
        """Commit an entry; concurrent entries of a process share commits, each with its own outcome."""

    async def wait_beyond(self, position: int, wait_s: float) -> None:
        """Return when a position beyond this one may exist, after `wait_s` (wall) at the latest."""

    async def keep(self, kind: str, data: bytes) -> str:
        """Store evidence outside the head lock and return its hash (hex sha256); the same bytes are kept once.

        The next append makes it durable, as nothing speaks of it before.
        """

    async def close(self) -> None:
        """Flush and disconnect."""


class Leases(Protocol):
    """Who may act, as one process sees it. All methods raise `JournalDown`."""

    async def acquire(self, name: str, holder: str, ttl_ms: int) -> Lease | None:
        """Take the lease under a new epoch if it is free or held by this very holder, or has stood still for too long.

        That is: this process has asked again and again, and for longer than its time to live nobody has renewed it.
        """

    async def renew(self, lease: Lease) -> bool:
        """Say that the lease is still used; False when the epoch has moved on."""

    async def release(self, lease: Lease) -> None:
        """Let the lease be free now; harmless when it has moved on."""
