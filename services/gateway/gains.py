"""The money in the picture: positions and their owners, what each strategy earned, the sums, the last hours. Pure.

What depends on a price that nobody knows is None, and every amount stands beside the asset it is counted in.
"""

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.dust import dust_of
from opensqt.domain.instruments import quote_asset
from opensqt.domain.profit import Earned, by_strategy, by_symbol, total
from services.gateway.activity import cash, plain
from services.gateway.earnings import EarningsSpan
from services.gateway.state import Chart, GatewayState, Place

Section = Any


def gains(state: GatewayState, chart: Chart, now_ms: int) -> dict[str, Section]:
    """Return the sections about money."""
    prices = state.quotes.prices()
    booked = state.earnings.booked(state.books, prices)
    hours, day = state.earnings.hours(now_ms, prices, chart.hours.at)
    nets, lines = by_symbol(booked), by_strategy(booked)
    return {
        "positions": [_position(state, earned) for earned in nets],
        "profit": [_profit(earned) for earned in lines],
        "money": [_sum(quote, nets, lines, day) for quote in _quotes(nets)],
        "hours": [_hour(hour) for hour in hours],
    }


def netted(quantities: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return how much of what each owner holds the others hold against it, in base units.

    The venue knows of the net only: what is netted is no position there, and no funding is paid on it.
    """
    longs = sum((held for held in quantities.values() if held > 0), ZERO)
    shorts = -sum((held for held in quantities.values() if held < 0), ZERO)
    against = min(longs, shorts)
    found = {}
    for owner, held in quantities.items():
        side = longs if held > 0 else shorts
        found[owner] = ZERO if held == 0 else EXACT.divide(EXACT.multiply(abs(held), against), side)
    return found


def hedge(state: GatewayState, strategy: str, place: Place) -> Section:
    """Return what others net away of a strategy's leg, what that is worth and who they are; None where nobody does."""
    for key, mine in state.books.holdings.items():
        if key[0] != strategy or (key[1], key[3]) != place:
            continue
        held = owners(state, key[1:])
        amount = netted(held).get(strategy, ZERO)
        if amount == 0:
            return None
        price = state.quotes.price(place)
        return {
            "symbol": place[1],
            "quantity": plain(mine.quantity),
            "netted": cash(amount),
            "worth": _cash(None if price is None else EXACT.multiply(amount, price)),
            "quote": quote_asset(place[1]),
            "by": [name for name, other in held.items() if other * mine.quantity < 0],
        }
    return None


def result(strategy: str, places: Iterable[Place], profit: Iterable[Section]) -> Section:
    """Return the net result of a strategy over all its symbols, and its asset; None where they have several."""
    rows = [row for row in profit if row["strategy"] == strategy]
    quotes = {quote_asset(symbol) for _, symbol in places}
    amounts = [None if row["net"] is None else Decimal(row["net"]) for row in rows]
    known = len(quotes) == 1
    return {
        "net": _cash(total(amounts)) if known else None,
        "quote": quotes.pop() if known else "",
    }


def owners(state: GatewayState, place: tuple[str, ...]) -> dict[str, Decimal]:
    """Return who holds how much of a symbol."""
    return {
        key[0]: part.quantity
        for key, part in sorted(state.books.holdings.items())
        if key[1:] == place and part.quantity != 0
    }


def _position(state: GatewayState, earned: Earned) -> Section:
    held = owners(state, earned.place)
    against = netted(held)
    net = state.books.nets[earned.place].position
    dust = _dust(state, (earned.venue, earned.symbol), held.values())
    return {
        "key": f"{earned.venue}|{earned.symbol}",
        "account": earned.account,
        "symbol": earned.symbol,
        "quote": earned.quote,
        "quantity": plain(earned.quantity),
        "entry": cash(net.entry_price),
        "mark": None if earned.mark_price is None else plain(earned.mark_price),
        **_figures(earned),
        "fills": net.fills,
        "dust": plain(dust) if dust is not None else None,
        "owners": [
            {"strategy": owner, "quantity": plain(quantity), "netted": cash(against[owner])}
            for owner, quantity in held.items()
        ],
    }


def _profit(earned: Earned) -> Section:
    figures = _figures(earned)
    net = figures.pop("pnl")
    return {
        "strategy": earned.strategy,
        "account": earned.account,
        "symbol": earned.symbol,
        "quote": earned.quote,
        "quantity": plain(earned.quantity),
        "round_trips": earned.round_trips,
        **figures,
        "net": net,
        "unpriced": list(earned.unpriced),
    }


def _figures(earned: Earned) -> dict[str, str | None]:
    return {
        "realized": cash(earned.realized_pnl),
        "unrealized": _cash(earned.unrealized_pnl),
        "funding": _cash(earned.funding),
        "fees": _cash(earned.fees),
        "pnl": _cash(earned.net_pnl),
    }


def _quotes(nets: Iterable[Earned]) -> list[str]:
    return sorted({earned.quote for earned in nets})


def _sum(quote: str, nets: Iterable[Earned], lines: Iterable[Earned], day: EarningsSpan) -> Section:
    """Sum what was earned in one quote asset: what is counted in different money is never added.

    Realised and unrealised are the strategies': each closes what it opened itself. The venue's net, in which the
    trades of one strategy close those of another, divides the same total in another way.
    """
    mine = [earned for earned in nets if earned.quote == quote]
    theirs = [earned for earned in lines if earned.quote == quote]
    return {
        "quote": quote,
        "realized": _cash(total(earned.realized_pnl for earned in theirs)),
        "unrealized": _cash(total(earned.unrealized_pnl for earned in theirs)),
        "funding": _cash(total(earned.funding for earned in mine)),
        "fees": _cash(total(earned.fees for earned in mine)),
        "pnl": _cash(total(earned.net_pnl for earned in mine)),
        "day": _cash(_changed(quote, day)),
        "day_begin_ms": day.begin_ms,
    }


def _hour(hour: EarningsSpan) -> Section:
    return {
        "hour_ms": hour.begin_ms,
        "fills": hour.fills,
        "pnl": {quote: _cash(_changed(quote, hour)) for quote in _quotes(hour.earned)},
    }


def _changed(quote: str, span: EarningsSpan) -> Decimal | None:
    """Return by how much the total of one quote asset changed; None where a price of its begin or end is unknown."""
    if any(quote_asset(symbol) == quote for symbol in span.unknown):
        return None
    return total(earned.net_pnl for earned in span.earned if earned.quote == quote)


def _dust(state: GatewayState, place: Place, quantities: Collection[Decimal]) -> Decimal | None:
    """Sum what each owner holds and cannot sell; None while rules or price are unknown."""
    rules, price = state.quotes.rules.get(place), state.quotes.price(place)
    if rules is None or price is None:
        return None
    return sum((dust_of(rules, quantity, price) for quantity in quantities), ZERO)


def _cash(amount: Decimal | None) -> str | None:
    return None if amount is None else cash(amount)
