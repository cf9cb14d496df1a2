"""A matcher of its own for best quotes: one loop over all rows and all orders, no book, no queue objects, no index.

It is given when each post-only order of one account reaches the venue and when its cancel does, and says what trades.
It shares no code with the engine that it judges.
"""

from decimal import Decimal
from typing import NamedTuple

NOBODY_KNOWS = Decimal(10**15)


class Asked(NamedTuple):
    """One order as it reaches the venue; `gone_ms` is when its cancel does, if one does."""

    name: str
    arrive_ms: int
    gone_ms: int | None
    sign: int  # 1 buys, -1 sells
    price: Decimal
    quantity: Decimal
    reduce_only: bool


class Row(NamedTuple):
    """One quote."""

    time_ms: int
    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


class Match(NamedTuple):
    """One trade of ours."""

    name: str
    time_ms: int
    price: Decimal
    quantity: Decimal


class Resting:
    """An order in its queue."""

    def __init__(self, asked: Asked, ahead: Decimal) -> None:
        self.asked, self.ahead, self.left = asked, ahead, asked.quantity


def matched(rows: list[Row], orders: list[Asked]) -> list[Match]:
    """Return all trades in their order."""
    found: list[Match] = []
    resting: list[Resting] = []
    position = Decimal(0)
    acts = sorted(
        [(asked.arrive_ms, number, True, asked) for number, asked in enumerate(orders)]
        + [(a.gone_ms, number, False, a) for number, a in enumerate(orders) if a.gone_ms],
        # What goes makes room for what comes; only what comes and goes in one moment has to come first.
        key=lambda act: (act[0], act[2] or act[3].arrive_ms == act[0], not act[2], act[1]),
    )
    now: Row | None = None
    shown = {1: Decimal(0), -1: Decimal(0)}  # what is left of the best quantity, by side
    rest = list(rows)
    while rest or acts:
        if rest and (not acts or rest[0].time_ms <= acts[0][0]):
            before, now = now, rest.pop(0)
            shown = {1: now.bid_quantity, -1: now.ask_quantity}
            for order in resting:
                _queue(order, before, now)
            for order in sorted(resting, key=lambda one: -one.asked.sign * one.asked.price):
                position = _cross(order, now, shown, position, found)
        elif now is None:
            break
        elif not rest:
            break  # what would happen after the last price is not known
        else:
            _, _, arrives, asked = acts.pop(0)
            if not arrives:
                resting = [one for one in resting if one.asked.name != asked.name]
            elif shown[-asked.sign] == 0 or not _takes(asked, now):  # what we took is gone
                resting.append(Resting(asked, _ahead(asked, now, shown)))
        resting = [
            one
            for one in resting
            if one.left > 0 and not (one.asked.reduce_only and one.asked.sign * position >= 0)
        ]
    return found


def _takes(asked: Asked, now: Row) -> bool:
    return now.ask <= asked.price if asked.sign > 0 else now.bid >= asked.price


def _ahead(asked: Asked, now: Row, shown: dict[int, Decimal]) -> Decimal:
    best = now.bid if asked.sign > 0 else now.ask
    if asked.price == best:
        return shown[asked.sign]
    return NOBODY_KNOWS if (best - asked.price) * asked.sign > 0 else Decimal(0)


def _queue(order: Resting, before: Row | None, now: Row) -> None:
    asked = order.asked
    was = None if before is None else (before.bid if asked.sign > 0 else before.ask)
    best, quantity = (now.bid, now.bid_quantity) if asked.sign > 0 else (now.ask, now.ask_quantity)
    if best == asked.price:
        order.ahead = min(order.ahead, quantity)
    elif was == asked.price and (asked.price - best) * asked.sign > 0:
        order.ahead = Decimal(0)  # the whole level is gone but for us


def _cross(
    order: Resting, now: Row, shown: dict[int, Decimal], position: Decimal, found: list[Match]
) -> Decimal:
    asked = order.asked
    if not _takes(asked, now):
        return position
    quantity = min(order.left, shown[-asked.sign])
    if asked.reduce_only:
        quantity = min(quantity, max(Decimal(0), -asked.sign * position))
    if quantity <= 0:
        return position
    order.left -= quantity
    shown[-asked.sign] -= quantity
    found.append(Match(asked.name, now.time_ms, asked.price, quantity))
    return position + asked.sign * quantity
