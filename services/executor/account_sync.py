"""What the venue says: its private stream, its trades, its open orders and its balances, brought into the journal.

The stream is fast and may lose frames; REST is slow and decides. The same fact from both is one event.
"""

import asyncio
from collections.abc import Callable

import msgspec

from opensqt.domain import ids, order_state
from opensqt.domain.venue import (
    BalanceView,
    Held,
    NotFound,
    OrderView,
    StreamDown,
    StreamUp,
    TradeView,
    VenueDown,
)
from opensqt.execution import events as facts
from opensqt.execution.evidence import adopt, after_view
from opensqt.runtime.waiting import event_within
from services.executor.account import ExecutorAccount
from services.executor.snapshots import Snapshots, since_ms, unsure_ms
from services.executor.trade_booking import book, contradict, explained, identify

SWEEP_S = 5.0
SNAPSHOT_S = 15.0
REAPPEARED = "vanished, yet open at the venue"


class AccountSync:
    """The eyes of one account."""

    def __init__(self, account: ExecutorAccount) -> None:
        self._account = account
        self._poked: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._marks: dict[str, str] = {}  # symbol -> cursor up to which REST has shown all
        self._reading: dict[str, asyncio.Lock] = {}
        self._regained = False  # the stream came back and nobody has looked at everything since
        self._snapshots = Snapshots(account)
        self._tell_missing: Callable[[str], None] = lambda _: None
        self._untraded: set[str] = set()
        self._orphans: dict[str, float] = {}  # open ones of our form that nobody knows, since when
        self.stream_up = False

    def tell_missing(self, told: Callable[[str], None]) -> None:
        """Name to `told` every order that the venue held and knows no more."""
        self._tell_missing = told

    def poke(self, symbol: str) -> None:
        """Read the trades of a symbol soon."""
        self._poked[symbol] = None
        self._wake.set()

    async def listen(self) -> None:
        """Record what the private stream says, for ever."""
        async for event in self._account.venue.private():
            match event:
                case OrderView():
                    await self.show(event)
                case TradeView() if event.forced is not None:
                    # Who holds what decides whose it is: it is read behind all trades before it, by one task.
                    self.poke(event.symbol)
                case TradeView():
                    await book(self._account, event)
                case StreamUp():
                    self.stream_up = True
                    # What happened before this instant may never be pushed.
                    for symbol in self._account.watched():
                        self.poke(symbol)
                case StreamDown():
                    self.stream_up, self._regained = False, True
                    self._account.log.warning("private_stream_down", cause=event.cause)
                case BalanceView():
                    continue
                case _:
                    # Funding from the stream lacks the income id: the booked payment is read by REST.
                    self._wake.set()

    async def run(self) -> None:
        """Sweep all symbols on schedule and those that were poked at once, for ever."""
        clock = self._account.clock
        swept_s = snapped_s = clock.monotonic_s()
        while True:
            self._wake.clear()
            if not self._poked:
                await event_within(clock, self._wake, swept_s + SWEEP_S - clock.monotonic_s())
            poked, self._poked = tuple(self._poked), {}
            now_s = clock.monotonic_s()
            due = now_s >= swept_s + SWEEP_S
            swept_s = now_s if due else swept_s
            watched = self._account.watched() if due else ()
            for symbol in dict.fromkeys((*poked, *watched)):
                await self._try_sweep(symbol)
            try:
                regained = self._regained and self.stream_up
                trigger = _trigger(now_s - snapped_s, regained=regained)
                if trigger:
                    snapped_s = now_s
                    self._regained = self._regained and not regained
                    await self.snapshot(trigger)
            except VenueDown as error:
                self._account.log.warning("venue_not_read", detail=str(error))

    async def _try_sweep(self, symbol: str) -> None:
        """Sweep a symbol; one that is not answered does not keep the others from being swept."""
        try:
            await self.sweep_traded(symbol)
        except VenueDown as error:
            self._account.log.warning("venue_not_read", symbol=symbol, detail=str(error))

    async def sweep(self, symbol: str) -> list[OrderView]:
        """Read trades and open orders of a symbol, look after orders that are missing; return the open ones."""
        account = self._account
        await self.read_trades(symbol)
        before = {
            order.client_order_id
            for order in account.state.living()
            if order.phase in order_state.AT_VENUE and _symbol(order) == symbol
        }
        orders = await account.venue.open_orders(symbol)
        for view in orders:
            await self.show(view)
        await _adopt_orphans(account, orders, self._orphans)
        shown = {view.client_order_id for view in orders}
        ended = False
        for name in before - shown:
            order = account.state.orders[name]
            if not order.terminal and await self._look_after(order):
                ended = True
        if ended:
            # Once for all of them: a successor may find many, and pays for each read.
            await self.read_trades(symbol)
        return orders

    async def sweep_traded(self, symbol: str) -> list[OrderView] | None:
        """Sweep a symbol; return None, and say so once, where the venue does not trade it (any more)."""
        try:
            orders = await self.sweep(symbol)
        except LookupError as error:
            if symbol not in self._untraded:
                living = [
                    o.client_order_id for o in self._account.state.living() if _symbol(o) == symbol
                ]
                self._account.log.error(
                    "symbol_not_traded", symbol=symbol, detail=str(error), orders=living
                )
            self._untraded.add(symbol)
            return None
        self._untraded.discard(symbol)
        return orders

    async def read_trades(self, symbol: str, *, urgent: bool = False) -> None:
        """Read our trades of a symbol beyond the newest up to which REST has shown all of them.

        A pushed trade does not move that mark: the stream may have missed the one before it.
        """
        account = self._account
        async with self._reading.setdefault(symbol, asyncio.Lock()):
            settled_ms = account.clock.market_ms() - unsure_ms(account)
            venue = account.venue.urgent if urgent else account.venue
            trades = await venue.trades(
                symbol,
                after=self._marks.get(symbol, ""),
                since_ms=since_ms(account, symbol),
            )
            for trade in trades:
                if account.state.find(symbol, trade.client_order_id, trade.venue_order_id) is None:
                    await identify(account, self.show, symbol)
                await book(account, await explained(account, trade))
                if trade.time_ms <= settled_ms:
                    self._marks[symbol] = trade.cursor or trade.trade_id

    async def snapshot(self, trigger: str) -> None:
        """Record what the venue holds now."""
        await self._snapshots.take(trigger, self.sweep_traded)

    async def show(self, view: OrderView) -> None:
        """Record what an order as the venue shows it proves."""
        account = self._account
        order = account.state.find(view.symbol, view.client_order_id, view.venue_order_id)
        if order is None or order.placed is None:
            return
        if view.status == "open" and _vanished(order):
            await _take_off(account, order, view)
        if _known(order, view):
            return
        evidence_hash = await account.keep("order", view.evidence)
        events = after_view(account.author, order.placed.ref, view, evidence_hash)
        await account.record(events)
        await contradict(account, order.client_order_id, view.symbol)
        if view.filled_quantity > account.state.orders[order.client_order_id].filled:
            self.poke(view.symbol)

    async def _look_after(self, order: order_state.Order) -> bool:
        """Ask for an order that should be open and is not, the stream did not say why; tell whether it was shown."""
        account = self._account
        if order.placed is None:
            return False
        outcome = await account.venue.look(order.placed.ref.symbol, order.client_order_id)
        if isinstance(outcome, Held) and outcome.order is not None:
            await self.show(outcome.order)
            return True
        if isinstance(outcome, NotFound):
            self._tell_missing(order.client_order_id)
        return False


async def _adopt_orphans(
    account: ExecutorAccount, orders: list[OrderView], since_s: dict[str, float]
) -> None:
    """Make orders of our form ours that stay open and unknown; those of others are the reconciler's to tell."""
    now_s = account.clock.monotonic_s()
    for view in orders:
        name = view.client_order_id
        order = account.state.find(view.symbol, name, view.venue_order_id)
        if not ids.is_ours(name) or (order is not None and order.placed is not None):
            continue
        if now_s - since_s.setdefault(name, now_s) < SWEEP_S:
            continue
        account.log.error("orphan_adopted", order=name, symbol=view.symbol, fix="look who sent it")
        evidence_hash = await account.keep("order", view.evidence)
        entry = adopt(account.author, view, evidence_hash, account.clock.market_ms())
        await account.commit_surely(msgspec.structs.replace(entry, fence=account.lease.fence))


def _trigger(since_s: float, *, regained: bool) -> str:
    """Say why everything should be looked at now, or nothing; a stream that flickers asks once a sweep."""
    if regained and since_s >= SWEEP_S:
        return "reconnect"
    return "schedule" if since_s >= SNAPSHOT_S else ""


def _symbol(order: order_state.Order) -> str:
    return order.placed.ref.symbol if order.placed is not None else ""


def _vanished(order: order_state.Order) -> bool:
    """Tell whether an order ended only because the venue knew it no more."""
    end = order.expired
    return end is not None and end.reason.startswith(facts.VANISHED)


def _known(order: order_state.Order, view: OrderView) -> bool:
    """Tell whether a view says nothing new: an open or filled order that we know the venue holds."""
    return view.status in ("open", "filled") and order.accepted is not None


async def _take_off(account: ExecutorAccount, order: order_state.Order, view: OrderView) -> None:
    """Cancel an order that came back after it had been called vanished: nobody counts it any more."""
    name = order.client_order_id
    account.log.error("order_reappeared", order=name, symbol=view.symbol)
    now_ms = account.clock.market_ms()
    await account.record((facts.denied(account.author, order, view.symbol, REAPPEARED, now_ms),))
    await account.venue.cancel(view.symbol, name)
