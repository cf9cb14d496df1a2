"""Binance, spot and USDⓈ-M, through ccxt 4.5.90 as the executor's venue port.

Places, cancels and looks stand in `binance_orders`, the reads here. Never decides what to trade.
"""

import functools
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.account import FundingPaid
from opensqt.domain.decimals import from_foreign
from opensqt.domain.instruments import InstrumentRules, Market, market_of
from opensqt.domain.venue import AccountView, OrderView, Policy, PrivateEvent, TradeView, VenueDown
from opensqt.venues.binance.mode import PositionMode
from opensqt.venues.binance.orders import BinanceOrders, get
from opensqt.venues.binance.pages import read_funding, read_trades
from opensqt.venues.binance.parser import (
    Unreadable,
    order_views,
    perp_balances,
    positions,
    spot_balances,
)
from opensqt.venues.binance.rest import BinanceRest
from opensqt.venues.binance.rules import VENUE, rules_of
from opensqt.venues.binance.user_stream import BinanceUserStream
from opensqt.venues.engine.rate_limit import Priority

# docs: request weights; spot / usdm.
OPEN_ORDERS_WEIGHTS = {Market.SPOT: 6.0, Market.PERP: 1.0}
FEE_WEIGHT = 20.0


class BinanceVenue(BinanceOrders):
    """One account; spot and perpetual orders go through the same budget."""

    def __init__(self, gate: BinanceRest, *, account: str, policy: Policy) -> None:
        super().__init__(gate, policy)
        self._account = account
        self._mode = PositionMode(gate)

    @functools.cached_property
    def urgent(self) -> "BinanceVenue":
        """The same account, read from the share that is kept for exits."""
        other = BinanceVenue(self._gate, account=self._account, policy=self._policy)
        other._mode, other._reads = self._mode, Priority.LOOK
        return other

    async def open_orders(self, symbol: str) -> list[OrderView]:
        """Return all open orders of a symbol; raise `VenueDown`."""
        market = market_of(symbol)
        params = {"symbol": await self._gate.venue_symbol(symbol)}
        cost = {market.value: OPEN_ORDERS_WEIGHTS[market]}
        raw = await self._gate.read(get(market, "openOrders", params, cost, lane=self._reads))
        try:
            return order_views(raw, await self._gate.symbols(market))
        except Unreadable as error:
            raise VenueDown(f"open orders of {symbol} could not be read: {error}") from error

    async def trades(self, symbol: str, *, after_trade_id: str, since_ms: int) -> list[TradeView]:
        """Return all our trades beyond a trade id ("" = since a market time), oldest first; raise `VenueDown`."""
        return await read_trades(
            self._gate,
            symbol,
            market_of(symbol),
            after_trade_id=after_trade_id,
            since_ms=since_ms,
            lane=self._reads,
        )

    async def account(self) -> AccountView:
        """Return balances and positions of the wallets that this account uses; raise `VenueDown`."""
        await self._mode.check()
        raws: dict[str, bytes] = {}
        if Market.SPOT in self._gate.markets:
            cost = {Market.SPOT.value: 20.0}
            request = get(Market.SPOT, "account", {}, cost, lane=self._reads)
            raws["spot"] = await self._gate.read(request)
        if Market.PERP in self._gate.markets:
            for name, path in (("perp", "account"), ("positions", "positionRisk")):
                cost = {Market.PERP.value: 5.0}
                request = get(Market.PERP, path, {}, cost, "fapiPrivateV3", self._reads)
                raws[name] = await self._gate.read(request)
        try:
            balances = spot_balances(raws["spot"]) if "spot" in raws else []
            balances += perp_balances(raws["perp"]) if "perp" in raws else []
            held = []
            if "positions" in raws:
                held = positions(raws["positions"], await self._gate.symbols(Market.PERP))
        except Unreadable as error:
            raise VenueDown(f"the account could not be read: {error}") from error
        evidence = msgspec.json.encode({name: msgspec.Raw(raw) for name, raw in raws.items()})
        return AccountView(balances=tuple(balances), positions=tuple(held), evidence=evidence)

    async def funding_paid(self, symbol: str, *, since_ms: int) -> list[FundingPaid]:
        """Return booked funding payments since a market time, oldest first; raise `VenueDown`."""
        return await read_funding(
            self._gate, symbol, since_ms=since_ms, venue=VENUE, account=self._account
        )

    async def rules(self, symbols: Sequence[str]) -> tuple[InstrumentRules, ...]:
        """Return filters and this account's fees; raise `VenueDown`, or `LookupError` naming an unknown symbol."""
        listing = await self._gate.listing()
        now_ms = self._gate.clock.market_ms()
        found = []
        for symbol in symbols:
            listed = rules_of(listing, symbol, fees=None, time_ms=now_ms)
            fees = await _fees(self._gate, listed)
            found.append(rules_of(listing, symbol, fees=fees, time_ms=now_ms))
        return tuple(found)

    def private(self) -> AsyncIterator[PrivateEvent]:
        """Yield what the user streams say, every frame, reconnecting for ever; one listener at a time."""
        return BinanceUserStream(self._gate).events()

    def trouble(self) -> str:
        """Say why the venue counts as degraded, an empty text while it does not."""
        return self._mode.unfit or self._gate.troubles.why()

    @property
    def policy(self) -> Policy:
        """The venue's assumptions."""
        return self._policy

    async def close(self) -> None:
        """Disconnect."""
        await self._gate.close()


class _SpotFees(msgspec.Struct, frozen=True):
    maker: str
    taker: str


class _SpotCommission(msgspec.Struct, frozen=True, rename="camel"):
    standard_commission: _SpotFees


class _PerpCommission(msgspec.Struct, frozen=True, rename="camel"):
    maker_commission_rate: str
    taker_commission_rate: str


async def _fees(gate: BinanceRest, listed: InstrumentRules) -> tuple[Decimal, Decimal]:
    params, cost = {"symbol": listed.venue_symbol}, {listed.market.value: FEE_WEIGHT}
    path = "account/commission" if listed.market is Market.SPOT else "commissionRate"
    raw = await gate.read(get(listed.market, path, params, cost))
    try:
        if listed.market is Market.SPOT:
            spot = msgspec.json.decode(raw, type=_SpotCommission).standard_commission
            return from_foreign(spot.maker), from_foreign(spot.taker)
        perp = msgspec.json.decode(raw, type=_PerpCommission)
        return from_foreign(perp.maker_commission_rate), from_foreign(perp.taker_commission_rate)
    except msgspec.DecodeError as error:
        raise VenueDown(f"fees of {listed.symbol} could not be read: {error}") from error
