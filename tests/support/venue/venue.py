"""A simulated venue whose answers may be lost, late, refused or blind, as a test sets it. Deterministic."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TypeVar

from opensqt.domain.account import FundingPaid
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.domain.venue import (
    AccountView,
    CancelOutcome,
    InDoubt,
    LookOutcome,
    NotFound,
    NotSent,
    Obstacle,
    OrderRequest,
    OrderView,
    PlaceOutcome,
    Policy,
    TradeView,
    no_obstacle,
)
from opensqt.simulation.engine.order_lookup import newest_order
from opensqt.simulation.engine.orders import GATE_IDENTITY
from opensqt.simulation.venue import SimulatedVenue
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.faults import EVIDENCE, Fault, Faults, failed_by, refused_by
from tests.support.venue.simulated import terms

__all__ = ["Fault", "Faults", "FaultyVenue"]

Outcome = TypeVar("Outcome")


class FaultyVenue(SimulatedVenue):
    """A request of the account meets one fault ("place", "cancel"), each order of it its own ("order", "end").

    With a `line`, place requests pass one after another, as they do where a rate budget is short.
    """

    exchange: RiggedExchange

    def __init__(self, exchange: RiggedExchange, policy: Policy | None = None) -> None:
        super().__init__(exchange, exchange.account, terms(policy), exchange.stream)
        if self.policy.id_unique == "never":
            exchange.policy = GATE_IDENTITY  # the venue keeps no promise that we do not assume
        self.faults = Faults(exchange)
        self.sent: list[OrderRequest] = []
        self.batches: list[int] = []  # how many orders each place request held
        self.cancels: list[int] = []  # and each cancel request
        self.line: asyncio.Lock | None = None

    async def place_batch(
        self, requests: Sequence[OrderRequest], *, obstacle: Obstacle = no_obstacle
    ) -> tuple[PlaceOutcome, ...]:
        """Send places of one symbol as one request, once."""
        async with self.line or contextlib.nullcontext():
            kept = [obstacle(one.client_order_id) for one in requests]
            leaving = [one for one, why in zip(requests, kept, strict=True) if not why]
            fault = self.faults.take("place") if leaving else None
            if leaving:
                self.batches.append(len(leaving))
            self.sent.extend(leaving)
            if fault is Fault.LATE:
                self.faults.hold(leaving)
            outcomes = iter([self._meet(one, leaving, fault) for one in leaving])
            return tuple(NotSent(cause=why) if why else next(outcomes) for why in kept)

    async def cancel(
        self, symbol: str, client_order_id: str, *, urgent: bool = False
    ) -> CancelOutcome:
        """Send one cancel request, once."""
        return (await self._cancel(symbol, (client_order_id,), urgent=urgent))[0]

    async def cancel_batch(
        self, symbol: str, client_order_ids: Sequence[str], *, urgent: bool = False
    ) -> tuple[CancelOutcome, ...]:
        """Cancel orders of one symbol with one request, once."""
        return await self._cancel(symbol, client_order_ids, urgent=urgent)

    async def _cancel(
        self, symbol: str, client_order_ids: Sequence[str], *, urgent: bool
    ) -> tuple[CancelOutcome, ...]:
        self.cancels.append(len(client_order_ids))
        fault = self.faults.take("cancel")
        failed = failed_by(fault)
        if failed is not None:
            return (failed,) * len(client_order_ids)
        ended = [await self._end(symbol, name, urgent=urgent) for name in client_order_ids]
        return tuple(_unless_lost(fault, one) for one in ended)

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask for one order by our id; a listing is a request of its own."""
        order = newest_order(self.exchange, self.exchange.account, symbol, client_order_id)
        shown = order if self.exchange.shows(client_order_id) else None
        failed = failed_by(self.faults.take("look"))
        ended = shown is None or not shown.is_open
        if failed is None and ended and self.policy.by_id_query == "open":
            failed = failed_by(self.faults.take("look"))
        if failed is not None:
            return failed
        if shown is None:
            return NotFound(code="-2013", evidence=EVIDENCE)
        return await super().look(symbol, client_order_id)

    async def open_orders(self, symbol: str) -> list[OrderView]:
        """Return all open orders of a symbol that are shown by now."""
        self.faults.check_read("open_orders")
        found = await super().open_orders(symbol)
        return [one for one in found if self.exchange.shows(one.client_order_id)]

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Return our trades that are shown by now."""
        self.faults.check_read("trades")
        found = await super().trades(symbol, after=after, since_ms=since_ms)
        return [one for one in found if self.exchange.shows_trade(symbol, one.trade_id)]

    async def probe(self) -> None:
        """Ask each market for an answer."""
        for market in Market:
            self.contact.ask(market)
            if self.faults.take("probe") is None:
                self.contact.hear(market)

    async def account(self) -> AccountView:
        """Return balances and positions of all wallets."""
        self.faults.check_read("account")
        return await super().account()

    @property
    def urgent(self) -> "FaultyVenue":
        """Return itself: there is no budget."""
        return self

    async def funding_paid(self, symbol: str, *, since_ms: int) -> list[FundingPaid]:
        """Return booked funding payments."""
        self.faults.check_read("funding_paid")
        return await super().funding_paid(symbol, since_ms=since_ms)

    async def rules(self, symbols: Sequence[str]) -> tuple[InstrumentRules, ...]:
        """Return the filters of these symbols."""
        self.faults.check_read("rules")
        return await super().rules(symbols)

    def trouble(self) -> str:
        """Say why the venue counts as degraded, an empty text while it does not."""
        return self.faults.troubles.why()

    def _meet(
        self, request: OrderRequest, leaving: Sequence[OrderRequest], fault: Fault | None
    ) -> PlaceOutcome:
        own = fault if failed_by(fault) else self.faults.take("order")
        failed = failed_by(own) or refused_by(own) or refused_by(fault)
        if failed is not None:
            return failed
        return _unless_lost(fault, self.take(request, leaving))

    async def _end(self, symbol: str, client_order_id: str, *, urgent: bool) -> CancelOutcome:
        failed = failed_by(self.faults.take("end"))
        if failed is not None:
            return failed
        if not self.exchange.holds(client_order_id):
            return NotFound(code="-2011", evidence=EVIDENCE)
        return await super().cancel(symbol, client_order_id, urgent=urgent)


def _unless_lost(fault: Fault | None, outcome: Outcome) -> Outcome | InDoubt:
    return InDoubt(cause="timeout", evidence=b"") if fault is Fault.LOST_ACK else outcome
