"""A simulated venue in this process, behind the venue port: one account at an `Exchange`, without wire and faults.

It tells what the wire of its dialect tells and nothing more: the contract suite compares both.
"""

from collections.abc import AsyncIterator, Sequence

import msgspec

from opensqt.domain.account import FundingPaid
from opensqt.domain.capability import Capability, require
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.venue import (
    AccountView,
    EndReason,
    OrderView,
    Policy,
    PrivateEvent,
    TradeView,
)
from opensqt.domain.venue_contact import Contact
from opensqt.simulation.account_orders import ALL, SimulatedOrders, VenueTerms, unknown_symbol
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.forced_orders import forced_by
from opensqt.simulation.engine.records import Window
from opensqt.simulation.private_stream import PrivateStream
from opensqt.simulation.views import (
    account_view,
    funding_paid,
    order_view,
    trade_view,
)


class SimulatedVenue(SimulatedOrders):
    """Orders and reads of one account; a read always succeeds."""

    def __init__(
        self,
        exchange: Exchange,
        account: str,
        terms: VenueTerms,
        stream: PrivateStream | None = None,
    ) -> None:
        super().__init__(exchange, account, terms)
        self.stream = stream or PrivateStream(exchange, account, terms.manner)
        self.contact = Contact(exchange.clock.market_ms)

    async def open_orders(self, symbol: str) -> list[OrderView]:
        """Return all open orders of a symbol."""
        orders = self.exchange.open.get((self._account, symbol), {}).values()
        return [order_view(order, manner=self._terms.manner) for order in orders]

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Return all our trades beyond a cursor, here a trade's id ("" = since a market time), oldest first."""
        window = Window(start_ms=since_ms, limit=ALL)
        if after:
            window = Window(from_id=int(after) + 1, limit=ALL)
        found = self.exchange.store.records.executions(self._account, symbol, window)
        return [trade_view(fill, manner=self._terms.manner) for fill in found]

    async def account(self) -> AccountView:
        """Return balances and positions of all wallets."""
        exchange, manner = self.exchange, self._terms.manner
        return account_view(exchange.settlement, self._account, exchange.open, manner)

    @property
    def urgent(self) -> "SimulatedVenue":
        """Return itself: there is no budget."""
        return self

    async def funding_paid(self, symbol: str, *, since_ms: int) -> list[FundingPaid]:
        """Return booked funding payments since a market time, oldest first."""
        require(self._terms.policy, symbol, Capability.FUNDING_PAID)
        window = Window(start_ms=since_ms, limit=ALL)
        rows = self.exchange.store.records.income(self._account, symbol, "FUNDING_FEE", window)
        venue, manner = self.exchange.settlement.venue, self._terms.manner
        return [funding_paid(venue, row, manner) for row in rows]

    async def forced_by(self, symbol: str, venue_order_id: str) -> EndReason | None:
        """Tell why the exchange made an order, of its own id, by itself; None: it did not."""
        order = self.exchange.store.records.order_by_id(self._account, symbol, int(venue_order_id))
        return (
            forced_by(order.client_order_id) if order and self._terms.manner.names_forced else None
        )

    async def rules(self, symbols: Sequence[str]) -> tuple[InstrumentRules, ...]:
        """Return filters and fees of these symbols; raise `LookupError` naming an unknown one."""
        known, now_ms = self.exchange.rules, self.exchange.clock.market_ms()
        for symbol in symbols:
            if symbol not in known:
                raise LookupError(unknown_symbol(symbol, known))
        return tuple(msgspec.structs.replace(known[symbol], time_ms=now_ms) for symbol in symbols)

    def private(self) -> AsyncIterator[PrivateEvent]:
        """Yield what the private stream says from now on."""
        return self.stream.listen()

    async def probe(self) -> None:
        """Do nothing: a venue in this process always answers."""

    def trouble(self) -> str:
        """Say nothing: a venue in this process is never degraded."""
        return ""

    @property
    def policy(self) -> Policy:
        """The venue's assumptions."""
        return self._terms.policy

    async def close(self) -> None:
        """End the private stream."""
        self.stream.close()
