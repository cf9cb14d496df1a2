"""What the reconciler says when a person has released the desk, and what a journal that was away may not swallow."""

import asyncio

import msgspec

from opensqt.desk.config_default import derive
from opensqt.domain.control import KillReleased
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Halted, Resumed
from opensqt.domain.scope import DESK
from opensqt.domain.subjects import subject_of
from opensqt.domain.trading_controls import HALTED, REDUCING, RESTORE
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.process_context import Context
from services.reconciler.config import ReconcilerSettings
from services.reconciler.service import Reconciler
from tests.conditions import until
from tests.ledgers import ACCOUNT, PERP, VENUE, snapshot
from tests.reconciling import Desk, trading
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.bus_broker import MemoryBroker
from tests.support.fakes.journal import MemoryJournal, MemoryLeases, MemoryStore
from tests.support.fakes.projection import MemoryProjections, MemoryTables

CONFIG = parse_config(derive(("BTC/USDT", "BTC/USDT:USDT"), market="synthetic:7"), {})
QUICK = ReconcilerSettings(idle_wait_s=0.01, retry_s=0.01)
SCOPES = tuple(f"{VENUE}/{ACCOUNT}/{name}" for name in ("A/USDT", "B/USDT", "C/USDT"))


def halted(scope: str, time_ms: int = 1) -> Halted:
    """Return a halt."""
    return Halted(scope=scope, mode=REDUCING, reason="drift", time_ms=time_ms)


def released(time_ms: int) -> KillReleased:
    """Return what a person released."""
    return KillReleased(scope=DESK, reason="looked", actor="ann", time_ms=time_ms)


def drifting() -> Desk:
    """Return a desk whose perpetual is halted because half of it is not there."""
    desk = trading()
    desk.look("0.5", "e1")
    desk.look("0.5", "e2")
    assert list(desk.books.controls.halts) == [f"{VENUE}/{ACCOUNT}/{PERP}"]
    return desk


def filled(facts: list[Event]) -> MemoryStore:
    """Return a journal that holds facts."""
    store = MemoryStore(RunClock())
    for number, message in enumerate(facts):
        event = NewEvent(
            event_id=f"f{number}",
            stream="test",
            message=message,
            subject=subject_of(message),
            actor="executor-main",
            occurred_at_ms=1,
        )
        store.append(Entry(events=(event,)))
    return store


async def test_a_journal_that_fails_once_loses_nothing_that_was_judged() -> None:
    """What waited behind the failed append is appended afterwards, each once and in its order."""
    store = filled([*map(halted, SCOPES), released(2)])
    journal = MemoryJournal(store)
    journal.answers_lost = 1
    clock = RunClock()
    context = Context(
        name="reconciler",
        clock=clock,
        config=CONFIG,
        bus=MemoryBus(MemoryBroker(clock)),
        journal=journal,
        leases=MemoryLeases(MemoryJournal(store)),
    )
    service = Reconciler(context, MemoryProjections(MemoryTables(), journal), QUICK)
    stop = asyncio.Event()
    task = asyncio.create_task(service.run(stop))

    def told() -> list[str]:
        facts = map(decode_row, store.rows)
        return [fact.scope for fact in facts if isinstance(fact, Resumed)]

    try:
        await until(lambda: len(told()) >= len(SCOPES), within_s=5)
    finally:
        stop.set()
        await task
    assert journal.answers_lost == 0
    assert told() == list(SCOPES)


def test_what_was_not_appended_comes_before_what_is_said_later() -> None:
    """A halt that is judged meanwhile does not overtake the word that lifts the older one."""
    desk = drifting()
    desk.write(released(desk.now_ms))
    desk.judge.put_back(desk.judge.take_outbox())
    desk.look("0.5", "e3")
    lifted, anew = (event.message for event in desk.said[-2:])
    assert isinstance(lifted, Resumed)
    assert isinstance(anew, Halted)
    assert len(desk.books.controls.halts) == 1


def test_a_look_at_a_restored_desk_that_was_not_appended_is_said_once() -> None:
    """It is made anew at every turn, so that it names the newest version; what is kept would not."""
    desk = trading()
    halt = msgspec.structs.replace(halted(DESK), mode=HALTED)
    desk.write(halt, event_id="restored", actor=RESTORE)
    desk.write(snapshot(desk.head, "1", time_ms=desk.now_ms))
    groups = desk.judge.take_outbox()
    desk.judge.put_back(groups)
    assert desk.judge.take_outbox() == groups
    assert len(groups) == 1


def test_a_release_lifts_the_halt_also_if_nobody_tells_of_it() -> None:
    """What still disagrees halts again, although the word that the old halt was lifted never came."""
    desk = drifting()
    desk.write(released(desk.now_ms))
    assert len(desk.judge.take_outbox()) == 1
    assert desk.books.controls.halts == {}
    desk.look("0.5", "e3")
    assert len(desk.told(Halted)) == 2
    assert len(desk.books.controls.halts) == 1


def test_a_restart_tells_late_of_a_release_and_the_newer_halt_stands() -> None:
    """Its word is as old as the release, also where the symbol was halted again since."""
    desk = drifting()
    desk.write(released(desk.now_ms))
    desk.judge.take_outbox()
    desk.look("0.5", "e3")
    again = Desk()
    for row, message in desk.rows:
        again.fold(row, message)
    again.now_ms = desk.now_ms
    again.wait()
    assert len(again.told(Resumed)) == 1
    assert again.books.controls.halts == desk.books.controls.halts != {}


def test_a_release_of_before_the_restore_does_not_end_its_halt() -> None:
    """Somebody released another desk than the one that came out of the backup; the venue is still read anew."""
    desk = trading()
    halt = msgspec.structs.replace(halted(DESK, time_ms=5), mode=HALTED)
    desk.write(halt, event_id="restored", actor=RESTORE)
    desk.write(released(4))
    assert desk.books.controls.halts == {DESK: halt}
    desk.write(snapshot(desk.head, "1", time_ms=desk.now_ms))
    desk.wait()
    assert [one.mode for one in desk.told(Halted)] == [REDUCING]
    assert desk.told(Resumed) == []
