"""PositionService: what is held, what was ordered and traded, what it earned. Pure."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from opensqt.api.lines import (
    fill_line,
    fills_of,
    history,
    open_orders,
    order_line,
    our_id,
    place_of,
    position_lines,
)
from opensqt.api.paging import paged
from opensqt.api.position_shapes import (
    OfOrder,
    OrderReply,
    PositionHistoryReply,
    PositionPnL,
    PositionReply,
    PositionSnapshot,
    RealizedPnLReply,
    SymbolPnL,
    UnrealizedPnLReply,
)
from opensqt.api.requests import (
    FillsReply,
    OfHistory,
    OfPeriod,
    OfSymbol,
    OfSymbols,
    OpenOrdersReply,
    OrdersReply,
    PositionLine,
    PositionsReply,
)
from opensqt.api.view import DeskView
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import quote_asset
from opensqt.domain.order_events import Fill
from opensqt.domain.order_state import Order
from opensqt.domain.profit import total
from opensqt.runtime.projection.tables import instant

HUNDRED = Decimal(100)


def get_positions(view: DeskView, asked: OfSymbols) -> PositionsReply:
    """Return net positions."""
    found = position_lines(view).values()
    return PositionsReply(positions=tuple(p for p in found if asked.wants(p.venue, p.symbol)))


def get_position(view: DeskView, asked: OfSymbol) -> PositionReply:
    """Return one symbol with its open orders."""
    venue, symbol = place_of(view, asked.symbol, asked.venue)
    one = OfSymbols(symbols=(symbol,), venues=(venue,))
    return PositionReply(
        positions=get_positions(view, one).positions,
        open_orders=get_open_orders(view, one).orders,
    )


def get_open_orders(view: DeskView, asked: OfSymbols) -> OpenOrdersReply:
    """Return what may still fill."""
    lines = (order_line(view.books, order.client_order_id) for order in open_orders(view.books))
    return OpenOrdersReply(orders=tuple(one for one in lines if asked.wants(one.venue, one.symbol)))


def get_order_history(view: DeskView, asked: OfHistory) -> OrdersReply:
    """Return orders by the time at which they were placed."""

    def wanted(order: Order) -> bool:
        placed = order.placed
        return (
            placed is not None
            and asked.wants(placed.ref.venue, placed.ref.symbol)
            and asked.holds(placed.time_ms)
        )

    ids, after = paged(view.books.orders, wanted, asked.cursor, asked.limit)
    return OrdersReply(orders=tuple(order_line(view.books, one) for one in ids), next_cursor=after)


def get_order(view: DeskView, asked: OfOrder) -> OrderReply:
    """Return one order and its trades."""
    line = order_line(view.books, our_id(view.books, asked.order_id))
    place = (line.venue, line.account, line.symbol)
    fills = view.books.orders[line.client_order_id].fills
    return OrderReply(
        order=line,
        fills=tuple(fill_line(view.books, (*place, fill.trade_id)) for fill in fills),
    )


def get_fills(view: DeskView, asked: OfHistory) -> FillsReply:
    """Return trades of ours by their time at the venue."""
    keys, after = paged(view.books.fills, _trade_wanted(asked), asked.cursor, asked.limit)
    return FillsReply(fills=tuple(fill_line(view.books, key) for key in keys), next_cursor=after)


def get_position_history(view: DeskView, asked: OfHistory) -> PositionHistoryReply:
    """Return how positions came to be."""
    keys, after = paged(view.books.fills, _trade_wanted(asked), asked.cursor, asked.limit)
    places = {key[:3] for key in keys}
    shown = {
        (*place, fill.trade_id): PositionSnapshot(
            account=place[1],
            symbol=place[2],
            quantity=held.quantity,
            entry_price=held.entry_price,
            market_price=fill.price,
            unrealized_pnl=held.unrealized_pnl(fill.price),
            realized_pnl=held.realized_pnl,
            trade_id=fill.trade_id,
            time=instant(fill.time_ms),
        )
        for place in places
        for fill, held, _ in history(fills_of(view.books, place))
    }
    return PositionHistoryReply(snapshots=tuple(shown[key] for key in keys), next_cursor=after)


def get_realized_pnl(view: DeskView, asked: OfPeriod) -> RealizedPnLReply:
    """Return what trades within a time realised."""
    places = sorted(place for place in view.books.nets if asked.wants(place[0], place[2]))
    lines = []
    for place in places:
        made = [
            earned
            for fill, _, earned in history(fills_of(view.books, place))
            if asked.holds(fill.time_ms)
        ]
        wins, losses = sum(one > 0 for one in made), sum(one < 0 for one in made)
        rate = EXACT.divide(Decimal(wins), Decimal(wins + losses)) if wins + losses else None
        whole = not (asked.start_ms or asked.end_ms)
        lines.append(
            SymbolPnL(
                venue=place[0],
                account=place[1],
                symbol=place[2],
                # The books also know what was adopted or corrected, which no trade of ours shows.
                realized_pnl=view.books.nets[place].position.realized_pnl
                if whole
                else sum(made, ZERO),
                num_trades=len(made),
                winning_trades=wins,
                losing_trades=losses,
                win_rate=None if rate is None else round(rate, 4),
            )
        )
    return RealizedPnLReply(
        total_pnl=_sum((one.symbol, one.realized_pnl) for one in lines),
        by_symbol=tuple(lines),
    )


def get_unrealized_pnl(view: DeskView, asked: OfSymbols) -> UnrealizedPnLReply:
    """Return what open positions would bring."""
    lines = [one for one in get_positions(view, asked).positions if one.quantity != 0]
    return UnrealizedPnLReply(
        total_pnl=_sum((one.symbol, one.unrealized_pnl) for one in lines),
        positions=tuple(_pnl(one) for one in lines),
    )


def _trade_wanted(asked: OfHistory) -> Callable[[Fill], bool]:
    return lambda fill: asked.wants(fill.ref.venue, fill.ref.symbol) and asked.holds(fill.time_ms)


def _sum(amounts: Iterable[tuple[str, Decimal | None]]) -> Decimal | None:
    """Sum amounts by symbol; None where one is unknown, or they are counted in several assets."""
    found = list(amounts)
    quotes = {quote_asset(symbol) for symbol, _ in found}
    return total(amount for _, amount in found) if len(quotes) <= 1 else None


def _pnl(line: PositionLine) -> PositionPnL:
    paid = EXACT.multiply(abs(line.quantity), line.entry_price)
    share = None
    if line.unrealized_pnl is not None and paid != 0:
        share = EXACT.divide(EXACT.multiply(line.unrealized_pnl, HUNDRED), paid)
    return PositionPnL(
        venue=line.venue,
        account=line.account,
        symbol=line.symbol,
        quantity=line.quantity,
        entry_price=line.entry_price,
        current_price=line.current_price,
        unrealized_pnl=line.unrealized_pnl,
        pnl_percentage=None if share is None else round(share, 4),
    )
