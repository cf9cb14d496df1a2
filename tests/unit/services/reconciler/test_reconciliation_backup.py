"""A desk that was made from a backup: closing is safe again when the venue was read anew, and who says so."""

import msgspec

from opensqt.domain.account import VenueSnapshot
from opensqt.domain.control import CONTROL_STREAM, KillLatched, KillReleased
from opensqt.domain.instruments import Market
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Discrepancy, Halted
from opensqt.domain.scope import DESK
from opensqt.domain.trading_controls import HALTED, REDUCING, RESTORE
from tests.ledgers import ACCOUNT, deposit, snapshot
from tests.reconciling import Desk, recorded, trading

BACKUP = Halted(scope=DESK, mode=HALTED, reason="restored", time_ms=1)


def restored(*known: Event) -> Desk:
    """Return a desk that holds a perpetual and what else a backup knows, and has just been restored."""
    desk = trading()
    desk.write(*known)
    desk.write(BACKUP, event_id="restored", actor=RESTORE)
    return desk


def look(desk: Desk, account: str = ACCOUNT, *, since: int | None = None) -> VenueSnapshot:
    """Return a look at an account that began when the journal had this many rows."""
    seen = snapshot(desk.head if since is None else since, "1", time_ms=desk.now_ms)
    return msgspec.structs.replace(seen, account=account)


def test_nothing_but_the_venue_lets_a_restored_desk_close() -> None:
    """Time and looks of before the restore say nothing; the first look of after it says REDUCING, once."""
    desk = restored()
    desk.wait()
    desk.write(look(desk, since=desk.head - 1))
    desk.wait()
    assert desk.told(Halted) == []
    desk.write(look(desk))
    desk.wait()
    desk.wait()
    (halt,) = desk.told(Halted)
    assert (halt.scope, halt.mode) == (DESK, REDUCING)
    assert "opensqt resume" in halt.reason


def test_a_look_of_before_the_backup_is_not_judged_by_what_the_backup_knows() -> None:
    """What explained it may be lost; without the restore the same look is a discrepancy."""
    for is_restored in (False, True):
        desk = trading()
        desk.write(snapshot(desk.head, "3", time_ms=desk.now_ms))
        if is_restored:
            desk.write(BACKUP, event_id="restored", actor=RESTORE)
        desk.wait()
        assert bool(desk.told(Discrepancy)) is not is_restored


def test_every_account_of_the_backup_must_be_seen() -> None:
    """One account that is read says nothing about what another one holds."""
    desk = restored(msgspec.structs.replace(deposit(Market.SPOT, "BTC", "1"), account="second"))
    desk.write(look(desk))
    desk.wait()
    assert desk.told(Halted) == []
    desk.write(look(desk, "second"))
    desk.wait()
    assert [halt.mode for halt in desk.told(Halted)] == [REDUCING]


def test_whoever_resumed_first_is_not_halted_again() -> None:
    """A person who released the desk before the venue was read is not overruled by the look that comes after."""
    desk = restored()
    desk.write(KillReleased(scope=DESK, reason="looked", actor="alice", time_ms=2))
    desk.write(look(desk))
    desk.wait()
    assert desk.told(Halted) == []


def test_a_halt_by_anybody_else_stands() -> None:
    """Only a restore ends by a look at the venue."""
    desk = trading()
    desk.write(BACKUP, actor="alice")
    desk.write(look(desk))
    desk.wait()
    assert desk.told(Halted) == []


def test_a_switch_that_is_thrown_meanwhile_refuses_the_old_word() -> None:
    """What is said names the next place in the stream of switches: behind a newer switch it is said anew."""
    desk = restored()
    desk.write(look(desk))
    ((before,),) = desk.judge.take_outbox()
    latch = KillLatched(scope="strategy/a", reason="enough", actor="alice", time_ms=3)
    row = msgspec.structs.replace(
        recorded(desk.head + 1, "latch", desk.now_ms), stream=CONTROL_STREAM, version=7
    )
    desk.fold(row, latch)
    ((after,),) = desk.judge.take_outbox()
    assert before.event_id == after.event_id
    assert (before.stream, before.version, after.version) == (CONTROL_STREAM, 1, 8)
