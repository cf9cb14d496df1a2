"""How much a book takes and at what price: its levels as last seen, with the newest top. Pure arithmetic on levels."""

from collections.abc import Sequence
from decimal import Decimal

from opensqt.domain.decimals import BPS, EXACT, ONE, ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.market import BookLevel, BookTop, Tick

Levels = Sequence[BookLevel]  # best first


def met_by(side: Side, tick: Tick, book: BookTop | None) -> Levels:
    """Return the levels that an order of this side takes, best first.

    The tick is shown more often than the book: it has the top, and the book what is worse than that. Without a book
    the quantity at the top is all that is known.
    """
    if side is Side.BUY:
        top = BookLevel(price=tick.ask_price, quantity=tick.ask_quantity)
        beyond = book.asks if book is not None else ()
    else:
        top = BookLevel(price=tick.bid_price, quantity=tick.bid_quantity)
        beyond = book.bids if book is not None else ()
    return (top, *(one for one in beyond if (one.price - top.price) * side.sign > 0))


def within(levels: Levels, side: Side, limit_price: Decimal) -> Decimal:
    """Return the quantity (base units) that an order of this side and limit would find."""
    return sum((one.quantity for one in levels if (limit_price - one.price) * side.sign >= 0), ZERO)


def slippage_bps(levels: Levels, quantity: Decimal, side: Side, worst_bps: Decimal) -> Decimal:
    """Return how far (bps) beyond the best the average price of this quantity lies.

    What is more than the levels hold is counted at `worst_bps`, the limit of an order, or at the last level if that
    lies beyond.
    """
    best = levels[0].price
    left, cost_bps = quantity, ZERO
    for one in levels:
        taken = min(one.quantity, left)
        away = EXACT.subtract(EXACT.divide(one.price, best), ONE) * side.sign / BPS
        cost_bps = EXACT.fma(taken, away, cost_bps)
        left -= taken
        worst_bps = max(worst_bps, away)
    return EXACT.divide(EXACT.fma(left, worst_bps, cost_bps), quantity)
