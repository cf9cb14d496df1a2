"""The in-memory twin of the venue port, with faults that a test sets. Deterministic: the clock is passed in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

import msgspec

from opensqt.domain.account import FundingPaid
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.venue import (
    AccountView,
    CancelOutcome,
    Held,
    InDoubt,
    LookOutcome,
    NotFound,
    NotSent,
    Obstacle,
    OrderRequest,
    OrderView,
    PlaceOutcome,
    Policy,
    PrivateEvent,
    Refused,
    TradeView,
    no_obstacle,
)
from opensqt.venues.policy import policy_of
from tests.support.fakes.venue_checks import Denial
from tests.support.fakes.venue_exchange import Ending, MemoryExchange, MemoryOrder
from tests.support.fakes.venue_faults import DENIALS, EVIDENCE, Fault, Faults, failed_by

__all__ = ["Fault", "Faults", "MemoryOrders", "MemoryVenue"]

Outcome = TypeVar("Outcome")


class MemoryOrders:
    """Places, cancels and looks. A request meets one fault ("place", "cancel"), each order its own ("order", "end").

    With a `line`, place requests pass one after another, as they do where a rate budget is short.
    """

    def __init__(self, exchange: MemoryExchange, policy: Policy | None = None) -> None:
        self.exchange = exchange
        self.faults = Faults(exchange)
        self.sent: list[OrderRequest] = []
        self.batches: list[int] = []  # how many orders each place request held
        self.cancels: list[int] = []  # and each cancel request
        self.line: asyncio.Lock | None = None
        self._policy = policy or policy_of("binance")

    async def place(
        self, request: OrderRequest, *, obstacle: Obstacle = no_obstacle
    ) -> PlaceOutcome:
        """Send one place request, once."""
        return (await self._send((request,), obstacle))[0]

    async def place_batch(
        self, requests: Sequence[OrderRequest], *, obstacle: Obstacle = no_obstacle
    ) -> tuple[PlaceOutcome, ...]:
        """Send places of one symbol as one request, once."""
        return await self._send(requests, obstacle)

    async def cancel(
        self, symbol: str, client_order_id: str, *, urgent: bool = False
    ) -> CancelOutcome:
        """Send one cancel request, once; there is no rate budget here that `urgent` could pass by."""
        del urgent
        return self._cancel(symbol, (client_order_id,))[0]

    async def cancel_batch(
        self, symbol: str, client_order_ids: Sequence[str], *, urgent: bool = False
    ) -> tuple[CancelOutcome, ...]:
        """Cancel orders of one symbol with one request, once."""
        del urgent
        return self._cancel(symbol, client_order_ids)

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask for one order by our id; where ids name open orders only, also among the newest orders of all."""
        order = self.exchange.newest(client_order_id)
        shown = order if order is not None and order.request.symbol == symbol else None
        failed = failed_by(self.faults.take("look"))
        ended = shown is None or shown.ending is not Ending.OPEN
        if failed is None and ended and self._policy.by_id_query == "open":
            failed = failed_by(self.faults.take("look"))  # the listing is a request of its own
        if failed is not None:
            return failed
        return NotFound(code="-2013", evidence=EVIDENCE) if shown is None else _held(shown)

    async def _send(
        self, requests: Sequence[OrderRequest], obstacle: Obstacle
    ) -> tuple[PlaceOutcome, ...]:
        async with self.line or contextlib.nullcontext():
            kept = [obstacle(one.client_order_id) for one in requests]
            leaving = [one for one, why in zip(requests, kept, strict=True) if not why]
            fault = self.faults.take("place") if leaving else None
            if leaving:
                self.batches.append(len(leaving))
            self.sent.extend(leaving)
            if fault is Fault.LATE:
                self.faults.hold(leaving)
            outcomes = iter([self._take(one, fault) for one in leaving])
            return tuple(NotSent(cause=why) if why else next(outcomes) for why in kept)

    def _take(self, request: OrderRequest, fault: Fault | None) -> PlaceOutcome:
        own = fault if failed_by(fault) else self.faults.take("order")
        failed = failed_by(own)
        if failed is not None:
            return failed
        denied = DENIALS.get(own) or DENIALS.get(fault)
        if denied is not None:
            return _refused(denied)
        unique = self._policy.id_unique != "never"
        if unique and self.exchange.open_order(request.client_order_id) is not None:
            outcome: PlaceOutcome = Held(
                order=None, venue_order_id="", duplicate=True, evidence=EVIDENCE
            )
        else:
            taken = self.exchange.take(request)
            outcome = _refused(taken) if isinstance(taken, Denial) else _held(taken)
        return _unless_lost(fault, outcome)

    def _cancel(self, symbol: str, client_order_ids: Sequence[str]) -> tuple[CancelOutcome, ...]:
        self.cancels.append(len(client_order_ids))
        fault = self.faults.take("cancel")
        failed = failed_by(fault)
        if failed is not None:
            return (failed,) * len(client_order_ids)
        return tuple(_unless_lost(fault, self._end(symbol, name)) for name in client_order_ids)

    def _end(self, symbol: str, client_order_id: str) -> CancelOutcome:
        failed = failed_by(self.faults.take("end"))
        if failed is not None:
            return failed
        order = self.exchange.open_order(client_order_id)
        if order is None or order.request.symbol != symbol:
            return NotFound(code="-2011", evidence=EVIDENCE)
        self.exchange.end(order, Ending.CANCELED)
        return _held(order)


class MemoryVenue(MemoryOrders):
    """One account at a `MemoryExchange` through the venue port."""

    async def open_orders(self, symbol: str) -> list[OrderView]:
        """Return all open orders of a symbol."""
        self.faults.check_read("open_orders")
        now = self.exchange.clock.wall_ms()
        return [
            order.view()
            for order in self.exchange.orders
            if order.request.symbol == symbol
            and order.ending is Ending.OPEN
            and order.seen_ms <= now
        ]

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Return all our trades beyond a trade id ("" = since a market time), oldest first; they name no id of ours."""
        self.faults.check_read("trades")
        now = self.exchange.clock.wall_ms()
        shown = [t for seen, t in self.exchange.trades if seen <= now and t.symbol == symbol]
        if after:
            asked = [t for t in shown if int(t.trade_id) > int(after)]
        else:
            asked = [t for t in shown if t.time_ms >= since_ms]
        return [msgspec.structs.replace(trade, client_order_id="") for trade in asked]

    async def account(self) -> AccountView:
        """Return balances and positions of all wallets."""
        self.faults.check_read("account")
        return AccountView(
            balances=self.exchange.balances(),
            positions=self.exchange.wallet.positions(),
            evidence=EVIDENCE,
        )

    @property
    def urgent(self) -> "MemoryVenue":
        """Return itself: the twin has no budget."""
        return self

    async def funding_paid(self, symbol: str, *, since_ms: int) -> list[FundingPaid]:
        """Return booked funding payments since a market time, oldest first."""
        self.faults.check_read("funding_paid")
        return [
            paid
            for paid in self.exchange.funding
            if paid.symbol == symbol and paid.time_ms >= since_ms
        ]

    async def rules(self, symbols: Sequence[str]) -> tuple[InstrumentRules, ...]:
        """Return the filters of these symbols; raise `LookupError` naming an unknown one."""
        self.faults.check_read("rules")
        for symbol in symbols:
            if symbol not in self.exchange.rules:
                known = ", ".join(self.exchange.rules)
                raise LookupError(f"symbol {symbol!r} is not traded here (known: {known})")
        return tuple(self.exchange.rules[symbol] for symbol in symbols)

    def private(self) -> AsyncIterator[PrivateEvent]:
        """Yield what the private stream says from now on."""
        return self.exchange.stream.listen()

    def trouble(self) -> str:
        """Say why the venue counts as degraded, an empty text while it does not."""
        return self.faults.troubles.why()

    @property
    def policy(self) -> Policy:
        """The venue's assumptions."""
        return self._policy

    async def close(self) -> None:
        """End the private streams."""
        self.exchange.stream.close()


def _held(order: MemoryOrder) -> Held:
    shown = order.view()
    return Held(
        order=shown,
        venue_order_id=order.venue_order_id,
        duplicate=False,
        evidence=shown.evidence,
    )


def _unless_lost(fault: Fault | None, outcome: Outcome) -> Outcome | InDoubt:
    return InDoubt(cause="timeout", evidence=b"") if fault is Fault.LOST_ACK else outcome


def _refused(denial: Denial) -> Refused:
    reason = f"{denial.kind.value}: {denial.reason}"
    return Refused(kind=denial.kind, code=denial.code, reason=reason, evidence=EVIDENCE)
