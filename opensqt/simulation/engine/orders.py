"""Orders and executions as a simulated venue keeps them, and the rules in which venues differ.

A `VenueOrder` is the one mutable entity of the venue: only the matching engine and the exchange change it. Nothing
here reads a clock or does I/O.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, TimeInForce


class Status(StrEnum):
    """The venue's view of an order."""

    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    EXPIRED_IN_MATCH = "expired_in_match"
    EXPIRED_POST_ONLY = "expired_post_only"  # taken, and ended at once because it would have traded


OPEN = (Status.NEW, Status.PARTIALLY_FILLED)


class VenueOrder(msgspec.Struct, kw_only=True):
    """One accepted order. `ahead` is the quantity of other people queued before it at its price (base units).

    `name` is its id as the venue writes it, where that is not the number.
    """

    order_id: int
    client_order_id: str
    account: str
    symbol: str
    market: Market
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal = ZERO
    reduce_only: bool = False
    status: Status = Status.NEW
    filled: Decimal = ZERO
    cost: Decimal = ZERO
    ahead: Decimal = ZERO
    cancel_id: str = ""
    created_ms: int = 0
    updated_ms: int = 0
    name: str = ""

    @property
    def venue_order_id(self) -> str:
        """Its id as the venue writes it."""
        return self.name or str(self.order_id)

    @property
    def remaining(self) -> Decimal:
        """Quantity not yet filled (base units)."""
        return self.quantity - self.filled

    @property
    def is_open(self) -> bool:
        """Whether the order can still be filled."""
        return self.status in OPEN

    def crosses(self, price: Decimal) -> bool:
        """Whether this order would trade at a counter price."""
        if self.type is OrderType.MARKET:
            return True
        return price <= self.price if self.side is Side.BUY else price >= self.price


def named_order(
    orders: Iterable[VenueOrder], *, order_id: int | None, client_id: str
) -> VenueOrder | None:
    """Find an order by the venue's id, or by ours where that is None; None where there is none."""
    for order in orders:
        if order.client_order_id == client_id if order_id is None else order.order_id == order_id:
            return order
    return None


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One fill of one order. `fee` is positive when paid; `realized_pnl` (quote) is for perps, rounded to 8 digits."""

    trade_id: int
    order_id: int
    client_order_id: str
    account: str
    symbol: str
    market: Market
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool
    time_ms: int
    realized_pnl: Decimal = ZERO
    name: str = ""
    order_name: str = ""

    @property
    def venue_trade_id(self) -> str:
        """Its id as the venue writes it."""
        return self.name or str(self.trade_id)

    @property
    def venue_order_id(self) -> str:
        """The id of its order as the venue writes it."""
        return self.order_name or str(self.order_id)


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an order that passed the dialect's checks of form and filters."""

    account: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    price: Decimal = ZERO
    client_order_id: str = ""
    reduce_only: bool = False


class Reason(StrEnum):
    """Why the engine refuses; each dialect has its own code and text for it."""

    DUPLICATE_ID = "duplicate_id"
    WOULD_TAKE = "would_take"
    INSUFFICIENT = "insufficient"
    REDUCE_ONLY = "reduce_only"
    UNKNOWN_CANCEL = "unknown_cancel"
    UNKNOWN_ORDER = "unknown_order"
    NO_LIQUIDITY = "no_liquidity"


class OrderRefusal(Exception):
    """The engine refuses a request; nothing was changed."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Uniqueness(StrEnum):
    """Where a client id may not be used twice."""

    OPEN_ORDERS = "open_orders"
    NEVER = "never"


class IdentityPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """A venue's promise about client ids: uniqueness, and how long an order is found by id.

    `unfilled_visible_ms` is how long a closed order without a fill is shown at all, `closed_visible_ms` how long any
    closed order is found by our id, both in market time; None is for ever. Defaults are Binance's.
    """

    uniqueness: Uniqueness = Uniqueness.OPEN_ORDERS
    unfilled_visible_ms: int | None = 3 * 24 * 3_600_000
    closed_visible_ms: int | None = None

    def shows(self, order: VenueOrder, now_ms: int) -> bool:
        """Whether listings, and queries by the venue's id, still show this order at market time `now_ms`."""
        if order.is_open or order.filled > 0 or self.unfilled_visible_ms is None:
            return True
        return now_ms - order.updated_ms < self.unfilled_visible_ms

    def finds(self, order: VenueOrder, now_ms: int) -> bool:
        """Whether a query by our id still finds this order at market time `now_ms`."""
        if order.is_open or self.closed_visible_ms is None:
            return self.shows(order, now_ms)
        recent = now_ms - order.updated_ms < self.closed_visible_ms
        return recent and self.shows(order, now_ms)


def plain_id(market: Market, number: int) -> str:
    """Write an id as the number that it is."""
    del market
    return str(number)


class VenueConduct(msgspec.Struct, frozen=True, kw_only=True):
    """What venues do differently with the same orders; defaults are Binance's.

    `takes_post_only`: a post-only order that would trade is accepted and ended at once, where others refuse it.
    `one_wallet`: spot and perpetuals are paid from the same balances. `wire_id` writes the ids of orders and trades.
    """

    takes_post_only: bool = False
    one_wallet: bool = False
    wire_id: Callable[[Market, int], str] = plain_id


USUAL_CONDUCT = VenueConduct()

# Gate: no uniqueness is documented; our id finds pending orders only; unfilled ones are gone after ten minutes.
GATE_IDENTITY = IdentityPolicy(
    uniqueness=Uniqueness.NEVER, unfilled_visible_ms=10 * 60_000, closed_visible_ms=0
)


class MatchingAccounts(Protocol):
    """What the matching engine asks of the accounts while it matches."""

    def fillable(self, order: VenueOrder) -> Decimal:
        """How much of this order may be filled now (a reduce-only order never more than the position)."""

    def matched(self, order: VenueOrder, price: Decimal, quantity: Decimal, *, maker: bool) -> None:
        """Book a fill; the order already carries it."""
