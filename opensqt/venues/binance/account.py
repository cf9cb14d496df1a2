"""What is read of an account, in Binance's words; pure. Long lists are paged to their end: by time, then by id."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.account import FundingPaid
from opensqt.domain.decimals import from_foreign
from opensqt.domain.instruments import Market
from opensqt.domain.venue import OrderView, TradeView
from opensqt.venues.binance.parser import (
    funding_rows,
    order_views,
    perp_balances,
    positions,
    spot_balances,
    trade_views,
)
from opensqt.venues.binance.requests import SECTIONS_V3, signed
from opensqt.venues.binance.rules import VENUE
from opensqt.venues.binance.weights import (
    BALANCES_WEIGHTS,
    FEE_WEIGHT,
    INCOME_WEIGHT,
    MODE_WEIGHT,
    OPEN_ORDERS_WEIGHTS,
    TRADES_WEIGHTS,
)
from opensqt.venues.engine.dialect import AccountPart
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.request import Page, Query, RestRequest, decoded

PAGE = 1000
HOUR_MS = 3_600_000
# docs: the span between startTime and endTime is at most 24 h (spot myTrades) and 7 days (usdm userTrades).
SPAN_MS = {Market.SPOT: 24 * HOUR_MS, Market.PERP: 7 * 24 * HOUR_MS}
TRADE_PATHS = {Market.SPOT: "myTrades", Market.PERP: "userTrades"}
HEDGING = (
    "the account is in hedge mode (dualSidePosition), which nets nothing: close its positions and set"
    " Position Mode to One-way at Binance; trading begins by itself then"
)


class _Mode(msgspec.Struct, frozen=True, rename="camel"):
    dual_side_position: bool


class _SpotFees(msgspec.Struct, frozen=True):
    maker: str
    taker: str


class _SpotCommission(msgspec.Struct, frozen=True, rename="camel"):
    standard_commission: _SpotFees


class _PerpCommission(msgspec.Struct, frozen=True, rename="camel"):
    maker_commission_rate: str
    taker_commission_rate: str


class BinanceAccountEndpoints:
    """Both wallets of an account, its lists and its modes."""

    def open_orders(self, at: Instrument) -> Query[Page[OrderView]]:
        """List all open orders of a symbol at once."""

        def read(raw: bytes, symbols: Symbols) -> Page[OrderView]:
            return Page(rows=order_views(raw, symbols[at.market]))

        cost = {at.market.value: OPEN_ORDERS_WEIGHTS[at.market]}
        request = signed(at.market, "openOrders", {"symbol": at.venue_symbol}, cost)
        return Query(request=request, read=read)

    def trades(
        self, at: Instrument, *, after: str, since_ms: int, now_ms: int
    ) -> Query[Page[TradeView]]:
        """List our trades beyond an id, or from a time on: span by span until one is found, then by id."""
        if after:
            return _trades_from(at, int(after) + 1)
        end_ms = since_ms + SPAN_MS[at.market] - 1

        def read(raw: bytes, symbols: Symbols) -> Page[TradeView]:
            found = trade_views(at.market, raw, symbols[at.market])
            if found:
                return Page(rows=found, following=_trades_from(at, int(found[-1].trade_id) + 1))
            if end_ms >= now_ms:
                return Page(rows=())
            following = self.trades(at, after="", since_ms=end_ms + 1, now_ms=now_ms)
            return Page(rows=(), following=following)

        window = {"startTime": str(since_ms), "endTime": str(end_ms)}
        return Query(request=signed(*_trade_terms(at, window)), read=read)

    def funding(self, at: Instrument, *, account: str, since_ms: int) -> Query[Page[FundingPaid]]:
        """List booked payments of a symbol; a full page is followed by one from its last moment on."""
        params = {
            "symbol": at.venue_symbol,
            "incomeType": "FUNDING_FEE",
            "limit": str(PAGE),
            "startTime": str(since_ms),
        }

        def read(raw: bytes, symbols: Symbols) -> Page[FundingPaid]:
            found = funding_rows(raw, symbols[at.market], venue=VENUE, account=account)
            if len(found) < PAGE or found[-1].time_ms <= since_ms:
                return Page(rows=found)
            following = self.funding(at, account=account, since_ms=found[-1].time_ms)
            return Page(rows=found, following=following)

        cost = {at.market.value: INCOME_WEIGHT}
        return Query(request=signed(at.market, "income", params, cost), read=read)

    def balances(self, markets: frozenset[Market]) -> Mapping[str, Query[AccountPart]]:
        """Ask for the wallet of each market, and for the positions."""
        found: dict[str, Query[AccountPart]] = {}
        if Market.SPOT in markets:
            request = signed(
                Market.SPOT, "account", {}, {Market.SPOT.value: BALANCES_WEIGHTS[Market.SPOT]}
            )
            found["spot"] = Query(
                request=request,
                read=lambda raw, _: AccountPart(balances=tuple(spot_balances(raw))),
            )
        if Market.PERP in markets:
            found["perp"] = Query(
                request=_perp_account("account"),
                read=lambda raw, _: AccountPart(balances=tuple(perp_balances(raw))),
            )
            found["positions"] = Query(
                request=_perp_account("positionRisk"),
                read=lambda raw, symbols: AccountPart(
                    positions=tuple(positions(raw, symbols[Market.PERP]))
                ),
            )
        return found

    def fees(self, at: Instrument) -> Query[tuple[Decimal, Decimal]]:
        """Ask for this account's commission."""
        spot = at.market is Market.SPOT

        def read(raw: bytes, _: Symbols) -> tuple[Decimal, Decimal]:
            if spot:
                fees = decoded(raw, _SpotCommission).standard_commission
                return from_foreign(fees.maker), from_foreign(fees.taker)
            perp = decoded(raw, _PerpCommission)
            return from_foreign(perp.maker_commission_rate), from_foreign(
                perp.taker_commission_rate
            )

        path = "account/commission" if spot else "commissionRate"
        cost = {at.market.value: FEE_WEIGHT}
        request = signed(at.market, path, {"symbol": at.venue_symbol}, cost)
        return Query(request=request, read=read)

    def modes(self, markets: frozenset[Market]) -> Sequence[Query[str]]:
        """Ask for the position mode: it must be one-way, or nothing nets."""
        if Market.PERP not in markets:
            return ()
        cost = {Market.PERP.value: MODE_WEIGHT}
        request = signed(Market.PERP, "positionSide/dual", {}, cost)

        def read(raw: bytes, _: Symbols) -> str:
            return HEDGING if decoded(raw, _Mode).dual_side_position else ""

        return (Query(request=request, read=read),)


def _trades_from(at: Instrument, first: int) -> Query[Page[TradeView]]:
    """List trades by id, from this one on."""

    def read(raw: bytes, symbols: Symbols) -> Page[TradeView]:
        found = trade_views(at.market, raw, symbols[at.market])
        if len(found) < PAGE:
            return Page(rows=found)
        return Page(rows=found, following=_trades_from(at, int(found[-1].trade_id) + 1))

    return Query(request=signed(*_trade_terms(at, {"fromId": str(first)})), read=read)


def _trade_terms(
    at: Instrument, window: Mapping[str, str]
) -> tuple[Market, str, dict[str, str], dict[str, float]]:
    params = {"symbol": at.venue_symbol, "limit": str(PAGE), **window}
    return at.market, TRADE_PATHS[at.market], params, {at.market.value: TRADES_WEIGHTS[at.market]}


def _perp_account(path: str) -> RestRequest:
    cost = {Market.PERP.value: BALANCES_WEIGHTS[Market.PERP]}
    return signed(Market.PERP, path, {}, cost, section=SECTIONS_V3)
