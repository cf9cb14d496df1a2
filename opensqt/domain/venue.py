"""What is asked of a venue, and the few things an answer can mean. Pure values.

Unknown is an answer: what does not prove acceptance or refusal is `InDoubt`, never an exception and never a refusal.
"""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.instruments import Market, Side, market_of
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.order_events import Liquidity


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A place request. `signed_ms` is the market time of the lease check; the venue refuses it after `deadline_ms`."""

    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: Decimal
    quantity: Decimal
    reduce_only: bool
    signed_ms: int
    deadline_ms: int


class EndReason(StrEnum):
    """Why the venue ended an order that it had taken, whatever it calls it; the word before the colon in a reason."""

    DELEVERAGED = "deleveraged"
    FUNDS = "funds"
    LIQUIDATED = "liquidated"
    POST_ONLY = "post_only"
    REDUCE_ONLY = "reduce_only"
    SELF_TRADE = "self_trade"
    SETTLED = "settled"


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """An order as the venue shows it. `status`: open, filled, canceled, expired, rejected (venue's view).

    `reason` begins with a word of `EndReason` or `Refusal` where the venue tells one of them.
    """

    client_order_id: str
    venue_order_id: str
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    filled_quantity: Decimal
    status: str
    reason: str
    time_ms: int
    evidence: bytes


class TradeView(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of ours as the venue shows it. `client_order_id` is empty where the venue does not say.

    `cursor` is what a list of trades is read on from, if that is not the trade's id; only the venue understands it.
    """

    trade_id: str
    venue_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Liquidity
    realized_pnl: Decimal | None  # None: the venue does not say what a trade of a perpetual gained
    time_ms: int
    evidence: bytes
    cursor: str = ""
    wallet: str = ""
    forced: EndReason | None = (
        None  # the venue traded by itself: liquidated, deleveraged or settled
    )


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Proof of presence: the venue holds (or held) the order. `duplicate`: it said so by refusing a second one."""

    order: OrderView | None
    venue_order_id: str
    duplicate: bool
    evidence: bytes


class Refusal(StrEnum):
    """What a definite refusal means, whatever the venue's code is; the word before the colon in `Refused.reason`."""

    ACCOUNT = "account"
    AUTH = "auth"
    CLOCK = "clock"
    DUPLICATE = "duplicate"
    FILTER = "filter"
    FUNDS = "funds"
    MARKET_CLOSED = "market_closed"
    NOT_FILLABLE = "not_fillable"
    OPEN_ORDERS = "open_orders"
    PARAMETER = "parameter"
    POSITION_MODE = "position_mode"
    POST_ONLY = "post_only"
    REDUCE_ONLY = "reduce_only"
    SYMBOL = "symbol"


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """A definite refusal: the code stands in the venue's table of refusals."""

    kind: Refusal
    code: str
    reason: str
    evidence: bytes


class Acknowledged(msgspec.Struct, frozen=True, kw_only=True):
    """The venue has the request and promises nothing: what became of the order is told by its stream, or by a look."""

    venue_order_id: str
    evidence: bytes


class Throttled(msgspec.Struct, frozen=True, kw_only=True):
    """A definite rate-limit refusal; nothing was placed."""

    retry_after_ms: int
    evidence: bytes


class NotSent(msgspec.Struct, frozen=True, kw_only=True):
    """The request never left this machine."""

    cause: str


class InDoubt(msgspec.Struct, frozen=True, kw_only=True):
    """The request may have had its effect."""

    cause: str
    evidence: bytes


class NotFound(msgspec.Struct, frozen=True, kw_only=True):
    """The venue does not know the id (or does not show it any more); proves nothing by itself."""

    code: str
    evidence: bytes


# Asked with our id at the moment of sending, after all waiting: why the place must not leave, "" if it may.
Obstacle = Callable[[str], str]


def no_obstacle(client_order_id: str) -> str:
    """Let everything leave."""
    del client_order_id
    return ""


PlaceOutcome = Held | Acknowledged | Refused | Throttled | NotSent | InDoubt


CancelOutcome = Held | NotFound | Refused | Throttled | NotSent | InDoubt


LookOutcome = Held | NotFound | Throttled | NotSent | InDoubt


class VenueDown(ConnectionError):
    """A read was not answered; nothing may be concluded."""


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """Balances and positions of all wallets, with the raw answers."""

    balances: tuple[SnapshotBalance, ...]
    positions: tuple[SnapshotPosition, ...]
    evidence: bytes
    margin_health: Decimal | None = None  # 0 to 1; None where the venue says none


class StreamUp(msgspec.Struct, frozen=True, kw_only=True):
    """The private stream (re)connected: everything before may have been missed; REST must be read again."""

    time_ms: int


class StreamDown(msgspec.Struct, frozen=True, kw_only=True):
    """The private stream is lost or mute."""

    cause: str
    time_ms: int


class BalanceView(msgspec.Struct, frozen=True, kw_only=True):
    """A wallet balance pushed by the venue."""

    balance: SnapshotBalance
    reason: str
    time_ms: int


PrivateEvent = StreamUp | StreamDown | OrderView | TradeView | BalanceView | FundingPaid


class DeadManTimer(msgspec.Struct, frozen=True, kw_only=True):
    """A timer of the venue that cancels all open orders in these markets unless it is set again; `s` by its clock."""

    markets: tuple[Market, ...]
    least_s: int
    most_s: int


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What we assume of a venue, each a value with its source in the venue's table (docs/guarantees.md).

    `id_unique`: never, open (among open orders), always. `by_id_query`: open (only while open) or any. `ack`: holds (an
    answer to a place proves that the venue holds it) or promises; then the stream has `ack_grace_ms` to tell before we
    ask. `queue_ms`: how long a request may still wait where the deadline is checked at the venue's door only.
    `ended_shown_ms`: how long an ended order is found by id, `listed_ms`: among the newest of a list; market ms.
    `places_max`, `cancels_max`: orders in one request, by market (absent = 1); fewer than `places_min` go singly.
    """

    venue: str
    deadline_ms: int
    visibility_lag_ms: int
    clock_skew_ms_max: int
    id_unique: str
    by_id_query: str
    places_max: dict[Market, int] = {}
    places_min: int = 2
    cancels_max: dict[Market, int] = {}
    from_memory: tuple[str, ...] = ()
    ack: str = "holds"
    dead_man: DeadManTimer | None = None
    ack_grace_ms: int = 0
    queue_ms: int = 0
    ended_shown_ms: int = 24 * 3_600_000
    listed_ms: int = 600_000

    @property
    def fence_ms(self) -> int:
        """Wall ms from a deadline to the moment behind which absence can be proved."""
        return self.queue_ms + self.clock_skew_ms_max + self.visibility_lag_ms

    def places_at_once(self, symbol: str) -> int:
        """Return how many orders of a symbol one place request may hold."""
        return self.places_max.get(market_of(symbol), 1)

    def cancels_at_once(self, symbol: str) -> int:
        """Return how many orders of a symbol one cancel request may name."""
        return self.cancels_max.get(market_of(symbol), 1)
