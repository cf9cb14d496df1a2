"""The halts of a World as its judge sees them: who was stopped by hand, and whether a restored desk may close yet."""

from typing import Any

from opensqt.domain.intent import Basis
from opensqt.domain.recon import Halted
from opensqt.runtime.bus.memory_broker import MemoryBroker
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.journal.port import Recorded

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

    def looked(self, row: Recorded) -> None:
        """Take in a look at the venue."""
        if self.restored and self.look is None:
            self.look = row


def is_said(broker: MemoryBroker | None, event_id: str, basis: Basis) -> bool:
    """Tell whether FEED holds an event up to a basis."""
    if broker is None:
        return False
    sequence, _ = broker._streams[Stream.FEED]._ids.get(event_id, (0, 0))
    return 0 < sequence <= basis.sequence
