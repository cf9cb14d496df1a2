"""What is asked and answered of orders by hand. Values only; prices in quote units, quantities in base units."""

from decimal import Decimal
from typing import Annotated

import msgspec

from opensqt.api.call import CallReply, CallRequest
from opensqt.api.exchange_shapes import OfVenueOrder
from opensqt.api.requests import OrderLine
from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, TimeInForce

BATCH_MAX = 20


class NewOrder(CallRequest, frozen=True, kw_only=True):
    """Asks for one order; the venue and the account may be left out where only one is meant."""

    symbol: str
    side: Side
    quantity: Decimal
    type: OrderType = OrderType.LIMIT
    price: Decimal = Decimal(0)  # of a limit order
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False  # the same as time_in_force post_only
    reduce_only: bool = False  # it only closes what orders by hand hold
    account: str = ""
    venue: str = ""
    reason: str = ""  # words for the record


class NewOrders(CallRequest, frozen=True, kw_only=True):
    """Asks for several orders; all are put on record together, then each goes its own way."""

    orders: Annotated[tuple[NewOrder, ...], msgspec.Meta(min_length=1, max_length=BATCH_MAX)]


class OrderEnd(OfVenueOrder, frozen=True, kw_only=True):
    """Asks to cancel one order, whoever owns it."""

    reason: str = ""


class OrderEnds(CallRequest, frozen=True, kw_only=True):
    """Asks to cancel several orders, by our ids."""

    client_order_ids: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=500)]
    reason: str = ""


class AllOrders(CallRequest, frozen=True, kw_only=True):
    """Asks to cancel every open order of an account, a symbol and an owner; what is left out means all of them."""

    account: str = ""
    symbol: str = ""
    strategy: str = ""  # `manual` for orders by hand
    reason: str = ""


class OrderFailure(CallReply, frozen=True, kw_only=True):
    """Why one order of several was not done: its place in the request, and code and words of its refusal."""

    index: int
    error: str
    detail: str


class OrdersDone(CallReply, frozen=True, kw_only=True):
    """What became of several orders, in the sequence in which they were asked for; those that failed are apart."""

    orders: tuple[OrderLine, ...] = ()
    all_success: bool
    errors: tuple[OrderFailure, ...] = ()
