"""Feed generations: which FEED is this, what does it still hold of what was confirmed, and where to go on.

Never takes length for proof: the message at the checkpoint's sequence must be the checkpoint's own.
"""

import asyncio

from opensqt.domain.control import CONTROL_STREAM, FeedGeneration
from opensqt.domain.ids import event_id
from opensqt.domain.journal import Duplicate, Entry, Fenced, Lease, NewEvent
from opensqt.domain.messages import name_of
from opensqt.domain.subjects import subject_of
from opensqt.runtime.bus.port import (
    Bus,
    BusDown,
    Delivery,
    Follower,
    Start,
    Stream,
    StreamChanged,
)
from opensqt.runtime.clock import Clock
from opensqt.runtime.codec import decode
from opensqt.runtime.envelope import MESSAGE_ID, Envelope
from opensqt.runtime.journal.checkpoint import Checkpoint, Checkpoints
from opensqt.runtime.journal.port import Journal
from opensqt.runtime.lease import LeaseLost
from opensqt.runtime.telemetry.logs import Log
from services.relay.config import LEASE, NAME, RelaySettings
from services.relay.decide import FeedComparison, FeedSeen, middle, resend_after, standing
from services.relay.state import FeedCursor

_log = Log(NAME)


class FeedRecovery:
    """Settles, under the relay's lease, where relaying goes on. Methods raise `BusDown` and `JournalDown`."""

    def __init__(
        self,
        bus: Bus,
        journal: Journal,
        checkpoints: Checkpoints,
        clock: Clock,
        settings: RelaySettings,
    ) -> None:
        self._bus = bus
        self._journal = journal
        self._checkpoints = checkpoints
        self._clock = clock
        self._settings = settings

    async def settle(self, desk: str, lease: Lease) -> FeedCursor:
        """Return where to go on; raise `LeaseLost` when another relay took over."""
        history = await self._checkpoints.history()
        feed = await self._look()
        newest = history[-1] if history else None
        found = standing(place_of(newest), newest.desk if newest else "", desk, feed)
        if found is FeedComparison.UNPROVEN and newest is not None:
            same = await self._holds(newest, feed)
            found = FeedComparison.SAME if same else FeedComparison.SHORTER
        if found is FeedComparison.SAME and newest is not None:
            return _place(newest)
        held = await self._newest_held(history, feed)
        generation = (newest.generation if newest else 0) + 1
        return await self._open(found, desk, generation, held, feed, lease)

    async def _look(self) -> FeedSeen:
        state = await self._bus.state(Stream.FEED)
        return FeedSeen(
            first_sequence=state.first_sequence,
            last_sequence=state.last_sequence,
            created_ms=state.created_ms,
        )

    async def _newest_held(self, history: list[Checkpoint], feed: FeedSeen) -> Checkpoint | None:
        """Return the newest checkpoint that FEED holds: what it lost is an end, so halving finds it."""
        known = [
            one
            for one in history
            if one.created_ms == feed.created_ms and one.sequence <= feed.last_sequence
        ]
        low, high = 0, len(known)
        while low < high:
            at = middle(low, high)
            if await self._holds(known[at], feed):
                low = at + 1
            else:
                high = at
        return known[low - 1] if low else None

    async def _holds(self, checkpoint: Checkpoint, feed: FeedSeen) -> bool:
        """Tell whether the message at the checkpoint's sequence is the checkpoint's own."""
        if checkpoint.sequence < max(feed.first_sequence, 1):
            return True
        start = Start(sequence=checkpoint.sequence)
        follower = await self._bus.follow(Stream.FEED, (), start)
        try:
            first = await self._first(follower)
        finally:
            await follower.close()
        return (
            first.sequence == checkpoint.sequence
            and first.headers.get(MESSAGE_ID) == checkpoint.event_id
        )

    async def _first(self, follower: Follower) -> Delivery:
        """Return the first delivery; it exists, so a silent server is a lost one."""

        async def take() -> Delivery:
            async for delivery in follower:
                return delivery
            raise BusDown("FEED could not be read: the follower was closed")

        taking = asyncio.ensure_future(take())
        elapsed = asyncio.ensure_future(self._clock.sleep(self._settings.probe_s_max))
        try:
            await asyncio.wait((taking, elapsed), return_when=asyncio.FIRST_COMPLETED)
            if not taking.done():
                raise BusDown(f"FEED could not be read in {self._settings.probe_s_max} s")
            return taking.result()
        except StreamChanged as changed:
            raise BusDown(f"FEED became another one while it was looked at: {changed}") from changed
        finally:
            taking.cancel()
            elapsed.cancel()

    async def _open(
        self,
        reason: FeedComparison,
        desk: str,
        generation: int,
        held: Checkpoint | None,
        feed: FeedSeen,
        lease: Lease,
    ) -> FeedCursor:
        """Journal the new generation, announce it and make it the newest checkpoint, in this order."""
        head = (await self._journal.head()).position
        position = resend_after(held.position if held else 0, head, self._settings.resend_rows_max)
        fact = await self._record(
            FeedGeneration(
                generation=generation,
                position=position,
                reason=reason.value,
                time_ms=self._clock.market_ms(),
            ),
            desk,
            lease,
        )
        _log.warning(
            "new feed generation", generation=generation, after=fact.position, reason=fact.reason
        )
        announced = event_id("feed_announced", desk, generation, fact.position)
        envelope = Envelope(
            event_id=announced, type=name_of(fact), source=NAME, time_ms=fact.time_ms
        )
        await self._bus.publish(subject_of(fact), fact, envelope)
        place = FeedCursor(
            generation=generation,
            position=fact.position,
            sequence=held.sequence if held else 0,
            event_id=held.event_id if held else "",
            created_ms=feed.created_ms,
        )
        if not await self._checkpoints.save(lease, checkpoint_of(place, desk)):
            raise LeaseLost(f"lease {LEASE} was taken over: a generation was refused")
        return place

    async def _record(self, fact: FeedGeneration, desk: str, lease: Lease) -> FeedGeneration:
        """Append the generation, or return the one of the same number that a crash left behind."""
        event = NewEvent(
            event_id=event_id("feed_generation", desk, fact.generation),
            stream=CONTROL_STREAM,
            message=fact,
            subject=subject_of(fact),
            actor=NAME,
            occurred_at_ms=fact.time_ms,
        )
        outcome = await self._journal.append(Entry(events=(event,), fence=lease.fence))
        if isinstance(outcome, Fenced):
            raise LeaseLost(f"lease {LEASE} epoch {lease.epoch} was taken over")
        if isinstance(outcome, Duplicate):
            (row,) = await self._journal.read(outcome.positions[0] - 1, 1)
            before = decode(row.data)
            if isinstance(before, FeedGeneration):
                return before
        return fact


def _place(checkpoint: Checkpoint) -> FeedCursor:
    return FeedCursor(
        generation=checkpoint.generation,
        position=checkpoint.position,
        sequence=checkpoint.sequence,
        event_id=checkpoint.event_id,
        created_ms=checkpoint.created_ms,
    )


def place_of(checkpoint: Checkpoint | None) -> FeedCursor | None:
    """Return the place that a checkpoint remembers."""
    return None if checkpoint is None else _place(checkpoint)


def checkpoint_of(place: FeedCursor, desk: str) -> Checkpoint:
    """Return what remembers a place under a desk generation."""
    return Checkpoint(
        desk=desk,
        generation=place.generation,
        position=place.position,
        sequence=place.sequence,
        event_id=place.event_id,
        created_ms=place.created_ms,
    )
