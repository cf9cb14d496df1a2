"""Which resting orders an account has too many of, or for too long. Pure.

Only openings that rest untouched go: one that has begun to fill and one that closes count, and stay.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.domain.order_state import Order, OrderStatus

Line = tuple[str, Side]  # a symbol and a side


def surplus(
    orders: Iterable[Order], *, orders_max: int, age_ms_max: int, now_ms: int
) -> list[tuple[Order, str]]:
    """Name the living orders of an account that are to be cancelled, each with the reason in words.

    First those that rest for longer than `age_ms_max` (market ms; 0: none is too old). Of what is then left beyond
    `orders_max`, one after the other, the farthest order of the longest line: its lowest buy, its highest sell.
    """
    living = list(orders)
    staying = [order for order in living if order.cancel_requested is None]
    resting = [order for order in staying if _may_go(order)]
    old = [order for order in resting if age_ms_max and _age_ms(order, now_ms) > age_ms_max]
    gone = [(one, f"rests for {_age_ms(one, now_ms)} ms, allowed {age_ms_max}") for one in old]
    excess = len(staying) - len(old) - orders_max
    why = f"{len(staying)} open, allowed {orders_max}"
    left = [order for order in resting if order not in old]
    return gone + [(order, why) for order, _ in zip(_farthest(left), range(excess), strict=False)]


def _farthest(orders: list[Order]) -> Iterator[Order]:
    """Yield the orders as they go: always the farthest one of the line that is then the longest."""
    lines: defaultdict[Line, list[Order]] = defaultdict(list)
    for order in orders:
        if (placed := order.placed) is not None:
            lines[placed.ref.symbol, placed.side].append(order)
    for (_, side), line in lines.items():
        line.sort(key=lambda one: _nearness(one, side))
    for _ in orders:
        # Of equally long lines buys go first, then the first symbol of the alphabet.
        longest = max(sorted(lines), key=lambda key: len(lines[key]))
        yield lines[longest].pop(0)


def _nearness(order: Order, side: Side) -> tuple[object, str]:
    price = order.placed.price if order.placed is not None else None
    return (side.sign * price if price is not None else 0, order.client_order_id)


def _may_go(order: Order) -> bool:
    placed = order.placed
    opens = placed is not None and placed.purpose is Purpose.OPEN
    return opens and order.phase is OrderStatus.LIVE and order.filled == 0


def _age_ms(order: Order, now_ms: int) -> int:
    return now_ms - order.placed.time_ms if order.placed is not None else 0
