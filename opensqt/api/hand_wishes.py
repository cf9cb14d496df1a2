"""From what a person asks to the wish that is put on record: the same call makes the same wish. Pure."""

from decimal import Decimal

import msgspec

from opensqt.api.call import Deed
from opensqt.api.codes import CallRefused, Code
from opensqt.api.hand_shapes import NewOrder
from opensqt.api.lines import place_of
from opensqt.api.view import DeskView
from opensqt.api.worth import account_of
from opensqt.domain import ids
from opensqt.domain.control import MANUAL_OWNER, OrderedByHand
from opensqt.domain.intent import (
    Basis,
    CancelIntent,
    OrderType,
    PlaceIntent,
    Purpose,
    TimeInForce,
)
from opensqt.domain.order_state import Order

VALID_MS = 10_000  # wall: later nobody sends it
_NOTHING_SEEN = Basis(generation=0, sequence=0)
_BY_HAND = "by hand"


def placing(view: DeskView, asked: NewOrder, deed: Deed, number: int = 0) -> OrderedByHand:
    """Return the wish for an order; `number` tells the orders of one call apart. Raises `CallRefused`."""
    venue, account, symbol = _where(view, asked)
    slot, now_ms = _slot(deed, number), view.now_ms()
    intent = PlaceIntent(
        intent_id=ids.intent_id(strategy=MANUAL_OWNER, slot=slot, cycle=1, action="place"),
        strategy=MANUAL_OWNER,
        slot=slot,
        cycle=1,
        venue=venue,
        account=account,
        symbol=symbol,
        side=asked.side,
        type=asked.type,
        time_in_force=_time_in_force(asked),
        price=_price(asked),
        quantity=asked.quantity,
        purpose=Purpose.CLOSE if asked.reduce_only else Purpose.OPEN,
        created_ms=now_ms,
        valid_until_ms=now_ms + int(VALID_MS * view.speed),
        basis=_NOTHING_SEEN,
        reason=asked.reason or _BY_HAND,
    )
    request = msgspec.json.encode(asked).decode()
    return OrderedByHand(place=intent, request=request, actor=deed.actor, time_ms=now_ms)


def cancelling(
    view: DeskView, order: Order, deed: Deed, reason: str, part: int | str = 0
) -> OrderedByHand:
    """Return the wish to cancel an order that was placed; `part` tells the wishes of one call apart.

    Raises `CallRefused` for an order that was not placed by us.
    """
    if order.placed is None:
        raise CallRefused(
            Code.REFUSED, f"order {order.client_order_id} is not ours: cancel it at the venue"
        )
    ref, now_ms = order.placed.ref, view.now_ms()
    slot = _slot(deed, part)
    intent = CancelIntent(
        intent_id=ids.intent_id(strategy=MANUAL_OWNER, slot=slot, cycle=1, action="cancel"),
        strategy=MANUAL_OWNER,
        venue=ref.venue,
        account=ref.account,
        symbol=ref.symbol,
        target_intent_id=ref.intent_id,
        created_ms=now_ms,
        valid_until_ms=now_ms + int(VALID_MS * view.speed),
        basis=_NOTHING_SEEN,
        reason=reason or _BY_HAND,
    )
    return OrderedByHand(
        cancel=intent, request=order.client_order_id, actor=deed.actor, time_ms=now_ms
    )


def _slot(deed: Deed, part: int | str) -> str:
    return f"{deed.call_id}-{part}"


def _where(view: DeskView, asked: NewOrder) -> tuple[str, str, str]:
    venue, _ = place_of(view, asked.symbol, asked.venue or _venue_of(view, asked.account))
    accounts = sorted(
        {one for at, one, name in view.config.places() if (at, name) == (venue, asked.symbol)}
    )
    if (asked.account and asked.account not in accounts) or not accounts:
        known = ", ".join(accounts) or "no account"
        raise CallRefused(
            Code.NOT_FOUND, f"account {asked.account!r}: {asked.symbol} is traded by {known}"
        )
    if not asked.account and len(accounts) > 1:
        raise CallRefused(
            Code.INVALID, f"account: {asked.symbol} is traded by {', '.join(accounts)}, name one"
        )
    return venue, asked.account or accounts[0], asked.symbol


def _venue_of(view: DeskView, account: str) -> str:
    return account_of(view, account)[0] if account else ""


def _price(asked: NewOrder) -> Decimal:
    if asked.quantity <= 0:
        raise CallRefused(Code.INVALID, f"quantity: expected more than 0, not {asked.quantity}")
    if asked.type is OrderType.LIMIT and asked.price <= 0:
        raise CallRefused(
            Code.INVALID, f"price: a limit order needs one above 0, not {asked.price}"
        )
    if asked.type is OrderType.MARKET and asked.price != 0:
        raise CallRefused(Code.INVALID, "price: a market order has none; leave it out")
    return asked.price


def _time_in_force(asked: NewOrder) -> TimeInForce:
    if asked.type is OrderType.MARKET:
        if asked.post_only:
            raise CallRefused(Code.INVALID, "post_only: a market order takes; leave it out")
        return TimeInForce.IOC
    return TimeInForce.POST_ONLY if asked.post_only else asked.time_in_force
