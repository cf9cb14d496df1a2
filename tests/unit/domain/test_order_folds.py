"""Every fold of order evidence, in any order and with any repetition: executor, gate and ledger end in equal books."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from opensqt.domain import order_state
from opensqt.domain.ledger import Ledger
from opensqt.domain.order_events import Fill, OrderEvent, OrderRef
from opensqt.domain.order_index import OrderIndex
from opensqt.domain.order_state import OrderStatus
from opensqt.execution.state import ExecutionState as Executor
from opensqt.execution.to_ask import doubtful, wished_away
from opensqt.risk.state import RiskState as Gate
from tests.unit.domain import test_order_state as told

SYMBOL = told.REF.symbol
PLACE = ("binance", "main", SYMBOL)


def _of(number: int, event: OrderEvent) -> OrderEvent:
    """Tell an event of another order, under ids of its own."""
    ref = msgspec.structs.replace(event.ref, client_order_id=f"q{number}", intent_id=f"i{number}")
    changes: dict[str, object] = {"ref": ref}
    if hasattr(event, "venue_order_id") and event.venue_order_id:
        changes["venue_order_id"] = str(70 + number)
    if isinstance(event, Fill):
        changes["trade_id"] = f"{number}{event.trade_id}"
    return msgspec.structs.replace(event, **changes)


def _story(number: int) -> list[OrderEvent]:
    """All that can be told of one order, ends that contradict each other and the fills included."""
    events: list[OrderEvent] = [
        told.PLACED,
        told.SUBMITTING,
        told.ACCEPTED,
        told.UNRESOLVED,
        told.REJECTED,
        told.CANCEL,
        told.NEVER,
        told.filled("1", "0.4"),
        told.filled("2", "0.5"),
        told.filled("3", "0.3"),
        told.canceled("0.4"),
        told.canceled("0.9"),
        told.expired("0"),
        told.expired("0.4"),
        told.expired("0", ""),
    ]
    return [_of(number, event) for event in events]


def _stray() -> Fill:
    """A trade of the first order that the venue names by its own id only."""
    fill = told.filled("9", "0.1")
    ref = OrderRef(
        client_order_id="",
        intent_id="",
        attempt=0,
        strategy="",
        venue="binance",
        account="main",
        symbol=SYMBOL,
    )
    return msgspec.structs.replace(fill, ref=ref, venue_order_id="71")


POOL: tuple[OrderEvent, ...] = (*_story(1), *_story(2), _stray())


def _indexed(index: OrderIndex) -> dict[str, object]:
    """Return what an index believes, without the order in which it came to believe it."""
    told = {name: one for name, one in index.orders.items() if one != order_state.begin(name)}
    return {
        "orders": told,
        "open": {one.client_order_id for one in index.open.living()},
        "owed": {one.client_order_id for one in index.open.owed()},
        "owned": dict(index.positions.owned),
        "net": index.positions.net(("main", SYMBOL)),
    }


class Folds:
    """The same evidence in every fold of the house."""

    def __init__(self) -> None:
        self.executor, self.gate, self.books = Executor("main"), Gate(), Ledger()
        self.position = 0

    def take(self, event: OrderEvent) -> None:
        """Fold one piece of evidence."""
        self.position += 1
        self.executor.fold(event)
        self.gate.fold(event)
        self.books.fold(self.position, event)

    def picture(self) -> dict[str, object]:
        """Return what each fold believes, without the order in which it came to believe it."""
        return {
            "executor orders": {
                n: o for n, o in self.executor.orders.items() if o != order_state.begin(n)
            },
            "executor living": {order.client_order_id for order in self.executor.living()},
            "executor doubts": {order.client_order_id for order in doubtful(self.executor)},
            "executor wishes": {o.client_order_id for o in wished_away(self.executor)},
            "executor index": _indexed(self.executor.index),
            "gate index": _indexed(self.gate.index),
            "ledger index": _indexed(self.books.index),
            "ledger orders": dict(self.books.orders),
            "ledger fills": dict(self.books.fills),
            "ledger net": {k: net.position.quantity for k, net in self.books.nets.items()},
            "ledger parked": set(self.books.parked),
        }


class AnyOrder(RuleBasedStateMachine):
    """Evidence arrives as it likes; a second house hears each piece once, in one fixed order."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[OrderEvent] = []
        self.folds = Folds()

    @rule(event=st.sampled_from(POOL))
    def hear(self, event: OrderEvent) -> None:
        """Hear something, perhaps again."""
        self.heard.append(event)
        self.folds.take(event)

    @precondition(lambda self: bool(self.heard))
    @rule(start=st.integers(0, 50))
    def hear_again(self, start: int) -> None:
        """A reader begins again somewhere: everything from there on comes once more."""
        for event in self.heard[start % len(self.heard) :]:
            self.folds.take(event)

    @invariant()
    def agrees(self) -> None:
        """What was heard decides, not when or how often."""
        once = Folds()
        for event in POOL:
            if event in self.heard:
                once.take(event)
        assert self.folds.picture() == once.picture()

    @invariant()
    def books_each_trade_once(self) -> None:
        """Counted by hand: every trade heard counts once, under whatever end of its order."""
        trades = {event.trade_id: event for event in self.heard if isinstance(event, Fill)}
        whole = sum((fill.quantity for fill in trades.values()), Decimal(0))
        assert self.folds.executor.net(SYMBOL) == whole
        assert self.folds.gate.index.positions.net(("main", SYMBOL)) == whole
        held = self.folds.books.nets.get(PLACE)
        assert (held.position.quantity if held else Decimal(0)) == whole

    @invariant()
    def names_every_contradiction(self) -> None:
        """By hand, too: more filled than an end had told, or than was ordered, is never passed over."""
        for name, order in self.folds.books.orders.items():
            filled = order.filled
            ends = [e.filled_quantity for e in (order.canceled, order.expired) if e is not None]
            wrong = any(filled > end for end in ends)
            wrong |= order.placed is not None and filled > order.quantity
            wrong |= order.rejected is not None and filled > 0
            assert order.contradicted or not wrong, name
            assert order.phase is not OrderStatus.NEVER_PLACED or order.accepted is None


@pytest.mark.row("A10")
def test_no_fold_cares_for_order_or_repetition() -> None:
    """Executor, gate and ledger hear orders, fills, ends and contradictions as they come, and end in the same books."""
    many = settings(max_examples=60, stateful_step_count=40, deadline=None)
    run_state_machine_as_test(AnyOrder, settings=many)
