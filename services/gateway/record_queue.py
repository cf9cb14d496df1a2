"""What the gateway has done and the journal is to hold: recorded as soon as the journal answers, in order."""

from collections import deque

from opensqt.domain.journal import Entry, NewEvent
from opensqt.runtime.journal.port import Journal, JournalDown
from opensqt.runtime.telemetry.logs import Log


class RecordQueue:
    """What is not recorded yet; whoever adds waits for nothing."""

    def __init__(self, journal: Journal, log: Log) -> None:
        self._journal = journal
        self._log = log
        self._waiting: deque[NewEvent] = deque()

    def add(self, event: NewEvent) -> None:
        """Keep an event until it stands in the journal."""
        self._waiting.append(event)

    async def flush(self) -> None:
        """Record what waits, oldest first, as far as the journal answers."""
        while self._waiting:
            event = self._waiting[0]
            try:
                await self._journal.append(Entry(events=(event,)))
            except JournalDown as error:
                self._log.error("not recorded yet", waiting=len(self._waiting), detail=str(error))
                return
            if self._waiting and self._waiting[0] is event:
                self._waiting.popleft()
