"""What is read of a unified account, in Bybit's words; pure. Lists come newest first, and are read back in time."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from opensqt.domain.account import FundingPaid
from opensqt.domain.decimals import from_foreign
from opensqt.domain.instruments import Market
from opensqt.domain.margin_health import of_maintenance_share
from opensqt.domain.venue import OrderView, TradeView
from opensqt.venues.bybit.parser import (
    WalletRow,
    balance,
    envelope_of,
    funding_paid,
    listed,
    order_view,
    position,
    trade_view,
)
from opensqt.venues.bybit.requests import CATEGORIES, FEES, LEDGER, read
from opensqt.venues.engine.cursor_pages import CursorPage, newest_first
from opensqt.venues.engine.dialect import AccountPart
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.request import Page, Query, Unreadable, decoded

# docs: the largest page of lists, of positions, and the longest span of time that one request may ask for.
PAGE, POSITIONS_PAGE = 50, 200
SPAN_MS = 7 * 24 * 3_600_000
SETTLED_IN = ("USDT", "USDC")  # docs: positions are listed by the coin that they settle in
MODE_SYMBOL = "BTCUSDT"  # the mode of a coin's perpetuals is told of any of them, also a flat one
ISOLATED = "ISOLATED_MARGIN"
UTA_MIN = 3  # docs, "unifiedMarginStatus": 1 classic, from 3 on unified
HEDGING = (
    "the account is in hedge mode, which nets nothing: close its positions and set Position Mode to One-Way Mode at"
    " Bybit; trading begins by itself then"
)
CLASSIC = "the account is a classic one: upgrade it to a Unified Trading Account; trading begins by itself then"
SEPARATE = (
    "the account is in isolated margin mode, in which spot and perpetuals do not share a wallet: set Cross Margin at"
    " Bybit; trading begins by itself then"
)


class _FeeRates(msgspec.Struct, frozen=True, rename="camel"):
    symbol: str
    taker_fee_rate: str
    maker_fee_rate: str


class _AccountState(msgspec.Struct, frozen=True, rename="camel"):
    unified_margin_status: int
    margin_mode: str = ""


class _PositionMode(msgspec.Struct, frozen=True, rename="camel"):
    position_idx: int


class BybitAccountEndpoints:
    """The one wallet of an account, its lists and its modes."""

    def open_orders(self, at: Instrument) -> Query[Page[OrderView]]:
        """List the open orders of a symbol, page by page."""
        params = {**_at(at), "openOnly": "0", "limit": str(PAGE)}

        def rows(raw: Sequence[bytes], symbols: Symbols) -> Sequence[OrderView]:
            return [order_view(row, symbols[at.market]) for row in raw]

        return newest_first(read(at.market, "order/realtime", params), _told, rows, PAGE)

    def trades(
        self, at: Instrument, *, after: str, since_ms: int, now_ms: int
    ) -> Query[Page[TradeView]]:
        """List our trades from a time on, or from that of a cursor; of the same moment all but the one it names.

        Whoever folds them has seen some of the same moment: none is lost, and a trade counts once.
        """
        time_text, _, seen = after.partition(":")
        first_ms = int(time_text) if after else since_ms
        start_ms = max(first_ms, now_ms - SPAN_MS + 1)

        def rows(raw: Sequence[bytes], symbols: Symbols) -> Sequence[TradeView]:
            found = [trade_view(row, at.market, symbols[at.market]) for row in raw]
            return [trade for trade in found if trade is not None and trade.trade_id != seen]

        def older(_: bytes) -> Query[Page[TradeView]] | None:
            if start_ms <= first_ms:
                return None
            return self.trades(at, after=after, since_ms=since_ms, now_ms=start_ms - 1)

        params = {**_at(at), **_span(start_ms, now_ms), "limit": str(PAGE)}
        return newest_first(read(at.market, "execution/list", params), _told, rows, PAGE, older)

    def funding(self, at: Instrument, *, account: str, since_ms: int) -> Query[Page[FundingPaid]]:
        """List booked payments of a symbol from a time on; how late it is the venue's own answer tells."""
        end_ms = since_ms + SPAN_MS - 1
        params = {
            "accountType": "UNIFIED",
            "category": CATEGORIES[at.market],
            "type": "SETTLEMENT",
            **_span(since_ms, end_ms),
            "limit": str(PAGE),
        }
        names = (at.venue_symbol,)

        def rows(raw: Sequence[bytes], symbols: Symbols) -> Sequence[FundingPaid]:
            own = {name: symbols[at.market][name] for name in names}
            return [paid for row in raw if (paid := funding_paid(row, own, account)) is not None]

        def later(last: bytes) -> Query[Page[FundingPaid]] | None:
            if end_ms >= envelope_of(last).time:
                return None
            return self.funding(at, account=account, since_ms=end_ms + 1)

        request = read(at.market, "account/transaction-log", params, bucket=LEDGER)
        return newest_first(request, _told, rows, PAGE, later)

    def balances(self, markets: frozenset[Market]) -> Mapping[str, Query[AccountPart]]:
        """Ask for the wallet, and for the positions of each coin that perpetuals settle in."""
        wallet = read(min(markets), "account/wallet-balance", {"accountType": "UNIFIED"})

        def read_wallet(raw: bytes, _: Symbols) -> AccountPart:
            wallets = [decoded(bytes(row), WalletRow) for row in listed(raw).rows]
            rates = [one.account_mm_rate for one in wallets if one.account_mm_rate]
            return AccountPart(
                balances=tuple(balance(coin) for one in wallets for coin in one.coin),
                margin_health=of_maintenance_share(from_foreign(rates[0])) if rates else None,
            )

        def read_positions(raw: bytes, symbols: Symbols) -> AccountPart:
            rows = listed(raw).rows
            if len(rows) >= POSITIONS_PAGE:
                raise Unreadable(f"{len(rows)} positions or more: not all of them were told")
            held = [position(bytes(row), symbols[Market.PERP]) for row in rows]
            return AccountPart(positions=tuple(one for one in held if one is not None))

        found = {"wallet": Query(request=wallet, read=read_wallet)}
        for coin in SETTLED_IN if Market.PERP in markets else ():
            params = {"category": "linear", "settleCoin": coin, "limit": str(POSITIONS_PAGE)}
            request = read(Market.PERP, "position/list", params)
            found[f"positions_{coin.lower()}"] = Query(request=request, read=read_positions)
        return found

    def fees(self, at: Instrument) -> Query[tuple[Decimal, Decimal]]:
        """Ask for this account's rates."""

        def read_fees(raw: bytes, _: Symbols) -> tuple[Decimal, Decimal]:
            for row in listed(raw).rows:
                fees = decoded(bytes(row), _FeeRates)
                if fees.symbol == at.venue_symbol:
                    return from_foreign(fees.maker_fee_rate), from_foreign(fees.taker_fee_rate)
            raise Unreadable(f"no fees of {at.venue_symbol}")

        request = read(at.market, "account/fee-rate", _at(at), bucket=FEES)
        return Query(request=request, read=read_fees)

    def modes(self, markets: frozenset[Market]) -> Sequence[Query[str]]:
        """Ask whether the account is unified, of cross margin, and in one-way mode."""

        def read_info(raw: bytes, _: Symbols) -> str:
            info = decoded(bytes(envelope_of(raw).result), _AccountState)
            if info.unified_margin_status < UTA_MIN:
                return CLASSIC
            return SEPARATE if info.margin_mode == ISOLATED else ""

        def read_mode(raw: bytes, _: Symbols) -> str:
            rows = [decoded(bytes(row), _PositionMode) for row in listed(raw).rows]
            return HEDGING if any(row.position_idx for row in rows) else ""

        asked = [Query(request=read(min(markets), "account/info", {}), read=read_info)]
        if Market.PERP in markets:
            params = {"category": "linear", "symbol": MODE_SYMBOL}
            asked.append(Query(request=read(Market.PERP, "position/list", params), read=read_mode))
        return asked


def _at(at: Instrument) -> dict[str, str]:
    return {"category": CATEGORIES[at.market], "symbol": at.venue_symbol}


def _span(start_ms: int, end_ms: int) -> dict[str, str]:
    return {"startTime": str(start_ms), "endTime": str(end_ms)}


def _told(raw: bytes) -> CursorPage:
    found = listed(raw)
    return CursorPage(rows=[bytes(row) for row in found.rows], cursor=found.next_page_cursor)
