"""What a venue's folder tells the engine: its endpoints, its formats and its table of errors. It holds no behaviour.

The engine sends, judges, pages, reconnects and keeps the budget; a dialect only knows the venue's words. Quantities
stand in it as the venue counts them: the engine turns contracts into base units.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.instruments import Market
from opensqt.domain.venue import (
    EndReason,
    OrderRequest,
    OrderView,
    Policy,
    PrivateEvent,
    Refusal,
    TradeView,
)
from opensqt.venues.engine.feed_format import FeedFormat
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.rate_limit import Rate
from opensqt.venues.engine.request import Page, Query, RestRequest, SigningWindow
from opensqt.venues.engine.response import VenueResponse


class AnswerRow(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer says of one order: an order in `data`, or an error `code`, which tables may know by `name`.

    A row of an error may say of which order it speaks.
    """

    code: str = ""
    text: str = ""
    name: str = ""
    data: bytes = b""
    client_order_id: str = ""


class ShownOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order as an answer shows it; `order` is None where the venue only acknowledges a request."""

    venue_order_id: str
    client_order_id: str
    order: OrderView | None = None


class ErrorTable(msgspec.Struct, frozen=True, kw_only=True):
    """A market's allow-list of errors by name; what is not here proves nothing and leaves an order in doubt.

    `unknown_to_cancel` and `unknown_to_look` say that there is no such order. `throttle_statuses` tells how long to
    wait in ms where the answer does not; `doubts` why a documented error proves nothing.
    """

    refusals: Mapping[str, Refusal]
    unknown_to_cancel: frozenset[str]
    unknown_to_look: frozenset[str]
    throttles: frozenset[str]
    throttle_statuses: Mapping[int, int]
    throttle_ms: int
    doubts: Mapping[str, str] = {}


class Tier(StrEnum):
    """How far a dialect is proved: only its author says so, recorded answers do, or a simulated venue over the wire."""

    DECLARED = "declared"
    RECORDED = "recorded"
    WIRE = "wire"


class AccountPart(msgspec.Struct, frozen=True, kw_only=True):
    """Balances and positions that one answer tells."""

    balances: tuple[SnapshotBalance, ...] = ()
    positions: tuple[SnapshotPosition, ...] = ()
    margin_health: Decimal | None = None  # 0 to 1


class Metadata(Protocol):
    """What a venue tells of itself and its instruments."""

    def client_options(self, markets: frozenset[Market], window_ms: int) -> Mapping[str, Any]:
        """Return the options of the ccxt client that loads these markets; `window_ms` is how long a request lives."""

    def clock(self, market: Market) -> Query[int]:
        """Ask for the venue's time in ms."""

    def used(self, request: RestRequest, headers: Mapping[str, str]) -> Mapping[str, float]:
        """Return what the venue counted of each bucket in this minute, as far as an answer says so."""

    def filters(self, listed: Mapping[str, Any], market: Market) -> Mapping[str, Any]:
        """Return the filters of `InstrumentRules`, from a listed market of ccxt; list fees where ccxt knows none."""


class OrderEndpoints(Protocol):
    """Places, cancels and looks."""

    def place(self, at: Instrument, orders: Sequence[OrderRequest]) -> RestRequest:
        """Return the request that places one order, or several at once; raise `Inexpressible`."""

    def timed(self, request: RestRequest, window: SigningWindow) -> RestRequest:
        """Let the venue refuse a place after its deadline."""

    def cancel(self, at: Instrument, client_order_ids: Sequence[str]) -> RestRequest:
        """Return the request that cancels one order, or several at once."""

    def looks(self, at: Instrument, client_order_id: str) -> Sequence[RestRequest]:
        """Return the requests that look for an order by our id, in their order."""

    def ended(self, at: Instrument) -> Query[Page[OrderView]]:
        """List all orders, also ended ones, oldest first: asked where an id names open orders only."""

    def said(self, response: VenueResponse) -> AnswerRow | None:
        """Return what a whole answer says; None where it is an error status without an error of the venue's."""

    def rows(self, response: VenueResponse, count: int) -> Sequence[AnswerRow]:
        """Return the rows of an answer about so many orders; any other number of rows is about all of them."""

    def shown(self, data: bytes, symbols: Symbols, market: Market) -> ShownOrder:
        """Read the order of an answer; raise `Unreadable`."""


class AccountEndpoints(Protocol):
    """What is read of an account."""

    def open_orders(self, at: Instrument) -> Query[Page[OrderView]]:
        """List the open orders of a symbol."""

    def trades(
        self, at: Instrument, *, after: str, since_ms: int, now_ms: int
    ) -> Query[Page[TradeView]]:
        """List our trades beyond a cursor, or from a time on, oldest first."""

    def funding(self, at: Instrument, *, account: str, since_ms: int) -> Query[Page[FundingPaid]]:
        """List booked funding payments from a time on."""

    def balances(self, markets: frozenset[Market]) -> Mapping[str, Query[AccountPart]]:
        """Return what must be asked for balances and positions; the names stand in the evidence."""

    def fees(self, at: Instrument) -> Query[tuple[Decimal, Decimal]]:
        """Ask for maker and taker fee of this account."""

    def modes(self, markets: frozenset[Market]) -> Sequence[Query[str]]:
        """Ask for what may keep the account from being traded: an answer is the reason with its fix, or empty."""


class StreamEnded(msgspec.Struct, frozen=True):
    """The venue says that a stream is over."""

    cause: str


class StreamSubscribed(msgspec.Struct, frozen=True):
    """The venue took a subscription or a login of a user stream."""


class UserConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A private connection: it is up when the venue has said `StreamSubscribed` so often.

    `key` is asked for before it is dialled; `renewal` is sent each `renew_ms` of market time.
    """

    name: str
    markets: frozenset[Market]
    subscriptions: int = 0
    key: Query[str] | None = None
    renewal: RestRequest | None = None
    renew_ms: int = 0


UserFrame = list[PrivateEvent] | StreamEnded | StreamSubscribed | None  # None: not ours


class UserStreamFormat(Protocol):
    """The private streams of an account."""

    def connections(self, markets: frozenset[Market]) -> Sequence[UserConnection]:
        """Return the connections that an account in these markets needs."""

    def url(self, connection: UserConnection, client: Any, key: str) -> str:
        """Return where a connection is dialled."""

    async def login(self, connection: UserConnection, client: Any) -> None:
        """Let ccxt log in on a dialled connection; raise `VenueDown`."""

    def messages(
        self, connection: UserConnection, client: Any, key: str
    ) -> Sequence[dict[str, Any]]:
        """Return what is sent after the login."""

    def read(self, connection: UserConnection, text: str, symbols: Symbols) -> UserFrame:
        """Read one frame; raise `Unreadable`."""


# Instruments and a span in s of the venue's clock -> the requests that arm its dead-man timer, 0 s disarms it.
DeadManRequests = Callable[[Sequence[Instrument], int], Sequence[RestRequest]]


def no_timer(instruments: Sequence[Instrument], span_s: int) -> Sequence[RestRequest]:
    """Return nothing: the policy of the venue has no timer."""
    del instruments, span_s
    return ()


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One venue, by the name that ccxt has for it."""

    name: str
    tier: Tier
    policy: Policy
    wallets: Sequence[str]  # of an account, each named by the markets that it serves
    rates: Mapping[str, Rate]  # by bucket, as requests name it in their cost
    errors: Mapping[Market, ErrorTable]
    secrets: Sequence[str] = ("api_key", "secret")  # fields of `[accounts.NAME]` that it needs
    measures_clock: bool = (
        False  # it takes what a clock signed that is further off than the fence allows
    )
    # What ccxt must be told, beside the market's type, to tell the tickers of all of a market.
    ticker_words: Mapping[Market, Mapping[str, str]] = {}
    metadata: Metadata
    orders: OrderEndpoints
    account: AccountEndpoints
    stream: UserStreamFormat
    feed: FeedFormat
    # Asks why the venue made an order, of its own id, by itself; an answer of None: it did not. Unset: it is not told.
    forced: Callable[[Instrument, str], Query[EndReason | None]] | None = None
    dead_man: DeadManRequests = no_timer  # where the policy has a timer
