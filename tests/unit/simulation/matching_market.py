"""A small market for tests of the matching engine: a book of two levels a side and a ledger that remembers."""

from decimal import Decimal

from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.engine.matching import Matcher
from opensqt.simulation.engine.orders import USUAL_CONDUCT, VenueConduct, VenueOrder
from opensqt.simulation.market.flow import BookDelta, BookSnapshot, MarketTrade

S = "BTC/USDT"
BUY, SELL = Side.BUY, Side.SELL


def d(text: str) -> Decimal:
    """Read a decimal."""
    return Decimal(text)


RULES = InstrumentRules(
    venue="binance",
    symbol=S,
    market=Market.SPOT,
    venue_symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=d("1"),
    quantity_step=d("0.5"),
    quantity_min=d("0.5"),
    quantity_max=d("1000"),
    notional_min=d("1"),
)


class Book:
    """A ledger that remembers every fill and caps chosen orders."""

    def __init__(self) -> None:
        self.fills: list[tuple[int, Decimal, Decimal, bool]] = []
        self.caps: dict[int, Decimal] = {}

    def fillable(self, order: VenueOrder) -> Decimal:
        """The remaining quantity, or what a test allows."""
        return min(order.remaining, self.caps.get(order.order_id, order.remaining))

    def matched(self, order: VenueOrder, price: Decimal, quantity: Decimal, *, maker: bool) -> None:
        """Remember."""
        self.fills.append((order.order_id, price, quantity, maker))
        if order.order_id in self.caps:
            self.caps[order.order_id] -= quantity


def market(
    bid: str = "5", ask: str = "5", conduct: VenueConduct = USUAL_CONDUCT
) -> tuple[Matcher, Book]:
    """A book with 99 x bid and 101 x ask at the top and ten more a level behind."""
    book = Book()
    matcher = Matcher(RULES, book, conduct)
    bids = ((d("99"), d(bid)), (d("98"), d("10")))
    asks = ((d("101"), d(ask)), (d("102"), d("10")))
    matcher.play(BookSnapshot(symbol=S, time_ms=0, bids=bids, asks=asks))
    return matcher, book


def order(number: int, side: Side, quantity: str, price: str = "0", **more: object) -> VenueOrder:
    """An order of account a, limit GTC unless said otherwise; price 0 is a market order."""
    kind = OrderType.LIMIT if price != "0" else OrderType.MARKET
    terms = TimeInForce.GTC if price != "0" else TimeInForce.IOC
    made = VenueOrder(
        order_id=number,
        client_order_id=f"c{number}",
        account="a",
        symbol=S,
        market=Market.SPOT,
        side=side,
        type=kind,
        time_in_force=terms,
        quantity=d(quantity),
        price=d(price),
    )
    for name, value in more.items():
        setattr(made, name, value)
    return made


def prints(price: str, quantity: str, taker: Side) -> MarketTrade:
    """A trade of other people."""
    return MarketTrade(symbol=S, time_ms=0, price=d(price), quantity=d(quantity), taker=taker)


def states(bids: dict[str, str] | None = None, asks: dict[str, str] | None = None) -> BookDelta:
    """New quantities of levels."""
    return BookDelta(
        symbol=S,
        time_ms=0,
        bids=tuple((d(p), d(q)) for p, q in (bids or {}).items()),
        asks=tuple((d(p), d(q)) for p, q in (asks or {}).items()),
    )
