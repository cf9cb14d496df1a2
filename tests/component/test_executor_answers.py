"""What an answer of the venue proves by itself, and a request that a stop overtakes. Pure where it can be."""

from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.order_events import Accepted, OrderRef, Rejected, Unresolved
from opensqt.domain.venue import Held, OrderView
from opensqt.execution.caps import Caps, SubmissionTerms
from opensqt.execution.events import EventSource, ref_of
from opensqt.execution.evidence import after_place, after_view
from tests.component.rig import START_MS, SYMBOL, Rig

TURN_S = 1.0  # how long a place waits at the venue's budget
ANSWER_S = 3.0  # how long a cancel is under way
AUTHOR = EventSource(actor="executor-main", venue="binance", account="main", generation="")


class Slow:
    """A venue at which a place waits for its turn, and a cancel for its answer; all else passes."""

    def __init__(self, port: Any, rig: Rig) -> None:
        self._port = port
        self._rig = rig

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        slow = {"place": TURN_S, "cancel": ANSWER_S}.get(name)
        if slow is None:
            return found

        async def later(*args: Any, **kwargs: Any) -> Any:
            await self._rig.clock.sleep(slow)
            return await found(*args, **kwargs)

        return later


@pytest.mark.row("A06")
async def test_a_request_that_waits_for_its_turn_does_not_leave_after_a_stop(rig: Rig) -> None:
    """A clean stop overtakes it: nothing new reaches the venue, though its cancel is not answered yet."""
    rig.wire = lambda port: Slow(port, rig)
    async with rig.running(rig.executor(cancel_on_stop=True)):
        await rig.approve(rig.place())
        await rig.clock.run_for(TURN_S / 2)
        assert rig.order_of().placed is not None
    assert rig.venue.sent == []


async def test_the_same_request_leaves_when_nothing_stops_it(rig: Rig) -> None:
    """Its turn comes, and it is sent once."""
    rig.wire = lambda port: Slow(port, rig)
    async with rig.running(rig.executor()):
        await rig.approve(rig.place())
        await rig.clock.run_for(TURN_S * 1.5)
        assert len(rig.venue.sent) == 1


@pytest.mark.parametrize(
    "held, kind",
    [
        (Held(order=None, venue_order_id="77", duplicate=False, evidence=b""), Accepted),
        # A second request was refused because the first one is there: which order it is only a look tells.
        (Held(order=None, venue_order_id="", duplicate=True, evidence=b""), Unresolved),
    ],
)
def test_a_venue_that_holds_an_order_has_accepted_it_only_under_a_number(
    rig: Rig, held: Held, kind: type
) -> None:
    """Without its number the order stays in doubt until the venue was asked."""
    (event,) = after_place(AUTHOR, _ref(rig), held, "", _terms())
    assert type(event.message) is kind


def test_an_order_that_the_venue_shows_as_rejected_was_rejected(rig: Rig) -> None:
    """It never rested: it is rejected under the venue's own words, and not accepted before."""
    ref = _ref(rig)
    view = OrderView(
        client_order_id=ref.client_order_id,
        venue_order_id="77",
        symbol=SYMBOL,
        side=Side.BUY,
        price=Decimal(50_000),
        quantity=Decimal("0.01"),
        filled_quantity=Decimal(0),
        status="rejected",
        reason="would cross",
        time_ms=START_MS,
        evidence=b"",
    )
    (event,) = after_view(AUTHOR, ref, view, "")
    assert isinstance(event.message, Rejected)
    assert event.message.reason == "would cross"


def _ref(rig: Rig) -> OrderRef:
    return ref_of(AUTHOR, rig.place(), 1)


def _terms() -> SubmissionTerms:
    return SubmissionTerms(
        now_ms=START_MS,
        epoch=1,
        deadline_ms=START_MS + 2000,
        fence_ms=START_MS + 2600,
        valid_until_wall_ms=START_MS + 2000,
        caps=Caps(orders_max=10, order_notional_max=Decimal(1000), notional_max=Decimal(5000)),
    )
