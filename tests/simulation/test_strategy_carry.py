"""Carries under every interleaving of answers, partial fills, refusals, funding changes and restarts."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.domain.intent import CancelIntent
from opensqt.domain.order_events import OrderEvent
from opensqt.domain.order_state import OrderStatus
from tests.simulation.carry_rig import CarryRig

RATES = ("0.0003", "0.00001", "-0.0003", "0.000004", "0.0006")
REST = ("reject", "never", "wait", "tick", "fund", "restart")
MOVES = st.lists(
    st.tuples(
        st.sampled_from(("submit", "submit", "ack", "fill", "part", "end", "refuse", *REST)),
        st.integers(0, 1_000_000),
    ),
    max_size=80,
)
TOLERANCE = Decimal("0.001")  # one step of the perpetual


class Chaos:
    """One carry, restarted at will, and moves that keep to what a venue may truthfully say."""

    def __init__(self, fee_asset: str) -> None:
        self.rig = CarryRig(fee_asset=fee_asset)
        self.run = 1

    def move(self, action: str, number: int) -> None:
        """Do one thing; a move that has nothing to act on does nothing."""
        rig = self.rig
        match action:
            case "wait":
                rig.wait((number % 20 + 1) * 200, 200)
            case "tick":
                rig.prices(Decimal(45_000 + number % 101 - 50))
            case "fund":
                rig.fund(RATES[number % len(RATES)])
            case "restart":
                self.run += 1
                self.rig = rig.restart(self.run)
            case "submit" | "refuse":
                waiting = [i for i in rig.places() if rig.now_ms <= i.valid_until_ms]
                if waiting and action == "submit":
                    rig.submit(waiting[number % len(waiting)])
                elif waiting:
                    rig.refuse(waiting[number % len(waiting)])
            case _:
                self._evidence(action, number)

    def _evidence(self, action: str, number: int) -> None:
        rig = self.rig
        fits = {OrderStatus.SUBMITTING, OrderStatus.UNRESOLVED}
        if action not in ("reject", "never"):
            fits |= {OrderStatus.LIVE, OrderStatus.PARTIALLY_FILLED}
        cids = [cid for cid, order in rig.orders.items() if order.phase in fits]
        if not cids:
            return
        cid = cids[number % len(cids)]
        if action == "part":
            step = Decimal("0.001") if ":" in rig.live()[0].ref.symbol else Decimal("0.00137")
            rig.fill(cid, min(rig.orders[cid].remaining, step * (number % 4 + 1)))
        elif action == "fill":
            rig.fill(cid)
        else:
            say: dict[str, Callable[[str], OrderEvent]] = {
                "ack": rig.accepted,
                "end": rig.expired,
                "reject": rig.rejected,
            }
            rig.feed(say.get(action, rig.never_placed)(cid))

    def settle(self) -> None:
        """Let the venue fill all it has and is asked for, until nothing happens any more."""
        rig = self.rig
        for _ in range(100):
            for cid, order in list(rig.orders.items()):
                if not order.terminal:
                    rig.fill(cid)
            for intent in list(rig.waiting.values()):
                if isinstance(intent, CancelIntent):
                    rig.cancel(intent)
                elif rig.now_ms > intent.valid_until_ms:
                    del rig.waiting[intent.intent_id]
            while rig.places():
                rig.take()
            rig.wait(700, 700)


def check(rig: CarryRig) -> None:
    """Judge what must hold at every moment, from the rig's own count of orders and trades."""
    books = rig.state.books
    assert books.imbalance == rig.signed_fills()
    assert len(rig.live()) <= (2 if rig.state.settings.legs_together else 1)
    assert len({ticket.slot for ticket in books.tickets.living.values()}) == len(
        rig.state.books.tickets.living
    )
    assert books.spot.quantity >= 0
    assert books.perp.quantity <= 0
    assert books.spot.cost <= rig.state.settings.notional_quote_max


@pytest.mark.row("F04", "F05", "F07", "A13", "I24")
@settings(max_examples=150, deadline=None)
@given(MOVES, st.sampled_from(("USDT", "BTC", "BNB")))
def test_a_carry_ends_flat_or_covered_in_every_interleaving(
    moves: list[tuple[str, int]], fee_asset: str
) -> None:
    """One order at a time, legs add up to what was received, and quiet means neutral or flat within one step."""
    chaos = Chaos(fee_asset)
    for action, number in moves:
        chaos.move(action, number)
        check(chaos.rig)
    chaos.settle()
    check(chaos.rig)
    books = chaos.rig.state.books
    assert abs(books.imbalance) < TOLERANCE
    assert books.step in ("", "flat", "neutral")
    assert books.step == "neutral" or books.spot.quantity < TOLERANCE
