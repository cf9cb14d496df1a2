"""The halts of a World as its judge sees them: who was stopped by hand, and whether a restored desk may close yet."""

from typing import Any

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.intent import Basis
from opensqt.domain.journal import Recorded
from opensqt.domain.recon_events import Halted
from opensqt.runtime.bus.port import Stream
from tests.support.fakes.bus_broker import MemoryBroker

DESK, RESTORE = "desk", "restore"  # a scope, and who halts what was made from a backup


class Halts(dict[str, str]):
    """Scope -> event id of the halt. A restored desk may close what it holds when the venue was read, not before."""

    def __init__(self) -> None:
        super().__init__()
        self.restored = False  # and nobody has resumed it
        self.look: Recorded | None = None  # the first look at the venue after that

    def switch(self, fact: Any, row: Recorded) -> None:
        """Take in a switch that was thrown by hand or by a restore."""
        if isinstance(fact, Halted):
            self[fact.scope] = row.event_id
        else:
            self.pop(fact.scope, None)
        if fact.scope == DESK:
            self.restored, self.look = row.actor == RESTORE, None

    def seen_by(self, fact: KillLatched | KillReleased) -> None:
        """Take in a kill or a release: who releases the desk has looked at it, and ends what was halted before."""
        if isinstance(fact, KillReleased) and fact.scope == DESK:
            self.clear()
            self.restored, self.look = False, None

    def looked(self, row: Recorded) -> None:
        """Take in a look at the venue."""
        if self.restored and self.look is None:
            self.look = row


class Feed:
    """The newest FEED: its generation, after which row it began, and what it says up to a basis."""

    def __init__(self) -> None:
        self.broker: MemoryBroker | None = None
        self.begin(0, 0)

    def begin(self, generation: int, after: int) -> None:
        """Begin a generation behind a row of the journal."""
        self.generation, self.after = generation, after

    def says(self, event_id: str, basis: Basis) -> bool:
        """Tell whether FEED holds an event up to a basis of its newest generation."""
        if self.broker is None or basis.generation != self.generation:
            return False
        if not self.broker.serves(Stream.FEED):
            return False  # it was lost, and nobody knows what it said
        sequence, _ = self.broker._streams[Stream.FEED]._ids.get(event_id, (0, 0))
        return 0 < sequence <= basis.sequence

    def looked(self, look: Recorded | None, basis: Basis) -> bool:
        """Tell whether a look at the venue after a restore is known at a basis."""
        past = self.after if basis.generation == self.generation else 0
        return look is not None and (look.position <= past or self.says(look.event_id, basis))
