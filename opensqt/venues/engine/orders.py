"""Places, cancels and looks of one account: one by one, and in batches where the market has them.

A place is sent once and never again; what an answer means stands in `classify`. Never decides what to trade.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from opensqt.domain.capability import Capability, require
from opensqt.domain.venue import (
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
    Throttled,
    VenueDown,
    no_obstacle,
)
from opensqt.venues.engine.classify import (
    judge_cancel,
    judge_each,
    judge_look,
    judge_place,
    unanswered,
)
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.rate_limit import Priority
from opensqt.venues.engine.request import (
    Inexpressible,
    Page,
    Query,
    RestRequest,
    SigningWindow,
    Unreadable,
)
from opensqt.venues.engine.rest import VenueRest

TOO_LATE = "the deadline passed before it could be sent"
NO_TIME = "how far the clock of the venue is from ours could not be measured"
MS_PER_S = 1000

Listed = list[OrderView] | Throttled | NotSent | InDoubt


class VenueOrders:
    """The orders of one account; those of all markets go through the same budget."""

    def __init__(self, rest: VenueRest, policy: Policy) -> None:
        self._rest = rest
        self._words = rest.dialect.orders
        self._policy = policy
        self._reads = Priority.READ
        self._wishes = 0  # for a listing, counted; each listing knows which it fulfils
        self._turns: dict[str, asyncio.Lock] = {}
        self._listings: dict[str, tuple[int, Listed]] = {}

    async def place(
        self, request: OrderRequest, *, obstacle: Obstacle = no_obstacle
    ) -> PlaceOutcome:
        """Send one place request, once."""
        (outcome,) = await self._place((request,), obstacle)
        return outcome

    async def place_batch(
        self, requests: Sequence[OrderRequest], *, obstacle: Obstacle = no_obstacle
    ) -> tuple[PlaceOutcome, ...]:
        """Send places of one symbol as one request, once; each is checked when the turn of all has come."""
        return await self._place(requests, obstacle)

    async def cancel(
        self, symbol: str, client_order_id: str, *, urgent: bool = False
    ) -> CancelOutcome:
        """Send one cancel request, once, from the share that openings cannot use; `urgent` waits for no budget."""
        (outcome,) = await self.cancel_batch(symbol, (client_order_id,), urgent=urgent)
        return outcome

    async def cancel_batch(
        self, symbol: str, client_order_ids: Sequence[str], *, urgent: bool = False
    ) -> tuple[CancelOutcome, ...]:
        """Cancel orders of one symbol with one request, once."""
        if len(client_order_ids) > 1:
            require(self._policy, symbol, Capability.CANCEL_BATCH)
        at = await self._at(symbol)
        if isinstance(at, NotSent):
            return (at,) * len(client_order_ids)
        request = self._words.cancel(at, client_order_ids)
        cost = {} if urgent else request.cost
        request = msgspec.structs.replace(request, lane=Priority.CANCEL, cost=cost)
        response = await self._rest.send(request)
        return judge_each(
            judge_cancel,
            self._rest.dialect,
            at,
            response,
            client_order_ids,
            self._rest.listing.loaded_symbols,
        )

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask once for one order by our id; where ids name open orders only, also among the newest orders of all."""
        at = await self._at(symbol)
        if isinstance(at, NotSent):
            return at
        symbols = self._rest.listing.loaded_symbols
        outcome: LookOutcome = NotFound(code="", evidence=b"")
        for request in self._words.looks(at, client_order_id):
            response = await self._rest.send(msgspec.structs.replace(request, lane=self._reads))
            (outcome,) = judge_each(
                judge_look, self._rest.dialect, at, response, (client_order_id,), symbols
            )
            if not isinstance(outcome, NotFound):
                return outcome
        if self._policy.by_id_query == "any":
            return outcome
        return _newest(await self._ended(at), client_order_id)

    async def _place(
        self, requests: Sequence[OrderRequest], obstacle: Obstacle
    ) -> tuple[PlaceOutcome, ...]:
        symbol = _one_symbol(requests)
        if len(requests) > 1:
            require(self._policy, symbol, Capability.PLACE_BATCH)
        at = await self._at(symbol)
        if isinstance(at, NotSent):
            return (at,) * len(requests)
        try:
            sending = self._placing(at, requests)
        except Inexpressible as error:
            return (NotSent(cause=str(error)),) * len(requests)
        if not await self._rest.turn(sending, until_ms=max(one.deadline_ms for one in requests)):
            return (NotSent(cause=TOO_LATE),) * len(requests)
        if self._rest.time.unknown:
            return (NotSent(cause=NO_TIME),) * len(requests)
        kept = [self._kept(one, obstacle) for one in requests]
        leaving = [one for one, why in zip(requests, kept, strict=True) if why is None]
        sent = await self._dispatch(at, leaving) if leaving else ()
        outcomes = iter(sent)
        return tuple(next(outcomes) if why is None else why for why in kept)

    async def _dispatch(
        self, at: Instrument, requests: Sequence[OrderRequest]
    ) -> tuple[PlaceOutcome, ...]:
        window = _window(requests, self._rest.time.ahead_ms)
        sending = self._words.timed(self._placing(at, requests), window)
        response = await self._rest.dispatch(sending, window)
        ids = [one.client_order_id for one in requests]
        outcomes = judge_each(
            judge_place,
            self._rest.dialect,
            at,
            response,
            ids,
            self._rest.listing.loaded_symbols,
        )
        waits = [one.retry_after_ms for one in outcomes if isinstance(one, Throttled)]
        if waits:
            self._rest.budget.pause(sending.cost, max(waits) / MS_PER_S)
        return outcomes

    def _placing(self, at: Instrument, requests: Sequence[OrderRequest]) -> RestRequest:
        counted = [
            msgspec.structs.replace(one, quantity=at.contracts(one.quantity)) for one in requests
        ]
        reduces = all(one.reduce_only for one in requests)
        lane = Priority.EXIT if reduces else Priority.OPEN
        return msgspec.structs.replace(self._words.place(at, counted), lane=lane)

    async def _ended(self, at: Instrument) -> Listed:
        """Return a listing that was asked for after this call began; all who wait for one share the next."""
        wished = self._wishes = self._wishes + 1
        async with self._turns.setdefault(at.symbol, asyncio.Lock()):
            wishes, listed = self._listings.get(at.symbol, (0, []))
            if wishes < wished:
                wishes = self._wishes
                listed = await self._read_ended(at)
                self._listings[at.symbol] = wishes, listed
            return listed

    async def _read_ended(self, at: Instrument) -> Listed:
        found: list[OrderView] = []
        following: Query[Page[OrderView]] | None = self._words.ended(at)
        while following is not None:
            request = msgspec.structs.replace(following.request, lane=self._reads)
            response = await self._rest.send(request)
            outcome = unanswered(self._rest.dialect, at.market, response)
            if outcome is not None:
                return outcome
            said = self._words.said(response)
            if said is None or said.code:
                return InDoubt(cause=response.body[:200], evidence=response.evidence)
            try:
                page = following.read(response.evidence, self._rest.listing.loaded_symbols)
            except Unreadable as error:
                return InDoubt(cause=f"unreadable answer: {error}", evidence=response.evidence)
            found.extend(at.order(view) for view in page.rows)
            following = page.following
        return found

    def _kept(self, request: OrderRequest, obstacle: Obstacle) -> NotSent | None:
        """Return why this order does not leave now, None where nothing keeps it."""
        if self._rest.clock.market_ms() >= request.deadline_ms:
            return NotSent(cause=TOO_LATE)
        why = obstacle(request.client_order_id)
        return NotSent(cause=why) if why else None

    async def _at(self, symbol: str) -> Instrument | NotSent:
        try:
            return await self._rest.listing.instrument(symbol)
        except (VenueDown, LookupError) as error:
            return NotSent(cause=str(error))


def _newest(listed: Listed, client_order_id: str) -> LookOutcome:
    """Find an order in a listing, the newest of that id, whatever ended it."""
    if not isinstance(listed, list):
        return listed
    found = [view for view in listed if view.client_order_id == client_order_id]
    if not found:
        return NotFound(code="unlisted", evidence=b"")
    return Held(
        order=found[-1],
        venue_order_id=found[-1].venue_order_id,
        duplicate=False,
        evidence=found[-1].evidence,
    )


def _window(requests: Sequence[OrderRequest], ahead_ms: int) -> SigningWindow:
    """Return time of signing and deadline of what leaves together, the earliest of each, on the venue's clock."""
    return SigningWindow(
        signed_ms=min(one.signed_ms for one in requests) + ahead_ms,
        deadline_ms=min(one.deadline_ms for one in requests) + ahead_ms,
    )


def _one_symbol(requests: Sequence[OrderRequest]) -> str:
    symbols = {one.symbol for one in requests}
    if len(symbols) != 1:
        raise ValueError(f"a batch is of one symbol, not of {sorted(symbols)}")
    return symbols.pop()
