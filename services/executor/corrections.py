"""What moves an account's position without a trade of ours: read in the journal while the executor runs.

The bus only says that there is something to read. A bus that is made anew need not say again what was recorded long
before, and anybody can say anything on it; the journal holds each correction once and in its place.
"""

import asyncio

from opensqt.domain import subjects
from opensqt.domain.journal import Recorded
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import PositionAdopted
from opensqt.runtime.bus.port import Delivery
from opensqt.runtime.envelope import BadEnvelope, from_headers
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.retrying import until_answered
from services.executor.account import ExecutorAccount

CORRECTED = ("recon/", "strategy/")  # the streams of the journal that hold corrections
CORRECTING = frozenset({Adjustment.__name__, PositionAdopted.__name__})
READ_MAX = 1000  # rows at once
READ_EVERY_S = 30  # wall; so that little is left to be read at once, and nothing depends on the bus


class Corrections:
    """The corrections beyond the journal position up to which the history was folded, each counted once."""

    def __init__(self, account: ExecutorAccount, position: int) -> None:
        self._account = account
        self._position = position  # of the journal: up to here the books hold every correction
        self._reading = asyncio.Lock()

    def subjects(self) -> tuple[str, ...]:
        """Return where on FEED one is told of, and where a FEED that was made anew is."""
        author = self._account.author
        venue, name = subjects.token(author.venue), subjects.token(author.account)
        return f"evt.recon.{venue}.{name}", "evt.strategy.*", subjects.FEED_GENERATION

    async def hear(self, delivery: Delivery) -> None:
        """Read on when FEED tells of a correction that was not read yet, or that it begins anew."""
        if delivery.subject == subjects.FEED_GENERATION:
            await self.read_on()
            return
        try:
            envelope = from_headers(delivery.headers)
        except BadEnvelope:
            return  # whoever reads FEED for its facts sets it aside
        if envelope.type not in CORRECTING or envelope.position <= self._position:
            return
        await self.read_on()
        if envelope.position > self._position:
            self._account.log.error(
                "correction_not_recorded", subject=delivery.subject, position=envelope.position
            )

    async def keep_reading(self) -> None:
        """Read on for ever, every few wall seconds."""
        while True:
            await self._account.clock.sleep(READ_EVERY_S)
            await self.read_on()

    async def read_on(self) -> None:
        """Fold what was recorded meanwhile; while the journal is away, wait for it."""
        async with self._reading:
            # All of it or nothing: what is read again after a lost answer was not folded before.
            head, found = await until_answered(self._account.clock, self._read_all)
            for fact in _facts(found):
                self._account.state.fold(fact)
            self._position = max(self._position, head)

    async def _read_all(self) -> tuple[int, list[Recorded]]:
        head = (await self._account.journal.head()).position
        return head, [row for one in CORRECTED for row in await self._read(one, head)]

    async def _read(self, stream_prefix: str, head: int) -> list[Recorded]:
        """Return the corrections of some streams, up to the head; raise `JournalDown`."""
        found: list[Recorded] = []
        at = self._position
        while at < head:
            rows = await self._account.journal.read(at, READ_MAX, stream_prefix=stream_prefix)
            found += [row for row in rows if row.type in CORRECTING and row.position <= head]
            at = rows[-1].position if len(rows) == READ_MAX else head
        return found


def _facts(rows: list[Recorded]) -> list[Event]:
    return [decode_row(row) for row in sorted(rows, key=lambda row: row.position)]
