"""Tulip's dialect, as an outside author writes one: words, paths and parsing, nothing that decides."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.account import SnapshotBalance, SnapshotPosition
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import TimeInForce
from opensqt.domain.venue import (
    OrderRequest,
    OrderView,
    Policy,
    Refusal,
    TradeView,
)
from opensqt.domain.wallets import wallet_of
from opensqt.venues.engine.dialect import (
    AccountPart,
    AnswerRow,
    Dialect,
    ErrorTable,
    ShownOrder,
    Tier,
)
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.rate_limit import ORDERS, Rate
from opensqt.venues.engine.request import Page, Query, RestRequest, SigningWindow, decoded
from opensqt.venues.engine.response import VenueResponse
from tests.support.tulip.streams import TulipFeed, TulipUserStream
from tests.support.tulip.wire import (
    Ack,
    Fees,
    Order,
    Purse,
    Said,
    Trade,
    ask,
    data_of,
    order_view,
    ours,
    trade_view,
)

VENUE, WALLET = "tulip", wallet_of(Market)
POLICY = Policy(
    venue=VENUE,
    deadline_ms=300,
    visibility_lag_ms=100,
    clock_skew_ms_max=100,
    queue_ms=100,
    id_unique="never",
    by_id_query="any",
    ack="promises",
    ack_grace_ms=150,
)
REFUSALS = {
    "broken_contract": Refusal.FILTER,
    "bad_signature": Refusal.AUTH,
    "late": Refusal.CLOCK,
}
ERRORS = ErrorTable(
    refusals=REFUSALS,
    unknown_to_cancel=frozenset({"no_such_order"}),
    unknown_to_look=frozenset({"no_such_order"}),
    throttles=frozenset({"hurry"}),
    throttle_statuses={429: 1000},
    throttle_ms=1000,
)


class TulipMetadata:
    """What Tulip tells of itself."""

    def client_options(self, markets: frozenset[Market], window_ms: int) -> Mapping[str, Any]:
        """Set nothing."""
        del markets, window_ms
        return {}

    def clock(self, market: Market) -> Query[int]:
        """Ask for Tulip's time."""
        request = RestRequest(
            section=("public",), verb="GET", path="time", market=market, cost={"reads": 1.0}
        )
        return Query(request=request, read=lambda raw, _: decoded(data_of(raw), int))

    def used(self, request: RestRequest, headers: Mapping[str, str]) -> Mapping[str, float]:
        """Tulip does not say."""
        del request, headers
        return {}

    def filters(self, listed: Mapping[str, Any], market: Market) -> Mapping[str, Any]:
        """Whole contracts at prices of a tenth."""
        del listed, market
        one = Decimal(1)
        return {
            "tick_size": Decimal("0.1"),
            "quantity_step": one,
            "quantity_min": one,
            "quantity_max": Decimal(1000),
            "notional_min": Decimal(0),
        }


class TulipOrders:
    """Places are acknowledged, nothing more."""

    def place(self, at: Instrument, orders: Sequence[OrderRequest]) -> RestRequest:
        """Return a place; each instrument has a budget of its own."""
        (order,) = orders
        params = {
            "client": order.client_order_id,
            "market": at.venue_symbol,
            "side": "b" if order.side is Side.BUY else "s",
            "price": str(order.price),
            "contracts": str(order.quantity),
            "maker": order.time_in_force is TimeInForce.POST_ONLY,
        }
        request = ask(at.market, "order", params, verb="POST", bucket=ORDERS)
        cost = {ORDERS: 1.0, f"place/{at.venue_symbol}": 1.0}
        return msgspec.structs.replace(request, cost=cost)

    def timed(self, request: RestRequest, window: SigningWindow) -> RestRequest:
        """Name the deadline in a header."""
        headers = {"X-Deadline": str(window.deadline_ms)}
        return msgspec.structs.replace(request, headers=headers)

    def cancel(self, at: Instrument, client_order_ids: Sequence[str]) -> RestRequest:
        """Return a cancel."""
        (name,) = client_order_ids
        return ask(at.market, "order", {"client": name}, verb="DELETE", bucket=ORDERS)

    def looks(self, at: Instrument, client_order_id: str) -> Sequence[RestRequest]:
        """Return the query by our id."""
        return (ask(at.market, "order", {"client": client_order_id}),)

    def ended(self, at: Instrument) -> Query[Page[OrderView]]:
        """List all orders."""
        return listed(at, {"all": "yes"})

    def said(self, response: VenueResponse) -> AnswerRow | None:
        """Read the word that every answer carries."""
        try:
            said = msgspec.json.decode(response.body, type=Said)
        except msgspec.DecodeError:
            return None
        if said.ok:
            return AnswerRow(data=bytes(said.data))
        return AnswerRow(code=said.why, name=said.why, data=response.evidence)

    def rows(self, response: VenueResponse, count: int) -> Sequence[AnswerRow]:
        """Each answer is about one order."""
        del count
        said = self.said(response)
        return () if said is None else (said,)

    def shown(self, data: bytes, symbols: Symbols, market: Market) -> ShownOrder:
        """Read an order, or the bare acknowledgement of one."""
        del market
        ack = decoded(data, Ack)
        view = order_view(decoded(data, Order), symbols) if b'"state"' in data else None
        return ShownOrder(venue_order_id=ack.order, client_order_id=ack.client, order=view)


def listed(at: Instrument, extra: Mapping[str, str]) -> Query[Page[OrderView]]:
    """List orders of an instrument."""

    def read(raw: bytes, symbols: Symbols) -> Page[OrderView]:
        rows = decoded(data_of(raw), list[Order])
        return Page(rows=[order_view(row, symbols) for row in rows])

    return Query(request=ask(at.market, "orders", {"market": at.venue_symbol, **extra}), read=read)


class TulipAccount:
    """One wallet, lists by opaque cursors."""

    def open_orders(self, at: Instrument) -> Query[Page[OrderView]]:
        """List what is open."""
        return listed(at, {})

    def trades(
        self, at: Instrument, *, after: str, since_ms: int, now_ms: int
    ) -> Query[Page[TradeView]]:
        """List trades beyond a cursor."""
        params = {"market": at.venue_symbol, **({"after": after} if after else {})}

        def read(raw: bytes, symbols: Symbols) -> Page[TradeView]:
            rows = decoded(data_of(raw), list[Trade])
            if not rows:
                return Page(rows=())
            following = self.trades(at, after=rows[-1].cursor, since_ms=since_ms, now_ms=now_ms)
            return Page(rows=[trade_view(row, symbols) for row in rows], following=following)

        return Query(request=ask(at.market, "trades", params), read=read)

    def funding(self, at: Instrument, *, account: str, since_ms: int) -> Query[Page[Any]]:
        """Tulip pays none: the answer about fees stands in for an empty list."""
        del account, since_ms
        return Query(request=ask(at.market, "fees", {}), read=lambda *_: Page(rows=()))

    def balances(self, markets: frozenset[Market]) -> Mapping[str, Query[AccountPart]]:
        """Ask for the one wallet, which serves both markets."""
        del markets

        def read(raw: bytes, symbols: Symbols) -> AccountPart:
            purse = decoded(data_of(raw), Purse)
            return AccountPart(
                balances=tuple(
                    SnapshotBalance(wallet=WALLET, asset=asset, total=total, free=total)
                    for asset, total in purse.coins.items()
                ),
                positions=tuple(
                    SnapshotPosition(
                        symbol=ours(held.market, symbols),
                        quantity=held.contracts,
                        entry_price=held.entry,
                    )
                    for held in purse.held
                    if held.contracts
                ),
            )

        return {"wallet": Query(request=ask(Market.PERP, "wallet", {}), read=read)}

    def fees(self, at: Instrument) -> Query[tuple[Decimal, Decimal]]:
        """Ask for the account's fees."""

        def read(raw: bytes, _: Symbols) -> tuple[Decimal, Decimal]:
            fees = decoded(data_of(raw), Fees)
            return fees.maker, fees.taker

        return Query(request=ask(at.market, "fees", {}), read=read)

    def modes(self, markets: frozenset[Market]) -> Sequence[Query[str]]:
        """There are none."""
        del markets
        return ()


DIALECT = Dialect(
    name=VENUE,
    tier=Tier.DECLARED,
    policy=POLICY,
    rates={"reads": Rate(amount=6000), "place": Rate(amount=600, of_address=False)},
    errors=dict.fromkeys(Market, ERRORS),
    wallets=(WALLET,),
    secrets=("api_key", "secret", "passphrase"),
    metadata=TulipMetadata(),
    orders=TulipOrders(),
    account=TulipAccount(),
    stream=TulipUserStream(),
    feed=TulipFeed(),
)
