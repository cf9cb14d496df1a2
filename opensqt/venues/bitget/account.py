"""What is read of a unified account, in Bitget's words; pure. Lists come newest first, and are read back in time."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.account import FundingPaid
from opensqt.domain.decimals import from_foreign
from opensqt.domain.instruments import Market
from opensqt.domain.venue import OrderView, TradeView
from opensqt.venues.bitget.parser import (
    HEDGE,
    BitgetCoin,
    balance,
    funding_paid,
    order_view,
    position,
    trade_view,
)
from opensqt.venues.bitget.requests import PERPS, category_of, data_in, envelope_of, read
from opensqt.venues.bitget.words import moment
from opensqt.venues.engine.cursor_pages import CursorPage, newest_first
from opensqt.venues.engine.dialect import AccountPart
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.request import Page, Query, decoded

PAGE = 100  # docs: the most rows of each of these lists
SPAN_MS = 30 * 24 * 3_600_000  # docs: the longest span of time that one request may ask for
UNIFIED = "unified"
HEDGING = (
    "the account is in hedge mode, which nets nothing: close its positions and set Position Mode to One-way at Bitget;"
    " trading begins by itself then"
)
CLASSIC = (
    "the account is {mode}, not a unified one: switch it to a Unified Trading Account at Bitget; trading begins by"
    " itself then"
)


class _Listed(msgspec.Struct, frozen=True):
    rows: list[msgspec.Raw] | None = msgspec.field(name="list", default=None)
    cursor: str | int | None = None


class _Assets(msgspec.Struct, frozen=True):
    assets: list[BitgetCoin] = []


class _BitgetFees(msgspec.Struct, frozen=True, rename="camel"):
    maker_fee_rate: str
    taker_fee_rate: str


class _Settings(msgspec.Struct, frozen=True, rename="camel"):
    account_mode: str
    hold_mode: str


class BitgetAccountEndpoints:
    """The one wallet of an account, its lists and its modes."""

    def open_orders(self, at: Instrument) -> Query[Page[OrderView]]:
        """List the open orders of a symbol, page by page."""
        params = {"category": category_of(at), "symbol": at.venue_symbol, "limit": str(PAGE)}

        def rows(raw: Sequence[bytes], symbols: Symbols) -> Sequence[OrderView]:
            return [order_view(row, symbols) for row in raw]

        request = read(at.market, "trade/unfilled-orders", params, rate="read")
        return newest_first(request, listed, rows, PAGE)

    def trades(
        self, at: Instrument, *, after: str, since_ms: int, now_ms: int
    ) -> Query[Page[TradeView]]:
        """List our trades of a symbol from a time on, or from that of a cursor; of that moment all but the named one.

        The list is of a category: those of other symbols are left out.
        """
        time_text, _, seen = after.partition(":")
        first_ms = int(time_text) if after else since_ms
        start_ms = max(first_ms, now_ms - SPAN_MS + 1)

        def rows(raw: Sequence[bytes], symbols: Symbols) -> Sequence[TradeView]:
            ours = [row for row in raw if decoded(row, _Named).symbol == at.venue_symbol]
            found = [trade_view(row, symbols) for row in ours]
            return [trade for trade in found if trade.trade_id != seen]

        def older(_: bytes) -> Query[Page[TradeView]] | None:
            if start_ms <= first_ms:
                return None
            return self.trades(at, after=after, since_ms=since_ms, now_ms=start_ms - 1)

        params = {"category": category_of(at), **_span(start_ms, now_ms)}
        request = read(at.market, "trade/fills", params, rate="read")
        return newest_first(request, listed, rows, PAGE, older)

    def funding(self, at: Instrument, *, account: str, since_ms: int) -> Query[Page[FundingPaid]]:
        """List booked payments of a symbol from a time on; how late it is the venue's own answer tells."""
        end_ms = since_ms + SPAN_MS - 1
        params = {"category": category_of(at), **_span(since_ms, end_ms)}
        own = {Market.PERP: {at.venue_symbol: at.symbol}}

        def rows(raw: Sequence[bytes], symbols: Symbols) -> Sequence[FundingPaid]:
            del symbols
            return [paid for row in raw if (paid := funding_paid(row, own, account)) is not None]

        def later(last: bytes) -> Query[Page[FundingPaid]] | None:
            if end_ms >= moment(envelope_of(last).request_time):
                return None
            return self.funding(at, account=account, since_ms=end_ms + 1)

        request = read(at.market, "account/financial-records", params, rate="read")
        return newest_first(request, listed, rows, PAGE, later)

    def balances(self, markets: frozenset[Market]) -> Mapping[str, Query[AccountPart]]:
        """Ask for the wallet, and for the positions of each category of perpetuals."""

        def read_wallet(raw: bytes, _: Symbols) -> AccountPart:
            return AccountPart(balances=tuple(map(balance, decoded(data_in(raw), _Assets).assets)))

        def read_positions(raw: bytes, symbols: Symbols) -> AccountPart:
            held = [position(row, symbols) for row in listed(raw).rows]
            return AccountPart(positions=tuple(one for one in held if one is not None))

        market = min(markets)
        request = read(market, "account/assets", {}, rate="read")
        found = {"wallet": Query(request=request, read=read_wallet)}
        for category in PERPS if Market.PERP in markets else ():
            params = {"category": category}
            request = read(Market.PERP, "position/current-position", params, rate="read")
            found[category.lower()] = Query(request=request, read=read_positions)
        return found

    def fees(self, at: Instrument) -> Query[tuple[Decimal, Decimal]]:
        """Ask for this account's rates."""

        def read_fees(raw: bytes, _: Symbols) -> tuple[Decimal, Decimal]:
            fees = decoded(data_in(raw), _BitgetFees)
            return from_foreign(fees.maker_fee_rate), from_foreign(fees.taker_fee_rate)

        params = {"category": category_of(at), "symbol": at.venue_symbol}
        request = read(at.market, "account/fee-rate", params, rate="fees")
        return Query(request=request, read=read_fees)

    def modes(self, markets: frozenset[Market]) -> Sequence[Query[str]]:
        """Ask whether the account is unified, and in one-way mode."""

        def read_settings(raw: bytes, _: Symbols) -> str:
            settings = decoded(data_in(raw), _Settings)
            if settings.account_mode != UNIFIED:
                return CLASSIC.format(mode=settings.account_mode)
            hedging = Market.PERP in markets and settings.hold_mode == HEDGE
            return HEDGING if hedging else ""

        request = read(min(markets), "account/settings", {}, rate="read")
        return (Query(request=request, read=read_settings),)


class _Named(msgspec.Struct, frozen=True):
    symbol: str


def listed(raw: bytes) -> CursorPage:
    """Read the list of a good answer; raise `Unreadable`. An empty one may be null."""
    found = decoded(data_in(raw), _Listed)
    return CursorPage(rows=[bytes(row) for row in found.rows or ()], cursor=str(found.cursor or ""))


def _span(start_ms: int, end_ms: int) -> dict[str, str]:
    return {"startTime": str(start_ms), "endTime": str(end_ms), "limit": str(PAGE)}
