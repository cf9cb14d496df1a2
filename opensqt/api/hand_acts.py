"""ExchangeService, acting: orders by hand. A wish goes on record, risk judges it, and what became of it is answered."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from opensqt.api.call import Acted, Deed, Plain
from opensqt.api.codes import CallRefused, Code
from opensqt.api.exchange import get_order
from opensqt.api.exchange_shapes import OfVenueOrder
from opensqt.api.hand_shapes import (
    AllOrders,
    NewOrder,
    NewOrders,
    OrderEnd,
    OrderEnds,
    OrderFailure,
    OrdersDone,
)
from opensqt.api.hand_wishes import cancelling, placing
from opensqt.api.lines import open_orders, order_line
from opensqt.api.requests import OrderLine
from opensqt.api.view import DeskActions, DeskView
from opensqt.domain.control import OrderedByHand
from opensqt.domain.order_events import Rejected
from opensqt.domain.order_state import Order, OrderStatus
from opensqt.domain.venue import Refusal
from opensqt.risk.desk_rules import FUNDS
from opensqt.risk.rules import WORDS

_BEFORE_AN_ANSWER = (OrderStatus.PLANNED, OrderStatus.SUBMITTING, OrderStatus.UNRESOLVED)
_FUNDS = frozenset(rule.code for rule in FUNDS)
THROTTLED = "throttled"


class _End(NamedTuple):
    """What became of one wish: its order, or why there is none."""

    line: OrderLine | None
    refusal: CallRefused | None = None


async def place_order(desk: DeskActions, asked: NewOrder, deed: Deed) -> Acted[OrderLine]:
    """Place one order and answer when the venue has; a repetition under its once-key answers with the same order."""
    return _one(await _done(desk, ((placing(desk.view, asked, deed),),), _placed))


async def place_orders(desk: DeskActions, asked: NewOrders, deed: Deed) -> Acted[OrdersDone]:
    """Place several orders; each is judged by itself."""
    wishes = [placing(desk.view, one, deed, number) for number, one in enumerate(asked.orders)]
    return _several(await _done(desk, (wishes,), _placed))


async def cancel_order(desk: DeskActions, asked: OrderEnd, deed: Deed) -> Acted[OrderLine]:
    """Cancel one order, whoever owns it, and answer when it has ended, or after a while that it has not yet."""
    order = _named(desk.view, asked)
    wish = cancelling(desk.view, order, deed, asked.reason)
    if order.terminal and wish.intent.intent_id not in desk.view.seen.by_hand:
        raise CallRefused(
            Code.REFUSED, f"order {order.client_order_id} is {order.phase}: nothing to cancel"
        )
    return _one(await _done(desk, ((wish,),), _cancelled))


async def cancel_orders(desk: DeskActions, asked: OrderEnds, deed: Deed) -> Acted[OrdersDone]:
    """Cancel several orders, whoever owns them."""
    named = [_named(desk.view, _by_our_id(name)) for name in asked.client_order_ids]
    wishes = [cancelling(desk.view, one, deed, asked.reason, n) for n, one in enumerate(named)]
    return _several(await _done(desk, (wishes,), _cancelled))


async def cancel_all_orders(desk: DeskActions, asked: AllOrders, deed: Deed) -> Acted[OrdersDone]:
    """Cancel what is open; strategies go on and may place again, which only a breaker or a kill stops."""
    found = []
    for order in open_orders(desk.view.books):
        ref = order.placed.ref if order.placed is not None else None
        if ref is not None and (
            asked.account in ("", ref.account)
            and asked.symbol in ("", ref.symbol)
            and asked.strategy in ("", ref.strategy)
        ):
            found.append(order)
    # Said again after a crash other orders may be open: each wish is known by its order and on record by itself.
    wishes = [cancelling(desk.view, one, deed, asked.reason, one.client_order_id) for one in found]
    return _several(await _done(desk, [(one,) for one in wishes], _cancelled))


async def _done(
    desk: DeskActions,
    groups: Sequence[Sequence[OrderedByHand]],
    end_of: Callable[[DeskView, OrderedByHand], _End | None],
) -> list[_End]:
    """Put each group of wishes on record together and return the end of each wish, as far as it is known in time."""
    for group in groups:
        await desk.order_by_hand(group)
    wishes = [wish for group in groups for wish in group]

    def ends() -> list[_End] | None:
        found = [_end(desk.view, wish, end_of) for wish in wishes]
        return None if None in found else [one for one in found if one is not None]

    known = await desk.until(ends)
    if known is not None:
        return known
    return [_end(desk.view, wish, end_of) or _unknown(desk.view, wish) for wish in wishes]


def _end(
    view: DeskView,
    wish: OrderedByHand,
    end_of: Callable[[DeskView, OrderedByHand], _End | None],
) -> _End | None:
    name = wish.intent.intent_id
    recorded = view.seen.by_hand.get(name)
    if recorded is None:
        return None  # it is on record, and this fold is not so far yet
    if recorded.request != wish.request:
        return _End(
            None,
            CallRefused(Code.CONFLICT, "this once-key was said with another order: take a new one"),
        )
    refused = view.seen.refused_by_hand.get(name)
    if refused is not None:
        code = Code.INSUFFICIENT_FUNDS if refused.reason in _FUNDS else Code.NOT_APPROVED
        meant = WORDS.get(refused.reason, refused.reason)
        return _End(
            None,
            CallRefused(code, f"risk: {refused.reason}, {meant} ({refused.detail}); intent {name}"),
        )
    return end_of(view, wish)


def _placed(view: DeskView, wish: OrderedByHand) -> _End | None:
    order = view.books.index.order_of_intent(wish.intent.intent_id)
    if order is None or order.phase in _BEFORE_AN_ANSWER:
        return None
    line = order_line(view.books, order.client_order_id)
    never_there = order.phase in (OrderStatus.REJECTED, OrderStatus.NEVER_PLACED) or (
        order.phase is OrderStatus.EXPIRED and order.accepted is None
    )
    if not never_there:
        return _End(line)
    code = _refusal_of(order.rejected) if order.rejected is not None else Code.REFUSED
    words = f"order {order.client_order_id} is {order.phase}: {line.reason}"
    return _End(None, CallRefused(code, words))


def _cancelled(view: DeskView, wish: OrderedByHand) -> _End | None:
    order = view.books.orders[wish.request]
    return _End(order_line(view.books, wish.request)) if order.terminal else None


def _unknown(view: DeskView, wish: OrderedByHand) -> _End:
    """Answer for a wish whose end nobody knows yet: its order as it stands, else that there is none so far."""
    intent = wish.intent
    target = getattr(intent, "target_intent_id", intent.intent_id)
    order = view.books.index.order_of_intent(target)
    if order is not None:
        return _End(order_line(view.books, order.client_order_id))
    words = f"intent {intent.intent_id} is on record and has no order yet: ask again with the same once-key"
    return _End(None, CallRefused(Code.UNAVAILABLE, words))


def _refusal_of(rejected: Rejected) -> Code:
    if rejected.code == THROTTLED:
        return Code.RATE_LIMITED
    is_short = rejected.reason.partition(":")[0] == Refusal.FUNDS
    return Code.INSUFFICIENT_FUNDS if is_short else Code.VENUE_REFUSED


def _named(view: DeskView, asked: OfVenueOrder) -> Order:
    return view.books.orders[get_order(view, asked).client_order_id]


def _by_our_id(name: str) -> OfVenueOrder:
    return OfVenueOrder(client_order_id=name)


def _one(ends: list[_End]) -> Acted[OrderLine]:
    (end,) = ends
    if end.line is None:
        raise end.refusal or CallRefused(Code.UNKNOWN, "an order without an end")
    return Acted(reply=end.line, before={}, after=_after(end.line))


def _several(ends: list[_End]) -> Acted[OrdersDone]:
    lines = tuple(end.line for end in ends if end.line is not None)
    errors = tuple(
        OrderFailure(index=number, error=end.refusal.code.value, detail=end.refusal.detail)
        for number, end in enumerate(ends)
        if end.refusal is not None
    )
    done = OrdersDone(orders=lines, all_success=not errors, errors=errors)
    return Acted(reply=done, before={}, after={"orders": [_after(one) for one in lines]})


def _after(line: OrderLine) -> Plain:
    return {"client_order_id": line.client_order_id, "status": line.status}
