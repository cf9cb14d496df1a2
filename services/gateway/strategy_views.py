"""The strategies in the picture: levels of a grid, legs of a carry. Pure; derived from orders and fills."""

from typing import Any

from opensqt.domain.dust import is_dust
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.order_state import AT_VENUE, Order, OrderStatus
from opensqt.domain.position import FLAT, Position
from opensqt.strategies.grid.levels import GridLevels, lattice_of
from opensqt.strategies.planner import level_of
from services.gateway.activity import cash, plain
from services.gateway.decide import DeskStatus
from services.gateway.state import GatewayState

Section = dict[str, Any]


def grid(state: GatewayState, told: DeskStatus, name: str) -> Section:
    """Return one grid: whether it trades, where it is anchored, what each level holds and has at work."""
    run = state.books.strategies.get(name)
    anchor = run.anchor if run is not None else None
    lattice = lattice_of(anchor) if anchor else None
    orders: dict[int, Order] = {}
    for order in state.living:
        level = level_of(order.placed.slot) if order.placed is not None else None
        if level is not None and order.placed is not None and order.placed.ref.strategy == name:
            orders[level] = order
    held = state.levels.get(name, {})
    venue, _, symbol = told.keys.get(name, "").partition("|")
    rules = state.quotes.rules.get((venue, symbol))
    levels = sorted(
        {*orders, *(at for at, part in held.items() if part.quantity != 0)}, reverse=True
    )
    return {
        "strategy": name,
        "key": told.keys.get(name, ""),
        **told.trading(name),
        "anchor": plain(lattice.anchor_price) if lattice else None,
        "step": plain(lattice.step_price) if lattice else None,
        "slots": [
            _slot(level, lattice, orders.get(level), held.get(level, FLAT), rules)
            for level in levels
        ],
    }


def _slot(
    level: int,
    lattice: GridLevels | None,
    order: Order | None,
    held: Position,
    rules: InstrumentRules | None,
) -> Section:
    placed = order.placed if order is not None else None
    state = "holding" if held.quantity != 0 else "free"
    if held.quantity != 0 and lattice is not None and rules is not None:
        state = "dust" if is_dust(rules, held.quantity, lattice.price(level)) else state
    if order is not None and order.phase in AT_VENUE:
        state = "working"
    elif order is not None:
        state = "in doubt" if order.phase is OrderStatus.UNRESOLVED else "pending"
    return {
        "level": level,
        "price": plain(lattice.price(level)) if lattice else None,
        "state": state,
        "held": plain(held.quantity),
        "cost": cash(held.entry_price),
        "side": placed.side.value if placed else None,
        "order_price": plain(placed.price) if placed else None,
        "quantity": plain(placed.quantity) if placed else None,
        "filled": plain(order.filled) if order else None,
    }


def carry(state: GatewayState, told: DeskStatus, name: str) -> Section:
    """Return one carry: whether it watches, and how its last two-leg trade stands."""
    sagas = [saga for key, saga in state.books.sagas.items() if key[0] == name]
    last = max(sagas, key=lambda saga: saga.time_ms, default=None)
    return {
        "strategy": name,
        "keys": [f"{venue}|{symbol}" for venue, symbol in told.legs.get(name, ())],
        **told.trading(name),
        "step": last.step if last else None,
        "spot": plain(last.spot_quantity) if last else None,
        "perp": plain(last.perp_quantity) if last else None,
        "detail": last.detail if last else "",
        "time_ms": last.time_ms if last else None,
    }


def plain_view(state: GatewayState, told: DeskStatus, name: str) -> Section:
    """Return a strategy of any kind: what it was told, what it says, what it has at work and holds."""
    legs = told.legs.get(name, ())
    held = {
        symbol: part
        for (owner, venue, _, symbol), part in state.books.holdings.items()
        if owner == name and (venue, symbol) in legs and part.quantity != 0
    }
    return {
        "strategy": name,
        "kind": told.kinds.get(name, ""),
        "keys": [f"{venue}|{symbol}" for venue, symbol in legs],
        "told": told.described.get(name, ""),
        **told.trading(name),
        "working": sum(
            order.placed is not None
            and order.placed.ref.strategy == name
            and order.phase in AT_VENUE
            for order in state.living
        ),
        "held": [
            {"symbol": symbol, "quantity": plain(part.quantity), "entry": cash(part.entry_price)}
            for symbol, part in sorted(held.items())
        ],
    }


# The kinds that have a panel of their own, and which.
PANELS = {"grid": ("grids", grid), "carry": ("carries", carry)}
