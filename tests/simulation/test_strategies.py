"""Grids under every interleaving of ticks, answers, fills, ends and repetitions that a venue can produce."""

from collections import Counter
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.domain.decimals import floor_to
from opensqt.domain.instruments import Side
from opensqt.domain.intent import CancelIntent, PlaceIntent, Purpose
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.domain.order_state import OrderStatus
from opensqt.strategies.grid import slots
from opensqt.strategies.grid.slots import SlotStatus
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.grid.strategy import GRID
from tests.simulation.grid_rig import long_of, rig_of, setup_of, unstarted
from tests.simulation.strategy_facts import brought, candle_of, journalled
from tests.simulation.strategy_rig import Rig, restarted

CAP = 7
STEP = Decimal("0.001")
ADAPTIVE = {"step_atr_scale": Decimal(1), "candles": 2, "regime_filter": True}
ACTIONS = ("tick", "answer", "ack", "fill", "part", "reject", "expire", "never", "retry", "late")
MORE = (*ACTIONS, "tick", "answer", "refuse", "wait", "repeat", "cancel", "restart")


def moves_of(*actions: str) -> st.SearchStrategy[list[tuple[str, int]]]:
    """Return sequences of actions, each with a number that says on what."""
    return st.lists(st.tuples(st.sampled_from(actions), st.integers(0, 1_000_000)), max_size=120)


MOVES = moves_of(*MORE)


class Chaos:
    """One grid, and moves that keep to what a venue may truthfully say."""

    def __init__(self, rig: Rig[GridState]) -> None:
        self.rig = rig
        self.price = Decimal(45_000)
        self.runs = 1
        self.minutes = 0
        self.late: list[Fill] = []  # trades that the venue has counted and not told yet

    def move(self, action: str, number: int) -> None:
        """Do one thing; a move that has nothing to act on does nothing."""
        if action == "tick":
            self.price += Decimal(number % 61 - 30)
            self.rig.tick(self.rig.state.symbol, self.price)
        elif action == "candle":
            self.minutes += 1
            close, high = str(self.price), str(self.price + number % 120)
            symbol = self.rig.state.symbol
            self.rig.feed(candle_of(self.minutes, close=close, high=high, symbol=symbol))
        elif action == "wait":
            self.rig.wait((number % 8 + 1) * 400, 400)
        elif action == "restart":
            self.restart()
        elif action == "ack" and self.late:
            self.rig.feed(self.late.pop())
        elif action in ("answer", "refuse"):
            self._answer(number, refuse=action == "refuse")
        elif action == "repeat":
            history = self.rig.history
            event: Event = history[number % len(history)]
            if getattr(event, "ref", None) is not None:
                self.rig.feed(event)
        else:
            self._evidence(action, number)

    def restart(self) -> None:
        """Let another process go on from the journal; what the first one said may still be answered."""
        self.runs += 1
        old, market = self.rig, self.rig.state.market
        setup = old.state.setup
        self.rig = unstarted(setup)
        self.rig.fee_asset = old.fee_asset
        restarted(old, self.rig, setup.strategy, self.runs, market.rules.values())
        self.rig.tick(setup.settings.symbol, self.price)

    def settle(self) -> None:
        """Let the venue tell and answer all, and time pass beyond every pause."""
        rig = self.rig
        while self.late:
            rig.feed(self.late.pop())
        for _ in range(3):
            for cid, order in list(rig.orders.items()):
                if order.phase in (OrderStatus.SUBMITTING, OrderStatus.UNRESOLVED):
                    rig.feed(rig.accepted(cid))
            rig.accept_all()
            rig.wait(70_000, 7_000)
            for intent in list(rig.waiting.values()):
                if rig.now_ms > intent.valid_until_ms:
                    del rig.waiting[intent.intent_id]
            rig.tick(rig.state.symbol, self.price)
            rig.accept_all()

    def _answer(self, number: int, *, refuse: bool) -> None:
        waiting = [i for i in self.rig.waiting.values() if self.rig.now_ms <= i.valid_until_ms]
        if not waiting:
            return
        intent = waiting[number % len(waiting)]
        if refuse:
            self.rig.refuse(intent)
        elif isinstance(intent, PlaceIntent):
            self.rig.submit(intent)
        elif isinstance(intent, CancelIntent):
            self.rig.cancel(intent)

    def _evidence(self, action: str, number: int) -> None:
        rig = self.rig
        fresh = {OrderStatus.SUBMITTING, OrderStatus.UNRESOLVED}
        there = {OrderStatus.LIVE, OrderStatus.PARTIALLY_FILLED} | fresh
        fits = fresh if action in ("reject", "never", "retry") else there
        cids = [cid for cid, order in rig.orders.items() if order.phase in fits]
        if not cids:
            return
        cid = cids[number % len(cids)]
        match action:
            case "ack":
                rig.feed(rig.accepted(cid))
            case "fill":
                rig.fill(cid)
            case "part":
                rig.fill(cid, min(rig.orders[cid].remaining, Decimal("0.001") * (number % 5 + 1)))
            case "expire":
                rig.feed(rig.expired(cid))
            case "cancel":
                rig.feed(rig.canceled(cid))
            case "late":
                self.late.append(rig.fill_of(cid, rig.orders[cid].remaining))
                whole = rig.orders[cid].filled + self.late[-1].quantity
                rig.feed(msgspec.structs.replace(rig.canceled(cid), filled_quantity=whole))
            case "reject":
                rig.feed(rig.rejected(cid))
            case "never":
                rig.feed(rig.never_placed(cid))
            case _:
                self._retry(cid)

    def _retry(self, cid: str) -> None:
        placed = self.rig.orders[cid].placed
        intents = {i.intent_id: i for i in self.rig.sent if isinstance(i, PlaceIntent)}
        if placed is not None and self.rig.now_ms < placed.valid_until_ms:
            attempt = placed.ref.attempt + 1
            self.rig.submit(intents[placed.ref.intent_id], attempt)
            self.rig.feed(self.rig.rejected(cid, "not_sent"))


def check(rig: Rig[GridState]) -> None:
    """Judge what must hold at every moment, from the rig's own count of orders and trades."""
    total = slots.total(rig.state.books)
    assert total.quantity == rig.signed_fills()
    spent = [brought(f) * f.price for o in rig.orders.values() for f in o.fills]
    assert total.cost - total.realized_pnl == sum(spent, Decimal(0))
    live = Counter(placed.slot for placed in rig.live())
    assert not live or max(live.values()) == 1, f"two orders of one slot: {live}"
    assert len(rig.state.books.tickets.living) <= CAP
    assert {placed.ref.intent_id for placed in rig.live()} <= set(rig.state.books.tickets.living)


def check_quiet(rig: Rig[GridState]) -> None:
    """Judge what must hold when all is answered: the target set is there, or each gap has a name."""
    books = rig.state.books
    assert not rig.waiting
    named = {gap.slot for gap in rig.last.gaps}
    # Nobody answered while time passed in long steps: who rests after that says so.
    assert rig.last.reason == "" or (rig.last.idle and named)
    live = {placed.slot: placed for placed in rig.live()}
    for level, slot in books.slots.items():
        assert slot.status is not SlotStatus.PENDING
        name = f"g{level}"
        if slot.position.quantity != 0 and name not in named:
            placed = live[name]
            if placed.purpose is Purpose.OPEN:
                continue  # the rest of it still works
            closing = Side.SELL if slot.position.quantity > 0 else Side.BUY
            assert placed.side is closing
            rest = rig.orders[placed.ref.client_order_id].remaining
            assert floor_to(abs(slot.position.quantity), STEP) <= rest
    if not rig.state.settings.neutral:
        check_for_sale(rig)
    tick, lattice, setup = (
        rig.state.market.ticks[rig.state.symbol],
        rig.state.ladder,
        rig.state.setup,
    )
    assert lattice is not None
    mid = (tick.bid_price + tick.ask_price) / 2
    window = lattice.below(mid, setup.settings.levels_below)
    window += lattice.above(mid, setup.settings.levels_above) if setup.settings.neutral else ()
    assert {f"g{level}" for level in window} <= set(live) | named


def check_for_sale(rig: Rig[GridState]) -> None:
    """Judge that a spot grid offers what it holds, never more, but for rests below a step and what has a reason."""
    books = rig.state.books
    asked = [rig.orders[p.ref.client_order_id] for p in rig.live() if p.side is Side.SELL]
    waits = {p.slot for p in rig.live() if p.side is Side.BUY}
    waits |= {gap.slot for gap in rig.last.gaps if not gap.why.startswith("dust")}
    unsold = slots.quantity(books) - sum((order.remaining for order in asked), Decimal(0))
    kept = [s.position.quantity for at, s in books.slots.items() if f"g{at}" in waits]
    assert unsold >= 0, "more is for sale than is held"
    unsold -= sum(kept, Decimal(0))
    assert unsold < STEP * (1 + len(asked)), "what could be sold is not for sale"


@pytest.mark.row("B06", "B07", "B08", "B09", "B10", "B11", "B18", "B22", "K06", "I24")
@settings(max_examples=150, deadline=None)
@given(MOVES, st.booleans(), st.sampled_from(("USDT", "BTC", "BNB")))
def test_a_grid_stays_sound_in_every_interleaving(
    moves: list[tuple[str, int]], neutral: bool, fee_asset: str
) -> None:
    """Slots add up to what was received, one order a slot, never above the cap; quiet means the target is there."""
    setup = setup_of(orders_max=CAP) if neutral else long_of(orders_max=CAP)
    chaos = Chaos(rig_of(setup))
    chaos.rig.fee_asset = fee_asset
    for action, number in moves:
        chaos.move(action, number)
        check(chaos.rig)
    chaos.settle()
    check(chaos.rig)
    check_quiet(chaos.rig)


@pytest.mark.row("B14", "I24")
@settings(max_examples=100, deadline=None)
@given(moves_of(*MORE, "candle", "candle", "candle"), st.booleans())
def test_a_grid_whose_interval_changes_stays_sound_in_every_interleaving(
    moves: list[tuple[str, int]], neutral: bool
) -> None:
    """No slot that holds something is orphaned: whatever the interval, it is for sale or says why not."""
    setup = setup_of if neutral else long_of
    chaos = Chaos(rig_of(setup(orders_max=CAP, **ADAPTIVE)))
    for action, number in moves:
        chaos.move(action, number)
        check(chaos.rig)
    chaos.settle()
    check(chaos.rig)
    check_quiet(chaos.rig)


@pytest.mark.row("B23")
@settings(max_examples=40, deadline=None)
@given(MOVES, st.booleans())
def test_books_from_the_journal_equal_the_running_books(
    moves: list[tuple[str, int]], spot: bool
) -> None:
    """What a restart folds from journalled facts has the same slots and positions as the running state."""
    chaos = Chaos(rig_of(long_of(orders_max=CAP) if spot else setup_of(orders_max=CAP)))
    chaos.rig.fee_asset = "BTC" if spot else "USDT"
    for action, number in moves:
        chaos.move(action, number)
    chaos.settle()
    again = rig_of_journal(chaos.rig)
    before, after = chaos.rig.state.books, again.books
    assert after.lattice == before.lattice
    held = {k: s.position for k, s in before.slots.items() if s.position.fills}
    assert {k: s.position for k, s in after.slots.items() if s.position.fills} == held
    assert set(after.tickets.living) == set(before.tickets.living)


def rig_of_journal(rig: Rig[GridState]) -> GridState:
    """Return the grid that folds only what the journal holds of a rig's history."""
    state = GridState(setup=rig.state.setup)
    for event in journalled(rig.history):
        state = GRID.fold(state, event)
    return state
