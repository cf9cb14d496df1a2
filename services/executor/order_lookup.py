"""Looking at the venue for orders that nobody knows about: each by its id, and once for all what a symbol shows.

Open orders, trades and position cost more than many ids: they are read at most once a visibility lag and shared by all
who look. It records what it sees and never says that an order is absent.
"""

import asyncio
from collections.abc import Container, Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.order_events import OrderRef
from opensqt.domain.venue import Held, InDoubt, NotSent, OrderView, Throttled, VenueDown
from opensqt.execution.absence import Observation
from opensqt.execution.evidence import after_view
from opensqt.execution.to_ask import witness
from services.executor.account import ExecutorAccount
from services.executor.account_sync import AccountSync

MS_PER_S = 1000


class SymbolSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What a symbol showed at once; `started_ms` is market time, nothing in it is older."""

    started_ms: int
    open: Mapping[str, OrderView]
    witness: str
    witness_seen: bool
    position: Decimal


class OrderLookup:
    """The looks of one account; orders in `lost` are looked for themselves and vouch for nothing."""

    def __init__(
        self, account: ExecutorAccount, evidence: AccountSync, lost: Container[str]
    ) -> None:
        self._account = account
        self._evidence = evidence
        self._lost = lost
        self._turns: dict[str, asyncio.Lock] = {}
        self._newest: dict[str, tuple[int, SymbolSnapshot | None]] = {}

    async def ask(self, ref: OrderRef) -> bool | None:
        """Ask for an order by its id and record what is shown; None when the venue gave no clear answer."""
        answer = await self._account.venue.urgent.look(ref.symbol, ref.client_order_id)
        if isinstance(answer, Throttled | NotSent | InDoubt):
            return None
        if isinstance(answer, Held):
            await self.show(ref, answer.order)
        return isinstance(answer, Held)

    async def look(self, ref: OrderRef, since_ms: int) -> Observation | None:
        """Look everywhere and record what is shown; None when any part of the look was not answered.

        Nothing that it goes by was read before market time `since_ms`.
        """
        reading = await self._read(ref.symbol, since_ms)
        if reading is None:
            return None
        found_open = reading.open.get(ref.client_order_id)
        await self.show(ref, found_open)
        found_by_id = False if found_open is not None else await self.ask(ref)
        if found_by_id is None:
            return None
        return Observation(
            started_ms=reading.started_ms,
            ended_ms=self._account.clock.market_ms(),
            found_by_id=found_by_id,
            found_open=found_open is not None,
            traded=bool(self._account.state.orders[ref.client_order_id].fills),
            witness=reading.witness,
            witness_seen=reading.witness_seen,
            position=reading.position,
        )

    async def _read(self, symbol: str, since_ms: int) -> SymbolSnapshot | None:
        """Return a reading that began after an instant, somebody else's if it was not older than the lag when we asked.

        Where a reading takes longer than the lag, all who came meanwhile share the next one: one each would take
        them so long that orders in doubt stay so for as many readings as there are orders.
        """
        account = self._account
        lag_ms = account.market_span_ms(account.venue.policy.visibility_lag_ms)
        asked_ms = account.clock.market_ms()
        async with self._turns.setdefault(symbol, asyncio.Lock()):
            started_ms, reading = self._newest.get(symbol, (-lag_ms, None))
            now_ms = account.clock.market_ms()
            if started_ms < max(since_ms, asked_ms - lag_ms):
                ahead_ms = max(0, started_ms + lag_ms - now_ms)
                await account.clock.sleep(float(ahead_ms / account.clock.speed) / MS_PER_S)
                started_ms = account.clock.market_ms()
                reading = await self._read_now(symbol, started_ms)
                self._newest[symbol] = started_ms, reading
            return reading

    async def _read_now(self, symbol: str, started_ms: int) -> SymbolSnapshot | None:
        venue = self._account.venue.urgent
        try:
            place, witness = self._witness(symbol)
            seen = bool(witness) and isinstance(await venue.look(place, witness), Held)
            orders = await venue.open_orders(symbol)
            await self._evidence.read_trades(symbol, urgent=True)
            position = await self._unexplained(symbol)
        except (VenueDown, LookupError):
            return None
        return SymbolSnapshot(
            started_ms=started_ms,
            open={order.client_order_id: order for order in orders},
            witness=witness,
            witness_seen=seen,
            position=position,
        )

    def _witness(self, symbol: str) -> tuple[str, str]:
        """Return symbol and id of an order that reads must show; of another symbol if there is none of this one."""
        account = self._account
        policy = account.venue.policy
        ever = policy.by_id_query == "any"
        now_ms = account.clock.market_ms()
        age_ms = policy.ended_shown_ms if ever else policy.listed_ms
        for place in (symbol, *account.watched()):
            if name := witness(account.state, place, self._lost, now_ms - age_ms):
                return place, name
        return symbol, ""

    async def _unexplained(self, symbol: str) -> Decimal:
        """Return the venue's position minus what our trades explain; it moves only by what we do not know.

        A correction of the books explains nothing here: it could hide the very move that it was written for.
        """
        account = self._account
        view = await account.venue.urgent.account()
        held = sum((p.quantity for p in view.positions if p.symbol == symbol), ZERO)
        if ":" not in symbol:
            return held
        traded = account.state.net(symbol) - account.state.corrected.get(symbol, ZERO)
        return held - traded

    async def show(self, ref: OrderRef, view: OrderView | None) -> None:
        """Record what an order as the venue shows it proves."""
        if view is None:
            return
        evidence_hash = await self._account.keep("order", view.evidence)
        await self._account.record(after_view(self._account.author, ref, view, evidence_hash))
        if view.filled_quantity > 0:
            self._evidence.poke(ref.symbol)
