"""The audit of a world's story: what the exchange and the journal must agree on when peace has come.

It shares no fold with the system: everything is counted here from the exchange's orders and the journal's rows.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any

from opensqt.domain.account import VenueSnapshot
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill, IntentPlaced
from opensqt.domain.verdict import RiskApproved
from opensqt.runtime.lease import LeaseLost
from opensqt.simulation.engine.orders import Status, VenueOrder
from services.executor.service import Executor
from tests.component.rig import Rig

ENDS = frozenset({"Rejected", "Canceled", "Expired", "NeverPlaced"})
SILENT_ENDS = ENDS - {"Canceled"}  # possible for an order that the exchange never had


class Audit:
    """One look at a rig at peace; `breaches` names what is wrong."""

    def __init__(self, rig: Rig, tasks: list[tuple[Executor, asyncio.Task[None]]]) -> None:
        self.rig = rig
        self.breaches: list[str] = []
        self._tasks = tasks

    def judge(self, published: set[str], *, killed: bool) -> list[str]:
        """Return what is broken; `published` are the intents whose command was ever in a queue."""
        facts = self.rig.facts()
        self._check_executor()
        self._check_once(facts)
        self._check_ends(facts)
        self._check_fills(facts)
        self._check_cancels(facts)
        told = {f.intent_id for f in facts if isinstance(f, RiskApproved)}
        self._breach(published - told, "published and never judged in the journal")
        if killed:
            self._breach(self._open(), "open after the kill")
        return self.breaches

    def _check_executor(self) -> None:
        leaders = [e for e, task in self._tasks if not task.done() and e.ready]
        ends = [
            leaf for _, task in self._tasks if task.done() for leaf in _leaves(task.exception())
        ]
        self._breach([e for e in ends if not isinstance(e, LeaseLost)], "a process died of")
        if len(leaders) != 1:
            self.breaches.append(f"{len(leaders)} leaders: {[e.status() for e, _ in self._tasks]}")
        elif leaders[0].status()["orders_unresolved"]:
            self.breaches.append(f"not at peace: {leaders[0].status()}")

    def _check_once(self, facts: list[Event]) -> None:
        placed = [f for f in facts if isinstance(f, IntentPlaced)]
        intents = {f.ref.client_order_id: f.ref.intent_id for f in placed}
        names = [order.client_order_id for order in self.rig.exchange.orders]
        self._breach(set(names) - set(intents), "at the exchange without an intent")
        twice = [name for name, count in Counter(names).items() if count > 1]
        self._breach(twice, "more than one order of an id")
        of_intent = Counter(intents.get(name, name) for name in names)
        self._breach([i for i, n in of_intent.items() if n > 1], "more than one order of an intent")

    def _check_ends(self, facts: list[Event]) -> None:
        kinds: dict[str, set[str]] = {}  # client order id -> what the journal says of it
        for fact in facts:
            ref = getattr(fact, "ref", None)
            if ref is not None:
                kinds.setdefault(ref.client_order_id, set()).add(type(fact).__name__)
        at_exchange = {o.client_order_id: o for o in self.rig.exchange.orders}
        for name, seen in kinds.items():
            wrong = _denied(at_exchange.get(name), seen)
            if wrong:
                self.breaches.append(f"{name} {wrong}, told {sorted(seen)}")

    def _check_fills(self, facts: list[Event]) -> None:
        fills = [f for f in facts if isinstance(f, Fill)]
        booked = {(f.trade_id, f.ref.client_order_id, f.quantity) for f in fills}
        traded = {(t.trade_id, t.client_order_id, t.quantity) for t in self.rig.exchange.trades}
        self._breach(traded ^ booked, "trades of the exchange that are not exactly the fills")
        if len(fills) != len(booked):
            self.breaches.append("a fill stands twice in the journal")
        shown = [f for f in facts if isinstance(f, VenueSnapshot)]
        if not shown or {o.client_order_id for o in shown[-1].orders} != self._open():
            self.breaches.append("the last snapshot does not show what is open")

    def _check_cancels(self, facts: list[Event]) -> None:
        targets = {
            f.cancel.target_intent_id
            for f in facts
            if isinstance(f, RiskApproved) and f.cancel is not None
        }
        placed = [f for f in facts if isinstance(f, IntentPlaced)]
        wished = {f.ref.client_order_id for f in placed if f.ref.intent_id in targets}
        self._breach(wished & self._open(), "open although a cancel was approved")

    def _open(self) -> set[str]:
        orders = self.rig.exchange.orders
        return {o.client_order_id for o in orders if o.is_open}

    def _breach(self, found: Iterable[Any], words: str) -> None:
        named = sorted(map(str, found))
        if named:
            self.breaches.append(f"{words}: {named}")


def _leaves(error: BaseException | None) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in _leaves(part)]
    return [] if error is None else [error]


def _denied(order: VenueOrder | None, told: set[str]) -> str:
    """Say how the journal's telling of an order denies the exchange's truth, or return an empty text."""
    match order.status if order is not None else None:
        case None if not told & SILENT_ENDS:
            return "never reached the exchange and has no end"
        case Status() if told & {"NeverPlaced", "Rejected"}:
            return "reached the exchange"
        case Status.NEW | Status.PARTIALLY_FILLED if told & ENDS or not told & {"Accepted", "Fill"}:
            return "is open at the exchange"
        case Status.CANCELED if "Canceled" not in told:
            return "was canceled"
        case Status.EXPIRED | Status.EXPIRED_IN_MATCH | Status.EXPIRED_POST_ONLY if (
            "Expired" not in told
        ):
            return "expired"
        case _:
            return ""
