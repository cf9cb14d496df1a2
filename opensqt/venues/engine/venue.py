"""Any venue as the executor's port: the reads of one account; places, cancels and looks stand in `orders`.

Never decides what to trade.
"""

import asyncio
import functools
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.capability import Capability, require
from opensqt.domain.instruments import InstrumentRules, Market, market_of
from opensqt.domain.venue import (
    AccountView,
    EndReason,
    OrderView,
    Policy,
    PrivateEvent,
    TradeView,
    VenueDown,
)
from opensqt.venues.engine.dead_man import TimedOrders
from opensqt.venues.engine.rate_limit import Priority
from opensqt.venues.engine.rest import VenueRest
from opensqt.venues.engine.user_stream import UserStream

Row = TypeVar("Row")


class AccountFitness:
    """What may keep an account from being traded, as its position mode. It asks and never changes it."""

    def __init__(self, rest: VenueRest) -> None:
        self._rest = rest
        self._fit = False
        self.unfit = ""  # says why the account may not trade

    async def check(self) -> None:
        """Ask once, before anything is traded; raise `VenueDown` with the fix."""
        if self._fit:
            return
        for query in self._rest.dialect.account.modes(self._rest.markets):
            self.unfit = await self._rest.ask(query)
            if self.unfit:
                raise VenueDown(self.unfit)
        self._fit = True


class VenueAccount(TimedOrders):
    """One account at one venue."""

    def __init__(self, rest: VenueRest, *, account: str, policy: Policy) -> None:
        super().__init__(rest, policy)
        self._account = account
        self._asks = rest.dialect.account
        self._fitness = AccountFitness(rest)
        self.contact = rest.contact

    @functools.cached_property
    def urgent(self) -> "VenueAccount":
        """The same account, read from the share that is kept for exits."""
        other = VenueAccount(self._rest, account=self._account, policy=self._policy)
        other._fitness, other._reads = self._fitness, Priority.LOOK
        return other

    async def open_orders(self, symbol: str) -> list[OrderView]:
        """Return all open orders of a symbol; raise `VenueDown`."""
        at = await self._rest.listing.instrument(symbol)
        views = await self._rest.pages(self._asks.open_orders(at), lane=self._reads)
        return [at.order(view) for view in views]

    async def trades(self, symbol: str, *, after: str, since_ms: int) -> list[TradeView]:
        """Return all our trades beyond a cursor ("" = since a market time), oldest first; raise `VenueDown`."""
        at = await self._rest.listing.instrument(symbol)
        now_ms = self._rest.clock.market_ms()
        query = self._asks.trades(at, after=after, since_ms=since_ms, now_ms=now_ms)
        views = await self._rest.pages(query, lane=self._reads)
        unique = {view.trade_id: at.trade(view) for view in views}
        return list(unique.values())

    async def account(self) -> AccountView:
        """Return balances and positions of the wallets that this account uses; raise `VenueDown`."""
        await self._fitness.check()
        await self._rest.listing.load()
        balances: list[SnapshotBalance] = []
        positions: list[SnapshotPosition] = []
        raws: dict[str, bytes] = {}
        health: Decimal | None = None
        for name, query in self._asks.balances(self._rest.markets).items():
            request = msgspec.structs.replace(query.request, lane=self._reads)
            raws[name] = await self._rest.read(request)
            part = self._rest.readable(query, raws[name])
            balances += part.balances
            health = part.margin_health if health is None else health
            for held in part.positions:
                at = self._rest.listing.known(held.symbol)
                quantity = at.base_units(held.quantity)
                positions.append(msgspec.structs.replace(held, quantity=quantity))
        evidence = msgspec.json.encode({name: msgspec.Raw(raw) for name, raw in raws.items()})
        return AccountView(
            balances=tuple(balances),
            positions=tuple(positions),
            evidence=evidence,
            margin_health=health,
        )

    async def funding_paid(self, symbol: str, *, since_ms: int) -> list[FundingPaid]:
        """Return booked funding payments since a market time, oldest first; raise `VenueDown`."""
        require(self._policy, symbol, Capability.FUNDING_PAID)
        at = await self._rest.listing.instrument(symbol)
        query = self._asks.funding(at, account=self._account, since_ms=since_ms)
        rows = await self._rest.pages(query)
        unique = {row.income_id: msgspec.structs.replace(row, wallet=at.wallet) for row in rows}
        return sorted(unique.values(), key=lambda row: (row.time_ms, row.income_id))

    async def forced_by(self, symbol: str, venue_order_id: str) -> EndReason | None:
        """Ask why the venue made an order, of its own id, by itself; raise `VenueDown`."""
        ask = self._rest.dialect.forced
        if ask is None or market_of(symbol) is Market.SPOT:
            return None
        query = ask(await self._rest.listing.instrument(symbol), venue_order_id)
        request = msgspec.structs.replace(query.request, lane=self._reads)
        return self._rest.readable(query, await self._rest.read(request))

    async def rules(self, symbols: Sequence[str]) -> tuple[InstrumentRules, ...]:
        """Return filters and this account's fees; raise `VenueDown`, or `LookupError` naming an unknown symbol."""
        await self._rest.listing.load()
        found = []
        for symbol in symbols:
            at = self._rest.listing.known(symbol)
            fees = await self._rest.ask(self._asks.fees(at))
            found.append(await self._rest.listing.rules(symbol, fees=fees))
        return tuple(found)

    def private(self) -> AsyncIterator[PrivateEvent]:
        """Yield what the user streams say, every frame, reconnecting for ever; one listener at a time."""
        return UserStream(self._rest).events()

    async def probe(self) -> None:
        """Ask each market that was not heard lately for an answer."""
        quiet = (market for market in sorted(self._rest.markets) if self.contact.quiet(market))
        clock = self._rest.dialect.metadata.clock
        await asyncio.gather(*(self._rest.send(clock(market).request) for market in quiet))

    def trouble(self) -> str:
        """Say why the venue counts as degraded, an empty text while it does not."""
        return self._fitness.unfit or self._rest.troubles.why()

    @property
    def policy(self) -> Policy:
        """The venue's assumptions."""
        return self._policy

    async def close(self) -> None:
        """Disconnect."""
        await self._rest.close()
