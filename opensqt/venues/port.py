"""A venue as the executor sees it: what may be asked of one account."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from opensqt.domain.account import FundingPaid
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.venue import (
    AccountView,
    CancelOutcome,
    EndReason,
    LookOutcome,
    Obstacle,
    OrderRequest,
    OrderView,
    PlaceOutcome,
    Policy,
    PrivateEvent,
    TradeView,
    no_obstacle,
)
from opensqt.domain.venue_contact import Contact


class Orders(Protocol):
    """What may be asked about orders. A request is sent once; whatever comes back is an outcome.

    What a market does not have (`opensqt/domain/capability.py`) raises `NotSupported` before anything is sent.
    """

    async def place(
        self, request: OrderRequest, *, obstacle: Obstacle = no_obstacle
    ) -> PlaceOutcome:
        """Send one place request, once, unless there is an obstacle when its turn has come."""

    async def place_batch(
        self, requests: Sequence[OrderRequest], *, obstacle: Obstacle = no_obstacle
    ) -> tuple[PlaceOutcome, ...]:
        """Send places of one symbol as one request, once; return the outcome of each, in their order.

        Each lives or fails for itself; without an answer all are in doubt. The smallest deadline holds for all.
        """

    async def cancel(
        self, symbol: str, client_order_id: str, *, urgent: bool = False
    ) -> CancelOutcome:
        """Send one cancel request, once; `urgent` (the kill switch) does not wait for the rate budget."""

    async def cancel_batch(
        self, symbol: str, client_order_ids: Sequence[str], *, urgent: bool = False
    ) -> tuple[CancelOutcome, ...]:
        """Cancel orders of one symbol with one request, once; return the outcome of each, in their order.

        `NotFound` is no failure: the order is gone already, or was never there.
        """

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask for one order by our id."""

    async def arm_dead_man(self, symbols: Sequence[str], *, span_s: int) -> None:
        """Let the venue cancel all orders of these symbols, or of the account, in so many s of its clock; 0 disarms.

        Raises `VenueDown` where it did not say that it will.
        """


class AccountReads(Protocol):
    """What may be read of one account. All raise `VenueDown`."""

    async def open_orders(self, symbol: str) -> list[OrderView]:
        """Return all open orders of a symbol, also those that are not ours."""

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Return all our trades beyond a cursor ("" = since a market time), oldest first, fully paged."""

    async def account(self) -> AccountView:
        """Return balances and positions of all wallets."""

    async def funding_paid(self, symbol: str, *, since_ms: int) -> list[FundingPaid]:
        """Return booked funding payments since a market time, oldest first, fully paged."""

    async def forced_by(self, symbol: str, venue_order_id: str) -> EndReason | None:
        """Ask why the venue made an order, of its own id, by itself; None: it did not, or it does not say."""

    async def rules(self, symbols: Sequence[str]) -> tuple[InstrumentRules, ...]:
        """Return filters and this account's fees of these symbols."""


class Venue(Orders, AccountReads, Protocol):
    """Orders and reads of one account at one venue (spot and perp), and how the venue is."""

    @property
    def urgent(self) -> "Venue":
        """The same account for whoever settles an order in doubt: its reads use the share that is kept for exits."""

    def private(self) -> AsyncIterator[PrivateEvent]:
        """Yield what the private streams say, every frame unconflated, reconnecting for ever."""

    async def probe(self) -> None:
        """Ask for any answer where none was heard lately; what came of it stands in `contact`. Never raises."""

    @property
    def contact(self) -> Contact:
        """Whether the venue answers at all."""

    def trouble(self) -> str:
        """Say why the venue counts as degraded (too many errors lately), an empty text while it does not."""

    @property
    def policy(self) -> Policy:
        """The venue's assumptions."""

    async def close(self) -> None:
        """Disconnect."""
