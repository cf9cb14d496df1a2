"""What a venue does by itself to an account of a test: each is committed, and told as a venue would tell it."""

from decimal import Decimal

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.engine.matching import Matcher
from opensqt.simulation.engine.orders import Status, VenueOrder
from opensqt.simulation.market.tape import Tape
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.simulated import BINANCE


def list_instrument(exchange: RiggedExchange, rules: InstrumentRules) -> None:
    """Begin to trade another instrument."""
    symbol, settlement = rules.symbol, exchange.settlement
    exchange.rules[symbol] = BINANCE.listed(rules)
    settlement.tapes[symbol], settlement.marks[symbol] = Tape(), ZERO
    exchange.matchers[symbol] = Matcher(rules, settlement)


def deposit(exchange: RiggedExchange, asset: str, amount: Decimal) -> None:
    """Add to a spot balance."""
    exchange.settlement.move_spot(exchange.account, asset, amount, ZERO)
    exchange.commit()


def pay_funding(exchange: RiggedExchange, symbol: str, rate: Decimal) -> None:
    """Book a funding payment on the mark: longs pay a positive rate."""
    exchange.settlement.now_ms = exchange.clock.market_ms()
    exchange.settlement.pay_funding(exchange.account, symbol, rate)
    exchange.commit()


def move_position(exchange: RiggedExchange, symbol: str, quantity: Decimal) -> None:
    """Change a position: no trade is listed, nothing is pushed."""
    exchange.position(symbol).quantity += quantity
    exchange.settlement.touch(exchange.account)
    exchange.commit()


def end_unheard(exchange: RiggedExchange, order: VenueOrder) -> None:
    """End an order whose last frame is lost."""
    exchange.stream.connected = False
    exchange.end(order, Status.CANCELED)
    exchange.stream.connected = True


def fill_ended(exchange: RiggedExchange, order: VenueOrder, quantity: Decimal) -> None:
    """List a trade of an order that has ended already; its frame is lost."""
    exchange.stream.connected = False
    exchange.settlement.now_ms = exchange.clock.market_ms()
    exchange.settlement.matched(order, order.price, quantity, maker=True)
    exchange.commit()
    exchange.stream.connected = True
