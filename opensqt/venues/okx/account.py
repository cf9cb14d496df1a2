"""What is read of an account, in OKX's words; pure. Long lists come newest first, and go on by the id of a row."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.account import FundingPaid
from opensqt.domain.instruments import Market
from opensqt.domain.venue import OrderView, TradeView
from opensqt.venues.engine.dialect import AccountPart
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.request import Page, Query, decoded
from opensqt.venues.okx.parser import (
    number,
    read_balances,
    read_funding,
    read_margin_health,
    read_order,
    read_position,
    read_trade,
)
from opensqt.venues.okx.requests import KINDS, family_of, kind_of, read, row_in, rows_in

PAGE = 100  # docs: the most rows of each of these lists
FUNDING_FEE = "8"  # docs, the type of a bill
NET = "net_mode"
SIMPLE = "1"
HEDGING = (
    "the account is in long/short mode (posMode), which nets nothing: close its positions and set Position mode to Net"
    " at OKX; trading begins by itself then"
)
SPOT_ONLY = (
    "the account is in Spot mode (acctLv 1), which trades no perpetuals: set Account mode to Futures at OKX; trading"
    " begins by itself then"
)


class _Config(msgspec.Struct, frozen=True, rename="camel"):
    pos_mode: str
    acct_lv: str


class _Fees(msgspec.Struct, frozen=True, rename="camel"):
    maker: str
    taker: str
    maker_u: str = msgspec.field(name="makerU", default="")
    taker_u: str = msgspec.field(name="takerU", default="")


class OkxAccountEndpoints:
    """The one wallet of an account, its positions, lists and modes."""

    def open_orders(self, at: Instrument, *, older_than: str = "") -> Query[Page[OrderView]]:
        """List the open orders of a symbol, a hundred at a time."""

        def read_page(raw: bytes, symbols: Symbols) -> Page[OrderView]:
            rows = [read_order(row, symbols) for row in rows_in(raw)]
            if len(rows) < PAGE:
                return Page(rows=rows)
            following = self.open_orders(at, older_than=rows[-1].venue_order_id)
            return Page(rows=rows, following=following)

        params = {**kind_of(at), **_older(older_than)}
        request = read(at.market, "trade/orders-pending", params, "open_orders")
        return Query(request=request, read=read_page)

    def trades(
        self,
        at: Instrument,
        *,
        after: str,
        since_ms: int,
        now_ms: int,
        older_than: str = "",
    ) -> Query[Page[TradeView]]:
        """List our trades beyond a bill, or from a time on, back to there."""

        def read_page(raw: bytes, symbols: Symbols) -> Page[TradeView]:
            rows = [read_trade(row, symbols) for row in rows_in(raw)]
            if len(rows) < PAGE:
                return Page(rows=rows, newest_first=True)
            oldest = rows[-1].cursor
            following = self.trades(
                at, after=after, since_ms=since_ms, now_ms=now_ms, older_than=oldest
            )
            return Page(rows=rows, newest_first=True, following=following)

        window = {"before": after} if after else {"begin": str(since_ms)}
        params = {**kind_of(at), **window, **_older(older_than)}
        request = read(at.market, "trade/fills-history", params, "trades")
        return Query(request=request, read=read_page)

    def funding(
        self, at: Instrument, *, account: str, since_ms: int, older_than: str = ""
    ) -> Query[Page[FundingPaid]]:
        """List booked payments of a symbol from a time on."""

        def read_page(raw: bytes, symbols: Symbols) -> Page[FundingPaid]:
            rows = [read_funding(row, symbols, account) for row in rows_in(raw)]
            if len(rows) < PAGE:
                return Page(rows=rows)
            oldest = rows[-1].income_id
            following = self.funding(at, account=account, since_ms=since_ms, older_than=oldest)
            return Page(rows=rows, following=following)

        params = {
            **kind_of(at),
            "type": FUNDING_FEE,
            "begin": str(since_ms),
            **_older(older_than),
        }
        return Query(
            request=read(at.market, "account/bills-archive", params, "bills"), read=read_page
        )

    def balances(self, markets: frozenset[Market]) -> Mapping[str, Query[AccountPart]]:
        """Ask for the wallet, and for the positions where perpetuals are traded."""

        def wallet(raw: bytes, _: Symbols) -> AccountPart:
            row = row_in(raw)
            balances, _ms = read_balances(row)
            return AccountPart(balances=tuple(balances), margin_health=read_margin_health(row))

        def positions(raw: bytes, symbols: Symbols) -> AccountPart:
            held = [read_position(row, symbols) for row in rows_in(raw)]
            return AccountPart(positions=tuple(one for one in held if one is not None))

        market = min(markets)
        found = {
            "wallet": Query(request=read(market, "account/balance", {}, "balances"), read=wallet)
        }
        if Market.PERP in markets:
            params = {"instType": KINDS[Market.PERP]}
            request = read(Market.PERP, "account/positions", params, "positions")
            found["positions"] = Query(request=request, read=positions)
        return found

    def fees(self, at: Instrument) -> Query[tuple[Decimal, Decimal]]:
        """Ask for this account's fees; perpetuals that settle in USDT have their own."""

        def read_fees(raw: bytes, _: Symbols) -> tuple[Decimal, Decimal]:
            fees = decoded(row_in(raw), _Fees)
            perp = at.market is Market.PERP
            maker = fees.maker_u if perp and fees.maker_u else fees.maker
            taker = fees.taker_u if perp and fees.taker_u else fees.taker
            return -number(maker), -number(taker)

        of = kind_of(at)
        if at.market is Market.PERP:
            of = {"instType": KINDS[at.market], "instFamily": family_of(at)}
        return Query(request=read(at.market, "account/trade-fee", of, "fees"), read=read_fees)

    def modes(self, markets: frozenset[Market]) -> Sequence[Query[str]]:
        """Ask for the modes of the account: positions must net, and perpetuals be allowed."""
        if Market.PERP not in markets:
            return ()

        def read_modes(raw: bytes, _: Symbols) -> str:
            config = decoded(row_in(raw), _Config)
            if config.acct_lv == SIMPLE:
                return SPOT_ONLY
            return "" if config.pos_mode == NET else HEDGING

        return (Query(request=read(Market.PERP, "account/config", {}, "modes"), read=read_modes),)


def _older(than: str) -> dict[str, str]:
    return {"after": than} if than else {}
