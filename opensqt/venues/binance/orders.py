"""Places, cancels and looks at Binance: one by one, and in batches where the market has them (USDⓈ-M).

A place is sent once and never again; what an answer means stands in `binance_judge`. Never decides what to trade.
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from opensqt.domain.instruments import Market, market_of
from opensqt.domain.venue import (
    CancelOutcome,
    LookOutcome,
    NotFound,
    NotSent,
    Obstacle,
    OrderRequest,
    PlaceOutcome,
    Policy,
    Throttled,
    VenueDown,
    no_obstacle,
)
from opensqt.venues.binance.classify import (
    judge_batch,
    judge_cancel,
    judge_listing,
    judge_look,
    judge_place,
)
from opensqt.venues.binance.parser import place_params, time_params
from opensqt.venues.binance.rest import SECTIONS, BinanceRest, RestRequest
from opensqt.venues.engine.rate_limit import ORDERS, Priority
from opensqt.venues.engine.response import VenueResponse

TOO_LATE = "the deadline passed before it could be sent"
# docs: request weights; spot / usdm. Where a place has none, it only waits while the venue bars us.
PLACE_WEIGHTS = {Market.SPOT: 1.0, Market.PERP: 0.0}
LOOK_WEIGHTS = {Market.SPOT: 4.0, Market.PERP: 1.0}
ALL_ORDERS_WEIGHTS = {Market.SPOT: 20.0, Market.PERP: 5.0}
ALL_ORDERS_LIMIT = "1000"
# docs, "Place Multiple Orders": 5 of the orders in 10 s and 5 of the request weight, however many orders it holds.
BATCH_WEIGHT = 5.0
MS_PER_S = 1000

Names = tuple[str, dict[str, str]]  # the venue's symbol of an order, and our symbols by the venue's


class BinanceOrders:
    """The orders of one account; spot and perpetual ones go through the same budget."""

    def __init__(self, gate: BinanceRest, policy: Policy) -> None:
        self._gate = gate
        self._policy = policy
        self._reads = Priority.READ
        self._wishes = 0  # for a listing, counted; each listing knows which it fulfils
        self._turns: dict[tuple[Market, str], asyncio.Lock] = {}
        self._listings: dict[tuple[Market, str], tuple[int, VenueResponse]] = {}

    async def place(
        self, request: OrderRequest, *, obstacle: Obstacle = no_obstacle
    ) -> PlaceOutcome:
        """Send one place request, once."""
        names = await self._names(request.symbol)
        if isinstance(names, NotSent):
            return names
        venue_symbol, symbols = names
        market = market_of(request.symbol)
        sending = RestRequest(
            section=SECTIONS[market],
            verb="POST",
            path="order",
            params=place_params(market, venue_symbol, request),
            cost={ORDERS: 1.0, market.value: PLACE_WEIGHTS[market]},
            lane=Priority.EXIT if request.reduce_only else Priority.OPEN,
        )
        if not await self._gate.turn(sending, until_ms=request.deadline_ms):
            return NotSent(cause=TOO_LATE)
        kept = self._kept(request, obstacle)
        if kept is not None:
            return kept
        timed = sending.params | time_params((request,), self._gate.time.ahead_ms)
        reply = await self._gate.dispatch(msgspec.structs.replace(sending, params=timed))
        return judge_place(market, reply, request.client_order_id, symbols)

    async def place_batch(
        self, requests: Sequence[OrderRequest], *, obstacle: Obstacle = no_obstacle
    ) -> tuple[PlaceOutcome, ...]:
        """Send places of one symbol as one request, once; each is checked when the turn of all has come."""
        symbol = _one_symbol(requests)
        names = await self._names(symbol)
        if isinstance(names, NotSent):
            return (names,) * len(requests)
        market = market_of(symbol)
        sending = RestRequest(
            section=SECTIONS[market],
            verb="POST",
            path="batchOrders",
            cost={ORDERS: BATCH_WEIGHT, market.value: BATCH_WEIGHT},
            lane=Priority.EXIT if all(one.reduce_only for one in requests) else Priority.OPEN,
        )
        if not await self._gate.turn(sending, until_ms=max(one.deadline_ms for one in requests)):
            return (NotSent(cause=TOO_LATE),) * len(requests)
        kept = [self._kept(one, obstacle) for one in requests]
        leaving = [one for one, why in zip(requests, kept, strict=True) if why is None]
        sent = await self._dispatch_batch(sending, leaving, names) if leaving else ()
        outcomes = iter(sent)
        return tuple(next(outcomes) if why is None else why for why in kept)

    async def cancel(
        self, symbol: str, client_order_id: str, *, urgent: bool = False
    ) -> CancelOutcome:
        """Send one cancel request, once, from the share that openings cannot use; `urgent` waits for no budget."""
        names = await self._names(symbol)
        if isinstance(names, NotSent):
            return names
        venue_symbol, symbols = names
        market = market_of(symbol)
        params = {"symbol": venue_symbol, "origClientOrderId": client_order_id}
        reply = await self._gate.send(_delete(market, "order", params, urgent=urgent))
        return judge_cancel(market, reply, client_order_id, symbols)

    async def cancel_batch(
        self, symbol: str, client_order_ids: Sequence[str], *, urgent: bool = False
    ) -> tuple[CancelOutcome, ...]:
        """Cancel orders of one symbol with one request, once."""
        names = await self._names(symbol)
        if isinstance(names, NotSent):
            return (names,) * len(client_order_ids)
        venue_symbol, symbols = names
        market = market_of(symbol)
        params = {"symbol": venue_symbol, "origClientOrderIdList": list(client_order_ids)}
        reply = await self._gate.send(_delete(market, "batchOrders", params, urgent=urgent))
        return judge_batch(judge_cancel, market, reply, client_order_ids, symbols)

    async def look(self, symbol: str, client_order_id: str) -> LookOutcome:
        """Ask once for one order by our id; where ids name open orders only, also among the newest orders of all."""
        names = await self._names(symbol)
        if isinstance(names, NotSent):
            return names
        venue_symbol, symbols = names
        market = market_of(symbol)
        params = {"symbol": venue_symbol, "origClientOrderId": client_order_id}
        cost = {market.value: LOOK_WEIGHTS[market]}
        reply = await self._gate.send(get(market, "order", params, cost, lane=self._reads))
        outcome = judge_look(market, reply, client_order_id, symbols)
        if self._policy.by_id_query == "any" or not isinstance(outcome, NotFound):
            return outcome
        listed = await self._listed(market, venue_symbol)
        return judge_listing(listed, client_order_id, symbols)

    async def _listed(self, market: Market, venue_symbol: str) -> VenueResponse:
        """Return a listing that was asked for after this call began; all who wait for one share the next."""
        key = (market, venue_symbol)
        wished = self._wishes = self._wishes + 1
        async with self._turns.setdefault(key, asyncio.Lock()):
            wishes, reply = self._listings.get(key, (0, VenueResponse()))
            if wishes < wished:
                wishes = self._wishes
                params = {"symbol": venue_symbol, "limit": ALL_ORDERS_LIMIT}
                cost = {market.value: ALL_ORDERS_WEIGHTS[market]}
                reply = await self._gate.send(
                    get(market, "allOrders", params, cost, lane=self._reads)
                )
                self._listings[key] = wishes, reply
            return reply

    async def _dispatch_batch(
        self, sending: RestRequest, requests: Sequence[OrderRequest], names: Names
    ) -> tuple[PlaceOutcome, ...]:
        venue_symbol, symbols = names
        market = market_of(requests[0].symbol)
        orders = [place_params(market, venue_symbol, one) for one in requests]
        params = {"batchOrders": orders, **time_params(requests, self._gate.time.ahead_ms)}
        reply = await self._gate.dispatch(msgspec.structs.replace(sending, params=params))
        ids = [one.client_order_id for one in requests]
        outcomes = judge_batch(judge_place, market, reply, ids, symbols)
        waits = [one.retry_after_ms for one in outcomes if isinstance(one, Throttled)]
        if waits:
            self._gate.budget.pause(sending.cost, max(waits) / MS_PER_S)
        return outcomes

    def _kept(self, request: OrderRequest, obstacle: Obstacle) -> NotSent | None:
        """Return why this order does not leave now, None where nothing keeps it."""
        if self._gate.clock.market_ms() >= request.deadline_ms:
            return NotSent(cause=TOO_LATE)
        why = obstacle(request.client_order_id)
        return NotSent(cause=why) if why else None

    async def _names(self, symbol: str) -> Names | NotSent:
        try:
            venue_symbol = await self._gate.venue_symbol(symbol)
            return venue_symbol, await self._gate.symbols(market_of(symbol))
        except (VenueDown, LookupError) as error:
            return NotSent(cause=str(error))


def get(
    market: Market,
    path: str,
    params: dict[str, str],
    cost: dict[str, float],
    section: str = "",
    lane: Priority = Priority.READ,
) -> RestRequest:
    """Return a signed read."""
    return RestRequest(
        section=section or SECTIONS[market],
        verb="GET",
        path=path,
        params=params,
        cost=cost,
        lane=lane,
    )


def _delete(
    market: Market, path: str, params: Mapping[str, object], *, urgent: bool
) -> RestRequest:
    return RestRequest(
        section=SECTIONS[market],
        verb="DELETE",
        path=path,
        params=dict(params),
        cost={} if urgent else {ORDERS: 1.0, market.value: 1.0},
        lane=Priority.CANCEL,
    )


def _one_symbol(requests: Sequence[OrderRequest]) -> str:
    symbols = {one.symbol for one in requests}
    if len(symbols) != 1:
        raise ValueError(f"a batch is of one symbol, not of {sorted(symbols)}")
    return symbols.pop()
