"""The lines of answers, made of the books: the same rows that the projections hold. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from opensqt.api.codes import CallRefused, Code
from opensqt.api.requests import FillLine, OrderLine, PositionLine
from opensqt.api.view import DeskView, MarketPlace
from opensqt.domain import position
from opensqt.domain.ledger import Key, Ledger, LedgerTable
from opensqt.domain.order_events import Fill
from opensqt.domain.order_state import Order
from opensqt.domain.position import FLAT, Position
from opensqt.domain.profit import Earned, by_symbol
from opensqt.runtime.projection.tables import SHAPES, instant, row_of


def order_line(books: Ledger, client_order_id: str) -> OrderLine:
    """Return the line of an order that was placed; raise `CallRefused` for one that nobody knows."""
    row = row_of(books, LedgerTable.ORDERS, (client_order_id,))
    if row is None:
        raise CallRefused(Code.NOT_FOUND, f"no order {client_order_id!r}")
    named = zip(SHAPES[LedgerTable.ORDERS].columns, row, strict=True)
    return msgspec.convert(dict(named), OrderLine)


def our_id(books: Ledger, said: str) -> str:
    """Return our id of an order that was named by our id or the venue's; an unknown one as it is."""
    if said in books.orders:
        return said
    for client_order_id, order in books.orders.items():
        if said and order.accepted is not None and order.accepted.venue_order_id == said:
            return client_order_id
    return said


def fill_line(books: Ledger, key: Key) -> FillLine:
    """Return the line of a fill of the books."""
    row = row_of(books, LedgerTable.FILLS, key) or ()
    return msgspec.convert(dict(zip(SHAPES[LedgerTable.FILLS].columns, row, strict=True)), FillLine)


def open_orders(books: Ledger) -> Iterator[Order]:
    """Yield the orders that may still fill, in the order of the journal."""
    return (one for one in books.index.open.living() if one.placed is not None)


def position_lines(view: DeskView) -> dict[Key, PositionLine]:
    """Return the net of each account and symbol, by venue, account and symbol."""
    prices = view.quotes.prices()
    return {earned.place: _position(view, earned, prices) for earned in by_symbol(view.booked())}


def history(fills: Iterable[Fill]) -> Iterator[tuple[Fill, Position, Decimal]]:
    """Yield each fill of one net with the position after it and what it realised, in quote units before fees."""
    held = FLAT
    for fill in fills:
        after = position.fill(held, fill)
        yield fill, after, after.realized_pnl - held.realized_pnl
        held = after


def place_of(view: DeskView, symbol: str, venue: str = "") -> MarketPlace:
    """Return the venue and symbol that are meant; raise `CallRefused`."""
    known = sorted({*view.quotes.ticks, *view.quotes.rules, *configured(view)})
    found = [one for one in known if one[1] == symbol and venue in ("", one[0])]
    if not found:
        names = ", ".join(sorted({name for _, name in known})) or "none"
        raise CallRefused(Code.NOT_FOUND, f"symbol {symbol!r}: this desk knows {names}")
    if len(found) > 1:
        venues = ", ".join(name for name, _ in found)
        raise CallRefused(Code.INVALID, f"venue: {symbol} is traded at {venues}, name one")
    return found[0]


def configured(view: DeskView) -> set[MarketPlace]:
    """Return what the strategies of the desk trade, by venue and symbol."""
    config = view.config
    return {
        (config.accounts[one.account].venue, symbol)
        for one in config.strategies.values()
        for symbol in one.symbols
    }


def _position(
    view: DeskView, earned: Earned, prices: Mapping[MarketPlace, Decimal]
) -> PositionLine:
    span = view.seen.spans.get(earned.place)
    net = view.books.nets[earned.place]
    price = prices.get((earned.venue, earned.symbol)) or net.last_price or None
    return PositionLine(
        venue=earned.venue,
        account=earned.account,
        symbol=earned.symbol,
        quantity=earned.quantity,
        entry_price=net.position.entry_price,
        current_price=price,
        unrealized_pnl=earned.unrealized_pnl,
        realized_pnl=earned.realized_pnl,
        funding=earned.funding,
        fees=earned.fees,
        opened_at=instant(span.opened_ms) if span and span.side else None,
        updated_at=instant(span.traded_ms) if span else None,
    )


def fills_of(books: Ledger, place: Key) -> list[Fill]:
    """Return the fills of one net, in the order of the journal."""
    return [fill for key, fill in books.fills.items() if key[:3] == place]
