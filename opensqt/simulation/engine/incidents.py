"""What happens at an exchange besides trading: a fill just before a cancel, an instrument whose grid changes.

Each leaves exchange and audit as a real one would leave them; the caller commits. It decides nothing: faults do.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ceil_to, floor_to
from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.orders import Status, VenueOrder
from opensqt.simulation.engine.records import Records

META = "grids"


class PriceGrid(msgspec.Struct, frozen=True, kw_only=True):
    """The grid of an instrument: prices in quote units, quantities in base units."""

    tick_size: Decimal
    quantity_step: Decimal


def fill_some(exchange: Exchange, order: VenueOrder, share: Decimal) -> None:
    """Fill a share (0..1] of what is left of a resting order, rounded up to a step, whatever its queue position."""
    exchange.settlement.now_ms = exchange.clock.market_ms()
    matcher = exchange.matchers[order.symbol]
    wanted = ceil_to(EXACT.multiply(order.remaining, share), matcher.book.step)
    matcher.fill_maker(order, min(wanted, order.remaining))
    exchange.tidy(order.symbol)


def change_grid(exchange: Exchange, symbol: str, grid: PriceGrid) -> None:
    """Change tick and step of an instrument for good.

    Orders off the new tick stay where they are, as at Binance; orders off the new step expire, or fills would be.
    """
    rules = on_grid(exchange.rules[symbol], grid)
    exchange.rules[symbol] = exchange.matchers[symbol].rules = rules
    exchange.settlement.now_ms = exchange.clock.market_ms()
    for (_, known), orders in exchange.open.items():
        for order in list(orders.values()) if known == symbol else ():
            if order.remaining != floor_to(order.remaining, grid.quantity_step):
                exchange.close(order, Status.EXPIRED, Kind.EXPIRE)
    exchange.tidy(symbol)
    exchange.matchers[symbol].book.restep(grid.quantity_step)
    grids = {**_grids(exchange.store.records), symbol: grid}
    exchange.commit({META: msgspec.json.encode(grids)})


def instruments_of(
    instruments: tuple[InstrumentRules, ...], records: Records
) -> tuple[InstrumentRules, ...]:
    """Return the instruments with the grids that were changed in earlier runs."""
    grids = _grids(records)
    return tuple(
        on_grid(rules, grids[rules.symbol]) if rules.symbol in grids else rules
        for rules in instruments
    )


def on_grid(rules: InstrumentRules, grid: PriceGrid) -> InstrumentRules:
    """Return rules with another grid and a least quantity that lies on it."""
    return msgspec.structs.replace(
        rules,
        tick_size=grid.tick_size,
        quantity_step=grid.quantity_step,
        quantity_min=max(grid.quantity_step, ceil_to(rules.quantity_min, grid.quantity_step)),
    )


def _grids(records: Records) -> dict[str, PriceGrid]:
    return msgspec.json.decode(records.meta(META) or b"{}", type=dict[str, PriceGrid])
