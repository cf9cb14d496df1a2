"""What the venue shows and the journal does not take: ends found by asking, strangers left alone, nothing forgotten."""

from decimal import Decimal

import pytest

from opensqt.domain.account import VenueSnapshot
from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.journal import NewEvent
from opensqt.domain.ledger import Ledger
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Accepted, Expired, Fill
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.recon_events import Discrepancy, DiscrepancyKind
from opensqt.domain.venue import OrderRequest, VenueDown
from opensqt.runtime.journal.reading import decode_row
from opensqt.simulation.engine.orders import Status
from services.reconciler.decide import Comparator
from tests.component.rig import SYMBOL, Rig
from tests.support.venue.faults import Fault

GRACE_MS = 1500
FOREIGN = "web_1"


def judged(rig: Rig) -> list[Event]:
    """Let a reconciler read the journal of this desk and return what it says."""
    books, judge = Ledger(), Comparator(grace_ms=GRACE_MS, drift_max=Decimal("0.05"))
    for row in rig.store.rows:
        message = decode_row(row)
        judge.pass_time(books, row.recorded_at_ms)
        change = books.fold(row.position, message)
        judge.after(books, row, message, change)
    judge.pass_time(books, rig.clock.wall_ms() + GRACE_MS)
    said: list[NewEvent] = [event for group in judge.take_outbox() for event in group]
    return [event.message for event in said]


@pytest.mark.row("E11")
@pytest.mark.parametrize("ending", [Status.CANCELED, Status.EXPIRED, Status.FILLED])
async def test_an_order_missing_at_the_venue_gets_the_end_it_had_there(
    rig: Rig, ending: Status
) -> None:
    """The stream was silent and the order is no longer open: its end is asked for and recorded, its fill too."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(0.5)
        (resting,) = rig.exchange.orders
        rig.exchange.stream.break_off("cut by the test")
        if ending is Status.FILLED:
            rig.exchange.trade(SYMBOL, Decimal("49899.0"))
        else:
            rig.exchange.end(resting, ending)
        await rig.clock.run_for(6)
        assert rig.order_of().phase.value == ending.value
        assert rig.order_of().filled == resting.filled
        await rig.clock.run_for(20)
    assert judged(rig) == []


@pytest.mark.row("E12")
async def test_an_order_of_somebody_else_is_told_and_never_cancelled(rig: Rig) -> None:
    """A person's order on the same account stays where it is, over sweeps, a kill and a clean stop."""
    now_ms = rig.clock.market_ms()
    rig.exchange.take(
        OrderRequest(
            client_order_id=FOREIGN,
            symbol=SYMBOL,
            side=Side.BUY,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            price=Decimal("40000.0"),
            quantity=Decimal("0.010"),
            reduce_only=False,
            signed_ms=now_ms,
            deadline_ms=now_ms + 2000,
        )
    )
    async with rig.running(rig.executor(cancel_on_stop=True)) as executor:
        await rig.approve(rig.place())
        await rig.clock.run_for(20)
        await executor.kill.kill("desk", "drill", "alice")
        await rig.clock.run_for(5)
    (left,) = await rig.venue.open_orders(SYMBOL)
    assert left.client_order_id == FOREIGN
    told = [message for message in judged(rig) if isinstance(message, Discrepancy)]
    assert [(one.kind, one.subject) for one in told] == [(DiscrepancyKind.UNKNOWN_ORDER, FOREIGN)]


@pytest.mark.row("E14")
async def test_the_venue_is_looked_at_on_start_schedule_and_reconnect_also_while_killed(
    rig: Rig,
) -> None:
    """A snapshot for the reconciler at the start, every 15 s and after a broken stream; a kill blinds nobody."""

    def triggers() -> list[str]:
        return [fact.trigger for fact in rig.facts() if isinstance(fact, VenueSnapshot)]

    async with rig.running(rig.executor()) as executor:
        assert triggers() == ["start"]
        await rig.clock.run_for(21)
        assert triggers() == ["start", "schedule"]
        await executor.kill.kill("desk", "drill", "alice")
        await rig.clock.run_for(21)
        assert triggers()[2:] == ["schedule"]
        for _ in range(3):
            rig.exchange.stream.break_off("cut by the test")
            await rig.clock.run_for(0.5)
            rig.exchange.stream.restore()
        await rig.clock.run_for(6)
        assert triggers()[3:].count("reconnect") == 1


@pytest.mark.row("E14")
async def test_a_person_may_ask_for_a_look_at_any_time(rig: Rig) -> None:
    """Also under a kill; who does not lead the account, or cannot read the venue, says so instead."""
    executor = rig.executor()
    with pytest.raises(VenueDown, match="does not lead the account: starting"):
        await executor.reconcile()
    async with rig.running(executor):
        await executor.kill.kill("desk", "drill", "alice")
        await executor.reconcile()
        asked = [fact for fact in rig.facts() if isinstance(fact, VenueSnapshot)]
        assert [fact.trigger for fact in asked] == ["start", "api"]
        rig.venue.faults.set("read", Fault.LOST_REQUEST)
        with pytest.raises(VenueDown):
            await executor.reconcile()


@pytest.mark.row("A08")
async def test_evidence_that_the_journal_did_not_take_changes_no_book(rig: Rig) -> None:
    """While Postgres is away an end and a fill are known to nobody; when it is back, each is there once."""
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place(1, price=Decimal("49900.0")))
        await rig.approve(rig.place(2, price=Decimal("49800.0")))
        await rig.clock.run_for(0.5)
        rig.store.down = True
        rig.exchange.trade(SYMBOL, Decimal("49850.0"))
        (second,) = [order for order in rig.exchange.orders if order.is_open]
        rig.exchange.end(second, Status.CANCELED)
        await rig.clock.run_for(1)
        assert executor.status()["orders_open"] == 2
        rig.store.down = False
        await rig.clock.run_for(3)
        assert executor.status()["orders_open"] == 0
    assert (rig.order_of(1).phase, rig.order_of(2).phase) == (
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
    )
    assert sum(isinstance(fact, Fill) for fact in rig.facts()) == 1


@pytest.mark.row("A08")
async def test_a_command_that_the_journal_did_not_take_is_not_acked(rig: Rig) -> None:
    """Neither book nor queue forgets it: the next process is given it again and ends it by its validity."""
    async with rig.dying(rig.executor()) as executor:
        rig.store.down = True
        await rig.approve(rig.place())
        await rig.clock.run_for(1)
        assert executor.status()["orders_open"] == 0
        assert rig.venue.sent == []
    rig.store.down = False
    async with rig.running(rig.executor()):
        await rig.clock.run_for(2)
    assert rig.venue.sent == []
    assert isinstance(rig.facts()[-1], Expired | VenueSnapshot)
    assert rig.order_of().phase is OrderStatus.EXPIRED


@pytest.mark.row("C03")
@pytest.mark.parametrize("fault", [Fault.NOT_SENT, Fault.THROTTLED])
async def test_a_place_is_tried_again_only_while_it_is_valid(rig: Rig, fault: Fault) -> None:
    """However often it fails, each attempt has an id of its own, none leaves late, and the last one is an end."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", *[fault] * 50)
        intent = rig.place(valid_until_ms=rig.clock.market_ms() + 700)
        await rig.approve(intent)
        await rig.clock.run_for(5)
        sent = rig.venue.sent
        assert len({request.client_order_id for request in sent}) == len(sent) <= 5
        assert all(request.signed_ms < intent.valid_until_ms for request in sent)
        assert rig.order_of().phase is OrderStatus.REJECTED


@pytest.mark.row("C03", "C05")
@pytest.mark.parametrize("fault", [Fault.LOST_ACK, Fault.LOST_REQUEST, Fault.LATE])
async def test_a_place_without_an_answer_is_never_sent_again(rig: Rig, fault: Fault) -> None:
    """A timeout is no reason to send: one request leaves, and the venue holds at most one order for ever."""
    async with rig.running(rig.executor()):
        rig.venue.faults.set("place", fault)
        await rig.approve(rig.place(valid_until_ms=rig.clock.market_ms() + 60_000))
        rig.approve_again()
        await rig.clock.run_for(1)
        rig.approve_again()
        await rig.clock.run_for(20)
        assert len(rig.venue.sent) == 1
        accepted = {fact.ref.client_order_id for fact in rig.facts() if isinstance(fact, Accepted)}
        assert len(accepted) == len(rig.exchange.orders) <= 1
