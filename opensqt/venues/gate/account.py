"""What is read of a classic account, in Gate's words; pure. Lists come newest first, by pages (spot) or offsets."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from opensqt.domain.account import FundingPaid
from opensqt.domain.instruments import Market
from opensqt.domain.venue import OrderView, TradeView
from opensqt.venues.engine.dialect import AccountPart
from opensqt.venues.engine.instrument import Instrument, Symbols, trimmed
from opensqt.venues.engine.request import Page, Query, RestRequest, Unreadable, decoded
from opensqt.venues.gate.holdings import (
    SINGLE,
    GatePerpAccount,
    funding_paid,
    perp_balance,
    positions,
    spot_balances,
)
from opensqt.venues.gate.parser import ORDER_READERS, TRADE_READERS
from opensqt.venues.gate.requests import named, path_in, read, seconds

PAGE = 100  # docs: the largest page of open orders; other lists take a thousand
SPAN_MS = (
    30 * 24 * 3_600_000 - 1000
)  # docs: the longest span of time that one list of trades may cover
TRADES = {Market.SPOT: "my_trades", Market.PERP: "my_trades_timerange"}
CLASSIC = "classic"
HEDGING = (
    "the account is in hedge mode, which nets nothing: close its positions and set Position Mode to One-way at Gate;"
    " trading begins by itself then"
)
UNIFIED = (
    "the account is a unified one, of which Gate tells no balance without the gains of open positions: trade with a"
    " sub-account in Classic mode; trading begins by itself then"
)

Row = TypeVar("Row")


class _UnifiedMode(msgspec.Struct, frozen=True):
    mode: str


class _GateFees(msgspec.Struct, frozen=True):
    maker_fee: Decimal
    taker_fee: Decimal


class GateAccountEndpoints:
    """The two wallets of an account, its positions, lists and modes."""

    def open_orders(self, at: Instrument) -> Query[Page[OrderView]]:
        """List the open orders of a symbol, page by page."""
        params = {**named(at), "status": "open"}

        def view(row: bytes, symbols: Symbols) -> OrderView:
            return ORDER_READERS[at.market](row, symbols[at.market])

        return _paged(read(at.market, path_in(at.market, "orders"), params), view)

    def trades(
        self, at: Instrument, *, after: str, since_ms: int, now_ms: int
    ) -> Query[Page[TradeView]]:
        """List our trades from a time on, or from that of a cursor; of the same second all but the one it names.

        Whoever folds them has seen some of the same second: none is lost, and a trade counts once.
        """
        time_text, _, seen = after.partition(":")
        first_ms = int(time_text) if after else since_ms
        start_ms = max(first_ms, now_ms - SPAN_MS)

        def view(row: bytes, symbols: Symbols) -> TradeView | None:
            trade = TRADE_READERS[at.market](row, symbols[at.market])
            return None if trade.trade_id == seen else trade

        def older() -> Query[Page[TradeView]] | None:
            if start_ms <= first_ms:
                return None
            return self.trades(at, after=after, since_ms=since_ms, now_ms=start_ms)

        # What happens in this second is told, too.
        params = {**named(at), "from": seconds(start_ms), "to": seconds(now_ms + 1000)}
        path = path_in(at.market, TRADES[at.market])
        return _paged(read(at.market, path, params), view, older)

    def funding(self, at: Instrument, *, account: str, since_ms: int) -> Query[Page[FundingPaid]]:
        """List booked payments of a symbol from a time on."""
        params = {**named(at), "type": "fund", "from": seconds(since_ms)}

        def view(row: bytes, symbols: Symbols) -> FundingPaid | None:
            own = {at.venue_symbol: symbols[at.market][at.venue_symbol]}
            return funding_paid(row, own, account)

        return _paged(read(at.market, path_in(at.market, "account_book"), params), view)

    def balances(self, markets: frozenset[Market]) -> Mapping[str, Query[AccountPart]]:
        """Ask for the wallet of each market, and for positions."""

        def read_spot(raw: bytes, _: Symbols) -> AccountPart:
            return AccountPart(balances=spot_balances(raw))

        def read_perp(raw: bytes, _: Symbols) -> AccountPart:
            return AccountPart(balances=(perp_balance(raw),))

        def read_positions(raw: bytes, symbols: Symbols) -> AccountPart:
            return AccountPart(positions=positions(raw, symbols[Market.PERP]))

        found = {}
        if Market.SPOT in markets:
            found["spot"] = Query(request=read(Market.SPOT, "accounts"), read=read_spot)
        if Market.PERP in markets:
            found["perp"] = Query(request=_perp_account(), read=read_perp)
            request = read(Market.PERP, path_in(Market.PERP, "positions"), {"holding": "true"})
            found["positions"] = Query(request=request, read=read_positions)
        return found

    def fees(self, at: Instrument) -> Query[tuple[Decimal, Decimal]]:
        """Ask for this account's rates; a perpetual tells its own by name."""

        def read_spot(raw: bytes, _: Symbols) -> tuple[Decimal, Decimal]:
            return _rates(decoded(raw, _GateFees))

        def read_perp(raw: bytes, _: Symbols) -> tuple[Decimal, Decimal]:
            told = decoded(raw, dict[str, _GateFees])
            if at.venue_symbol not in told:
                raise Unreadable(f"no fees of {at.venue_symbol}")
            return _rates(told[at.venue_symbol])

        if at.market is Market.SPOT:
            return Query(
                request=read(at.market, "fee", named(at), section="wallet"), read=read_spot
            )
        request = read(at.market, path_in(at.market, "fee"), named(at))
        return Query(request=request, read=read_perp)

    def modes(self, markets: frozenset[Market]) -> Sequence[Query[str]]:
        """Ask whether the account is a classic one, and in one-way mode."""

        def read_unified(raw: bytes, _: Symbols) -> str:
            return "" if decoded(raw, _UnifiedMode).mode == CLASSIC else UNIFIED

        def read_sides(raw: bytes, _: Symbols) -> str:
            wire = decoded(raw, GatePerpAccount)
            return HEDGING if wire.in_dual_mode or wire.position_mode != SINGLE else ""

        unified = read(min(markets), "unified_mode", section="unified")
        asked = [Query(request=unified, read=read_unified)]
        if Market.PERP in markets:
            asked.append(Query(request=_perp_account(), read=read_sides))
        return asked


def user_id() -> Query[str]:
    """Ask for the number of the account, by which streams of perpetuals are asked for."""

    def read_user(raw: bytes, _: Symbols) -> str:
        user = str(decoded(raw, GatePerpAccount).user)
        if not user.isdecimal():
            raise Unreadable(f"user {user!r}, expected a number")
        return user

    return Query(request=_perp_account(), read=read_user)


def _perp_account() -> RestRequest:
    return read(Market.PERP, path_in(Market.PERP, "accounts"))


def _rates(fees: _GateFees) -> tuple[Decimal, Decimal]:
    return trimmed(fees.maker_fee), trimmed(fees.taker_fee)


def _paged(
    request: RestRequest,
    view: Callable[[bytes, Symbols], Row | None],
    older: Callable[[], Query[Page[Row]] | None] = lambda: None,
    number: int = 0,
) -> Query[Page[Row]]:
    """Read a list that comes newest first to its end, then what is older still.

    What happens meanwhile moves rows to a later page: some may come twice, none is missed.
    """
    spot = request.market is Market.SPOT
    place = {"page": str(number + 1)} if spot else {"offset": str(number * PAGE)}
    params = {**request.params, "limit": str(PAGE), **place}

    def read_page(raw: bytes, symbols: Symbols) -> Page[Row]:
        rows = decoded(raw, list[msgspec.Raw])
        found = [one for row in rows if (one := view(bytes(row), symbols)) is not None]
        more = _paged(request, view, older, number + 1) if len(rows) >= PAGE else older()
        return Page(rows=found, newest_first=True, following=more)

    return Query(request=msgspec.structs.replace(request, params=params), read=read_page)
