"""What one leg alone may be: for how long and how large. Beyond either it is unwound, and somebody is called. Pure.

The time runs in the journal: from the trade after which the legs differ by more than the last step allowed until they
do not. So no restart, no new step and no partial trade gives a leg more time.
"""

from decimal import Decimal

from opensqt.domain.decimals import BPS, EXACT, canonical
from opensqt.strategies.carry.carry import shown
from opensqt.strategies.carry.state import CarryBooks, CarryState
from opensqt.strategies.prospect import least_quantity


def drift_base(books: CarryBooks, drift_bps_max: Decimal) -> Decimal:
    """Return by how much (base units) the legs of a position at rest may differ before they are made equal."""
    return EXACT.multiply(
        max(abs(books.spot.quantity), abs(books.perp.quantity)), drift_bps_max * BPS
    )


def tolerance_base(carry: CarryState) -> Decimal:
    """Return by how much (base units) legs differ of which one stands alone: an order covers it, and it is no drift."""
    settings = carry.settings
    least = least_quantity(carry.mid_price(settings.perp), carry.market.rules[settings.perp])
    return max(least, drift_base(carry.books, settings.drift_bps_max))


def uncovered_text(carry: CarryState) -> str:
    """Say how much of one leg the other does not cover."""
    return f"{canonical(carry.books.imbalance)} uncovered, about {shown(_notional(carry))} quote"


def overdue(carry: CarryState) -> str:
    """Say that one leg has stood alone for longer than it may, or nothing."""
    since_ms = carry.books.naked_ms
    alone_ms = carry.market.now_ms - since_ms
    if since_ms == 0 or alone_ms <= carry.naked_ms_max:
        return ""
    return f"{uncovered_text(carry)}, for more than {carry.naked_ms_max} ms"


def oversize(carry: CarryState) -> str:
    """Say that more of one leg stands alone than may, or nothing."""
    most = carry.settings.naked_quote_max
    if carry.books.naked_ms == 0 or most == 0 or abs(_notional(carry)) <= most:
        return ""
    return f"{uncovered_text(carry)}, more than {canonical(most)}"


def breach(carry: CarryState) -> str:
    """Say which limit of a leg that stands alone is broken, or nothing."""
    return overdue(carry) or oversize(carry)


def _notional(carry: CarryState) -> Decimal:
    return carry.books.imbalance * carry.mid_price(carry.settings.spot)
