"""What trades and corrections do to a position that is held level by level. Pure; knows no orders."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from opensqt.domain import position as positions
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, market_of
from opensqt.domain.order_events import Fill
from opensqt.domain.position import FLAT, Position
from opensqt.domain.received import received
from opensqt.domain.strategy_events import AdoptedSlot

Levels = dict[int, Position]


def traded(held: Mapping[int, Position], level: int, fill: Fill) -> Levels:
    """Return the levels that a trade of one of them changes.

    On spot a sale may take along what other levels hold: what it sells beyond its own comes from them, the smallest
    first.
    """
    own, change = held.get(level, FLAT), received(fill)
    changed: Levels = {}
    if market_of(fill.ref.symbol) is Market.SPOT:
        beyond = min(max(own.quantity, ZERO) + change, ZERO)
        others = sorted((part.quantity, at) for at, part in held.items() if at != level)
        changed, left = given_up(held, (at for _, at in others), beyond, fill.price)
        change += left - beyond
    changed[level] = positions.fill(own, fill, change)
    return changed


def corrected(held: Mapping[int, Position], quantity: Decimal) -> tuple[Levels, Decimal]:
    """Take a correction off the levels farthest from the anchor, at their own cost; return what none could give.

    What was found beyond our trades belongs to no level either.
    """
    return given_up(held, sorted(held, key=lambda level: -abs(level)), quantity, None)


def adopted(held: Position, share: AdoptedSlot) -> Position:
    """Return what a level holds that took over its share of a position that was there before."""
    taken = positions.opened(share.quantity, share.cost_price)
    return msgspec.structs.replace(held, quantity=taken.quantity, cost=taken.cost)


def given_up(
    held: Mapping[int, Position], levels: Iterable[int], quantity: Decimal, price: Decimal | None
) -> tuple[Levels, Decimal]:
    """Take signed base units off levels in turn, at a price or each at its own cost; return what none could give."""
    changed: Levels = {}
    left = quantity
    for level in levels:
        part = held[level]
        if part.quantity == 0 or (part.quantity > 0) == (left > 0) or left == 0:
            continue
        taken = min(abs(left), abs(part.quantity)) * (1 if left > 0 else -1)
        left -= taken
        changed[level] = positions.trade(part, taken, part.entry_price if price is None else price)
    return changed, left
