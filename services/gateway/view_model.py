"""The picture of the desk that a page or a screen shows: plain values, decimals as text. Pure; it holds no secret.

A section is a top-level key; sections travel alone, so nothing in one may need another to be read.
"""

from decimal import Decimal
from itertools import islice
from typing import Any

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import market_of
from opensqt.domain.market import Candle
from opensqt.domain.order_events import Fill
from opensqt.domain.order_state import Order
from services.gateway.activity import plain
from services.gateway.decide import DeskStatus, mode_of, troubles
from services.gateway.gains import gains, hedge, result
from services.gateway.state import Chart, GatewayState, Place
from services.gateway.strategy_views import PANELS, plain_view

Section = Any
Picture = dict[str, Section]

FILLS_SHOWN = 20


def picture(state: GatewayState, chart: Chart, told: DeskStatus) -> Picture:
    """Return everything there is to see now, by section."""
    places = sorted({*told.places, *state.quotes.ticks})
    rows = [_symbol(state, told, place) for place in places]
    money = gains(state, chart, told.market_ms)
    return {
        "desk": {
            "name": told.desk,
            "profile": told.profile,
            "market": told.market,
            "speed": plain(told.speed),
            "version": told.version,
        },
        "time": {"market_ms": told.market_ms, "wall_ms": told.wall_ms},
        "mode": mode_of(state, told),
        "troubles": troubles(state, told),
        "journal": {
            "live": told.live,
            "why": told.why,
            "position": told.position,
            "sequence": told.sequence,
            "generation": told.generation,
            "approved": state.books.approved,
            "refused": state.books.refused,
            "orders": len(state.books.orders),
            "fills": state.fills_count,
        },
        "symbols": rows,
        "candles": {_name(place): [_candle(row) for row in chart.rows(place)] for place in places},
        "orders": [_order(order) for order in _living(state)],
        "fills": [_fill(fill) for fill in islice(reversed(state.fills), FILLS_SHOWN)],
        "markers": _markers(state),
        **money,
        **_strategies(state, told, money["profit"]),
        "balances": _balances(state),
        "refusals": [_refusal(refused) for refused in reversed(state.refusals)],
        "tape": [msgspec.to_builtins(line) for line in reversed(state.tape)],
        "processes": [msgspec.to_builtins(process) for process in told.processes],
    }


def _strategies(
    state: GatewayState, told: DeskStatus, profit: list[Section]
) -> dict[str, list[Section]]:
    """Return every strategy in the section of its kind; kinds without a panel of their own share one."""
    found: dict[str, list[Section]] = {"grids": [], "carries": [], "strategies": []}
    for name, kind in told.kinds.items():
        legs = told.legs.get(name, ())
        section, drawn = PANELS.get(kind, ("strategies", plain_view))
        hedges = [one for place in legs if (one := hedge(state, name, place)) is not None]
        row = {**drawn(state, told, name), **result(name, legs, profit), "netted": hedges}
        found[section].append(row)
    return found


def _name(place: Place) -> str:
    return "|".join(place)


def _symbol(state: GatewayState, told: DeskStatus, place: Place) -> Section:
    quotes = state.quotes
    tick, mark, funding = (
        quotes.ticks.get(place),
        quotes.marks.get(place),
        quotes.fundings.get(place),
    )
    rules = quotes.rules.get(place)
    sick = {
        channel: {"state": status.state.value, "detail": status.detail}
        for (venue, symbol, channel), status in quotes.feeds.items()
        if (venue, symbol) == place and status.state.value != "live"
    }
    return {
        "key": _name(place),
        "venue": place[0],
        "symbol": place[1],
        "market": market_of(place[1]).value,
        "bid": plain(tick.bid_price) if tick else None,
        "ask": plain(tick.ask_price) if tick else None,
        "age_ms": told.age_ms(tick.time_ms) if tick else None,
        "age_ms_max": told.tick_age_ms_max,
        "mark": plain(mark.mark_price) if mark else None,
        "funding_rate": plain(funding.rate) if funding else None,
        "funding_hours": funding.interval_hours if funding else None,
        "funding_ms": funding.next_funding_ms if funding else None,
        "tick_size": plain(rules.tick_size) if rules else None,
        "quantity_step": plain(rules.quantity_step) if rules else None,
        "sick": sick,
    }


def _candle(row: Candle) -> Section:
    prices = [plain(price) for price in (row.open, row.high, row.low, row.close)]
    return [row.open_time_ms, *prices, plain(row.volume)]


def _living(state: GatewayState) -> list[Order]:
    def place(order: Order) -> tuple[str, Decimal]:
        placed = order.placed
        return (placed.ref.symbol, -placed.price) if placed is not None else ("", ZERO)

    return sorted(state.living, key=place)


def _order(order: Order) -> Section:
    placed = order.placed
    if placed is None:
        return {}
    return {
        "id": order.client_order_id,
        "strategy": placed.ref.strategy,
        "account": placed.ref.account,
        "key": f"{placed.ref.venue}|{placed.ref.symbol}",
        "symbol": placed.ref.symbol,
        "slot": placed.slot,
        "side": placed.side.value,
        "type": placed.type.value,
        "price": plain(placed.price),
        "quantity": plain(placed.quantity),
        "filled": plain(order.filled),
        "phase": order.phase.value,
        "purpose": placed.purpose.value,
        "reduce_only": placed.reduce_only,
        "cancelling": order.cancel_requested is not None,
        "time_ms": placed.time_ms,
    }


def _fill(fill: Fill) -> Section:
    return {
        "id": f"{fill.ref.symbol} {fill.trade_id}",
        "strategy": fill.ref.strategy,
        "key": f"{fill.ref.venue}|{fill.ref.symbol}",
        "symbol": fill.ref.symbol,
        "side": fill.side.value,
        "price": plain(fill.price),
        "quantity": plain(fill.quantity),
        "fee": plain(fill.fee),
        "fee_asset": fill.fee_asset,
        "liquidity": fill.liquidity.value,
        "time_ms": fill.time_ms,
    }


def _markers(state: GatewayState) -> dict[str, list[Section]]:
    """Return where the chart marks our fills, by symbol: time, side, price."""
    marks: dict[str, list[Section]] = {}
    for fill in state.fills:
        row = [fill.time_ms, fill.side.value, plain(fill.price)]
        marks.setdefault(f"{fill.ref.venue}|{fill.ref.symbol}", []).append(row)
    return marks


def _balances(state: GatewayState) -> list[Section]:
    return [
        {
            "venue": key[0],
            "account": key[1],
            "wallet": key[2],
            "asset": key[3],
            "total": plain(w.total),
        }
        for key, w in sorted(state.books.wallets.items())
    ]


def _refusal(refused: Any) -> Section:
    intent = refused.place or refused.cancel
    return {
        "id": refused.intent_id,
        "strategy": intent.strategy if intent is not None else "",
        "symbol": intent.symbol if intent is not None else "",
        "reason": refused.reason,
        "detail": refused.detail,
        "time_ms": refused.time_ms,
    }
