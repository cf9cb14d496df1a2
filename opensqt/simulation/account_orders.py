"""Places, cancels and looks of one account at an `Exchange`, behind the port of orders: no wire, no faults."""

from collections.abc import Callable, Iterable, Sequence

import msgspec

from opensqt.domain.capability import Capability, NotSupported, require
from opensqt.domain.decimals import ZERO, canonical
from opensqt.domain.instruments import InstrumentRules, Market, market_of, reduce_only_binds
from opensqt.domain.intent import OrderType
from opensqt.domain.venue import (
    CancelOutcome,
    Held,
    InDoubt,
    LookOutcome,
    NotFound,
    NotSent,
    Obstacle,
    OrderRequest,
    PlaceOutcome,
    Policy,
    Refusal,
    Refused,
    no_obstacle,
)
from opensqt.simulation.engine.audit import AuditRow, Kind, Result, rfc3339
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.order_lookup import newest_order
from opensqt.simulation.engine.orders import OrderRefusal, Placement, Reason, VenueOrder
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.dialect import DialectEntry
from opensqt.simulation.views import (
    USUAL,
    WireManner,
    order_view,
)

ALL = 1_000_000_000
UNLISTED = "unlisted"


class VenueTerms(msgspec.Struct, frozen=True, kw_only=True):
    """How a venue speaks and what its client makes of it.

    What a refusal means is for the client to read, as on the wire: `read_refusal` is given the market and the answer,
    and returns None where it proves nothing.
    """

    policy: Policy
    dialect: DialectEntry
    read_refusal: Callable[[Market, bytes], Refusal | None]
    manner: WireManner = USUAL

    def evidence(self, error: VenueError) -> bytes:
        """Return the body of an error."""
        return msgspec.json.encode(self.dialect.body(error))


class SimulatedOrders:
    """Places, cancels and looks of one account; each takes effect at once."""

    def __init__(self, exchange: Exchange, account: str, terms: VenueTerms) -> None:
        self.exchange, self._account, self._terms = exchange, account, terms

    async def place(
        self, request: OrderRequest, *, obstacle: Obstacle = no_obstacle
    ) -> PlaceOutcome:
        """Place one order, unless there is an obstacle."""
        return (await self.place_batch((request,), obstacle=obstacle))[0]

    async def place_batch(
        self, requests: Sequence[OrderRequest], *, obstacle: Obstacle = no_obstacle
    ) -> tuple[PlaceOutcome, ...]:
        """Place orders of one symbol; the smallest deadline of those that leave holds for all."""
        if len(requests) > 1:
            require(self._terms.policy, requests[0].symbol, Capability.PLACE_BATCH)
        kept = [obstacle(one.client_order_id) for one in requests]
        leaving = [one for one, why in zip(requests, kept, strict=True) if not why]
        outcomes = iter([self.take(one, leaving) for one in leaving])
        return tuple(NotSent(cause=why) if why else next(outcomes) for why in kept)

    async def cancel(
        self, symbol: str, client_order_id: str, *, urgent: bool = False
    ) -> CancelOutcome:
        """Cancel one order; there is no rate budget here that `urgent` could pass by."""
        del urgent
        return self.take_back(symbol, client_order_id)

    async def cancel_batch(
        self, symbol: str, client_order_ids: Sequence[str], *, urgent: bool = False
    ) -> tuple[CancelOutcome, ...]:
        """Cancel orders of one symbol."""
        if len(client_order_ids) > 1:
            require(self._terms.policy, symbol, Capability.CANCEL_BATCH)
        return tuple([await self.cancel(symbol, name, urgent=urgent) for name in client_order_ids])

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Find one order by our id; where ids name open orders only, also among the newest orders of all."""
        exchange, now_ms = self.exchange, self.exchange.clock.market_ms()
        order = newest_order(exchange, self._account, symbol, client_order_id)
        if order is not None and exchange.policy.finds(order, now_ms):
            return self._shown(order)
        if self._terms.policy.by_id_query == "any":
            market = self.exchange.rules[symbol].market
            error = self._terms.dialect.refused(market, Reason.UNKNOWN_ORDER)
            return NotFound(code=str(error.code), evidence=self._terms.evidence(error))
        if order is not None and exchange.policy.shows(order, now_ms):
            return self._shown(order)
        return NotFound(code=UNLISTED, evidence=b"[]")

    async def arm_dead_man(self, symbols: Sequence[str], *, span_s: int) -> None:
        """Raise `NotSupported`: timers are of the served venue's clockwork."""
        del span_s
        raise NotSupported(self._terms.policy.venue, market_of(symbols[0]), Capability.ARM_DEAD_MAN)

    def take_back(self, symbol: str, client_order_id: str) -> CancelOutcome:
        """Cancel one open order."""
        try:
            order = self.exchange.cancel(
                self._account,
                symbol,
                order_id=None,
                client_id=client_order_id,
                cancel_id=f"cancel{self.exchange.clock.market_ms()}",
            )
        except OrderRefusal as refusal:
            rules = self.exchange.rules[symbol]
            error = self._terms.dialect.refused(rules.market, refusal.reason)
            self.exchange.refuse(self._refusal(Kind.CANCEL, rules, client_order_id, error))
            return NotFound(code=str(error.code), evidence=self._terms.evidence(error))
        self.exchange.commit()
        return self._answered(order)

    def take(self, request: OrderRequest, leaving: Sequence[OrderRequest] = ()) -> PlaceOutcome:
        """Place one order of a request, which holds all that are `leaving`, as the dialect lets it in."""
        exchange, rules = self.exchange, self.exchange.rules.get(request.symbol)
        if rules is None:
            return NotSent(cause=unknown_symbol(request.symbol, exchange.rules))
        placement = Placement(
            account=self._account,
            symbol=request.symbol,
            side=request.side,
            type=request.type,
            time_in_force=request.time_in_force,
            quantity=request.quantity,
            price=request.price if request.type is OrderType.LIMIT else ZERO,
            client_order_id=request.client_order_id,
            reduce_only=request.reduce_only and reduce_only_binds(request.symbol),
        )
        signed_ms = min(one.signed_ms for one in leaving or (request,))
        window_ms = min(one.deadline_ms for one in leaving or (request,)) - signed_ms
        try:
            self._terms.dialect.check_window(signed_ms, window_ms, exchange.clock.market_ms())
            self._terms.dialect.admit(exchange, placement)
            order = exchange.place(placement)
        except OrderRefusal as refusal:
            return self._refused(
                rules, request, self._terms.dialect.refused(rules.market, refusal.reason)
            )
        except VenueError as error:
            return self._refused(rules, request, error)
        exchange.commit()
        return self._answered(order)

    def _shown(self, order: VenueOrder) -> Held:
        shown = order_view(order, manner=self._terms.manner)
        return Held(
            order=shown,
            venue_order_id=shown.venue_order_id,
            duplicate=False,
            evidence=shown.evidence,
        )

    def _answered(self, order: VenueOrder) -> Held:
        """What a place or a cancel is answered: the order, or its id alone."""
        held = self._shown(order)
        return msgspec.structs.replace(held, order=None) if self._terms.manner.names_only else held

    def _refused(
        self, rules: InstrumentRules, request: OrderRequest, error: VenueError
    ) -> PlaceOutcome:
        row = self._refusal(Kind.PLACE, rules, request.client_order_id, error)
        self.exchange.refuse(
            msgspec.structs.replace(
                row,
                side=request.side.value,
                quantity=canonical(request.quantity),
                price=canonical(request.price),
            )
        )
        evidence = self._terms.evidence(error)
        kind = self._terms.read_refusal(rules.market, evidence)
        if kind is None:
            return InDoubt(cause=str(error), evidence=evidence)
        if kind is Refusal.DUPLICATE:
            return Held(order=None, venue_order_id="", duplicate=True, evidence=evidence)
        reason = f"{kind.value}: {error.message}"
        return Refused(kind=kind, code=str(error.code), reason=reason, evidence=evidence)

    def _refusal(
        self, kind: Kind, rules: InstrumentRules, client_order_id: str, error: VenueError
    ) -> AuditRow:
        return AuditRow(
            time=rfc3339(self.exchange.clock.market_ms()),
            venue=self.exchange.settlement.venue,
            account=self._account,
            kind=kind,
            client_order_id=client_order_id,
            symbol=rules.venue_symbol,
            market=rules.market.value,
            result=Result.REFUSED.value,
            code=str(error.code),
        )


def unknown_symbol(symbol: str, known: Iterable[str]) -> str:
    """Say that a symbol is not listed, and which are."""
    return f"symbol {symbol!r} is not traded here (known: {', '.join(known)})"
