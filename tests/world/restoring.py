"""A restore from a backup: the journal goes back, the venue does not, and a person looks before anything opens.

As `opensqt restore` does it: another database and bus, a new desk generation, and nobody opens until somebody resumes.
"""

import copy
from typing import Any

import msgspec

from opensqt.cli.restore import halt
from opensqt.domain.control import CONTROL_STREAM
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.recon_events import Resumed
from opensqt.domain.subjects import subject_of
from opensqt.domain.trading_controls import RESTORE
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.journal.checkpoint import Checkpoint
from opensqt.runtime.journal.desk import ensure_generation
from opensqt.simulation.engine.orders import Status
from tests.support.fakes.journal import MemoryJournal, MemoryStore
from tests.support.venue.faults import Fault as Reply
from tests.world.checkers import HAND
from tests.world.desk import Desk

OUTAGE_S = 1.0
LOOK_S = 3.0  # behind every deadline of a request that was on its way
STEP_S = 0.25
READS_LOST = 8


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What a dump of the database holds."""

    position: int
    leases: Any
    checkpoints: tuple[Checkpoint, ...]


def taken(store: MemoryStore) -> Backup:
    """Take a backup."""
    leases = copy.deepcopy(store._leases)
    return Backup(position=len(store.rows), leases=leases, checkpoints=tuple(store.checkpoints))


async def restore(desk: Desk, backup: Backup, *, by_hand: bool) -> None:
    """Lose the machine, make the desk again from a backup, look at the venue, and resume.

    What the venue holds and nobody knows is taken away `by_hand`, or left for the executor to adopt.
    """
    if desk.closed:
        return
    desk.close()
    desk.judge.misled = True
    await desk.clock.sleep(OUTAGE_S)
    _go_back(desk, backup)
    for stream in Stream:
        desk.broker.make_anew(stream)
    await ensure_generation(MemoryJournal(desk.store), HAND, desk.clock)
    _halt(desk)
    # The venue is not read at once: whatever is decided until then is decided by a stale position.
    desk.faults.set("read", *[Reply.LOST_REQUEST] * READS_LOST)
    desk.open()
    await desk.clock.sleep(LOOK_S)
    while not desk.posts[desk.leader()].ready:
        await desk.clock.sleep(STEP_S)
    for order in desk.exchange.orders if by_hand else ():
        if order.is_open and order.client_order_id in desk.judge.lost:
            desk.exchange.end(order, Status.CANCELED)
    now_ms = desk.clock.market_ms()
    for scope in sorted(desk.judge.halts):
        desk.throw(Resumed(scope=scope, reason="looked at", actor=HAND, time_ms=now_ms))
    await desk.clock.sleep(STEP_S)
    desk.outside(desk.resumed())


def _halt(desk: Desk) -> None:
    message = halt(desk.clock.market_ms())
    event = NewEvent(
        event_id=f"restored {desk.store.generation}",
        stream=CONTROL_STREAM,
        message=message,
        subject=subject_of(message),
        actor=RESTORE,
        occurred_at_ms=message.time_ms,
    )
    desk.store.append(Entry(events=(event,)))


def _go_back(desk: Desk, backup: Backup) -> None:
    store = desk.store
    del store.rows[backup.position :]
    store._positions = {row.event_id: row.position for row in store.rows}
    store._versions = {row.stream: row.version for row in store.rows}
    store._subjects = {row.subject: row.position for row in store.rows}
    store._leases, store.checkpoints = backup.leases, list(backup.checkpoints)
    desk.tables.clear()
    desk.restored = True
    store.generation, store.down = f"restored at {desk.clock.wall_ms()}", False
    desk.judge.rewind(store.rows)
