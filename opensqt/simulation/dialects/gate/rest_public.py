"""Public REST market data of both markets: time, listings, books, trades, candles, tickers, funding. It only reads."""

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.gate import market_views as views
from opensqt.simulation.dialects.gate.errors import wrong
from opensqt.simulation.dialects.gate.listing import SETTLE
from opensqt.simulation.dialects.gate.parameters import instrument, instruments, integer
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import Route, Routes, VenueContext

BASE = "/api/v4"
FUTURES = f"{BASE}/futures/usdt"


def server_time(context: VenueContext, call: ApiCall) -> object:
    """GET /spot/time."""
    return {"server_time": context.now_ms() + call.skew_ms}


def listing(context: VenueContext, call: ApiCall) -> object:
    """GET /spot/currency_pairs, /futures/usdt/contracts; in maintenance nothing trades."""
    return [_listed(context, call, rules) for rules in instruments(context, call)]


def listed_one(context: VenueContext, call: ApiCall) -> object:
    """GET /spot/currency_pairs/ID, /futures/usdt/contracts/ID."""
    return _listed(context, call, instrument(context, call))


def _listed(context: VenueContext, call: ApiCall, rules: InstrumentRules) -> views.Json:
    if rules.market is Market.SPOT:
        return views.pair(rules, closed=call.closed)
    return views.contract(context, rules, closed=call.closed)


def currencies(context: VenueContext, call: ApiCall) -> object:
    """GET /spot/currencies: the coins of what is listed, on no chain."""
    del call
    rules = context.exchange.rules.values()
    names = sorted({name for one in rules for name in (one.base, one.settles_in)})
    return [
        {"currency": name, "name": name, "trade_disabled": False, "chains": []} for name in names
    ]


def nothing(context: VenueContext, call: ApiCall) -> object:
    """Lists of what is not simulated: margin pairs, deliveries, options, contracts that settle in BTC."""
    del context, call
    return []


def order_book(context: VenueContext, call: ApiCall) -> object:
    """GET order_book; its number only for who asks for it."""
    rules, depth = instrument(context, call), min(integer(call, "limit", 10), 100)
    found, now_ms = views.whole(context, rules, depth), context.now_ms()
    stamp: object = now_ms if rules.market is Market.SPOT else now_ms / 1000
    named = call.text("with_id").lower() == "true"
    number = context.exchange.matchers[rules.symbol].book.update_id
    return {
        **({"id": number} if named else {}),
        "current": stamp,
        "update": stamp,
        "asks": views.levels(rules, found[Side.SELL]),
        "bids": views.levels(rules, found[Side.BUY]),
    }


def tickers(context: VenueContext, call: ApiCall) -> object:
    """GET tickers."""
    return [views.ticker(context, rules) for rules in instruments(context, call)]


def trades(context: VenueContext, call: ApiCall) -> object:
    """GET trades: newest first."""
    rules, limit = instrument(context, call), min(integer(call, "limit", 100), 1000)
    seen = list(context.exchange.settlement.tapes[rules.symbol].trades)[-limit:]
    rows = [views.printed(rules, trade) for trade in reversed(seen)]
    return [{**row, "id": str(row["id"])} for row in rows] if call.market is Market.SPOT else rows


def candlesticks(context: VenueContext, call: ApiCall) -> object:
    """GET candlesticks: one-minute candles made from trades, oldest first."""
    rules = instrument(context, call)
    if call.text("interval", views.MINUTE) != views.MINUTE:
        raise wrong("interval")
    start_ms, end_ms = integer(call, "from") * 1000, integer(call, "to", 1 << 40) * 1000
    limit = min(integer(call, "limit", 100), 1000)
    found = [
        one
        for one in context.exchange.settlement.tapes[rules.symbol].candles
        if start_ms <= one.open_ms <= end_ms
    ][-limit:]
    now_ms = context.now_ms()
    if rules.market is Market.PERP:
        return [views.candle(rules, one, closed=False) for one in found]
    return [
        [
            str(one.open_ms // 1000),
            canonical(one.turnover),
            *map(canonical, (one.close, one.high, one.low, one.open, one.volume)),
            "true" if one.close_ms < now_ms else "false",
        ]
        for one in found
    ]


def funding_rate(context: VenueContext, call: ApiCall) -> object:
    """GET /futures/usdt/funding_rate: what was settled, newest first."""
    rules = instrument(context, call)
    found = [point for point in context.chores.points if point.symbol == rules.symbol]
    return [{"t": point.time_ms // 1000, "r": canonical(point.rate)} for point in reversed(found)][
        : integer(call, "limit", 100)
    ]


PLAIN = {
    "order_book": order_book,
    "tickers": tickers,
    "trades": trades,
    "candlesticks": candlesticks,
}
ABSENT = (
    "margin/currency_pairs",
    f"delivery/{SETTLE.lower()}/contracts",
    "options/underlyings",
    "futures/btc/contracts",
)
ROUTES: Routes = {
    ("GET", f"{BASE}/spot/time"): Route(handler=server_time, always=True),
    ("GET", f"{BASE}/spot/currencies"): Route(handler=currencies, always=True),
    ("GET", f"{BASE}/spot/currency_pairs"): Route(handler=listing, always=True),
    ("GET", f"{BASE}/spot/currency_pairs/{{currency_pair}}"): Route(
        handler=listed_one, always=True
    ),
    ("GET", f"{FUTURES}/contracts"): Route(handler=listing, always=True),
    ("GET", f"{FUTURES}/contracts/{{contract}}"): Route(handler=listed_one, always=True),
    ("GET", f"{FUTURES}/funding_rate"): Route(handler=funding_rate),
    **{
        ("GET", f"{base}/{name}"): Route(handler=handler)
        for base in (f"{BASE}/spot", FUTURES)
        for name, handler in PLAIN.items()
    },
    **{("GET", f"{BASE}/{path}"): Route(handler=nothing, always=True) for path in ABSENT},
}
