"""What the candles of a desk show: the newest ones, of any width, and how prices moved. Pure."""

from decimal import Decimal
from itertools import groupby

from opensqt.api.exchange_shapes import CandleLine, KlinesReply, OfKlines, TickerLine, TickersReply
from opensqt.api.lines import place_of
from opensqt.api.requests import OfSymbols
from opensqt.api.view import DeskView, MarketPlace
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.market import Candle
from opensqt.runtime.projection.tables import instant

MINUTE_MS = 60_000
MINUTES = {"m": 1, "h": 60}
HUNDRED = Decimal(100)


def get_tickers(view: DeskView, asked: OfSymbols) -> TickersReply:
    """Return every symbol as its candles show it."""
    places = sorted(place for place in view.quotes.prices() if asked.wants(*place))
    return TickersReply(tickers=tuple(_ticker(view, place) for place in places))


def get_klines(view: DeskView, asked: OfKlines) -> KlinesReply:
    """Return the newest candles, of minutes or put together from them."""
    rows = view.candles(place_of(view, asked.symbol, asked.venue))
    width_ms = int(asked.interval[:-1]) * MINUTES[asked.interval[-1]] * MINUTE_MS
    spans = groupby(rows, key=lambda row: row.open_time_ms // width_ms)
    found = [_together(list(span), number * width_ms, width_ms) for number, span in spans]
    return KlinesReply(candles=tuple(found[-asked.limit :]))


def candle_line(candle: Candle) -> CandleLine:
    """Return the line of a candle."""
    return _together([candle], candle.open_time_ms, candle.interval_ms)


def _together(rows: list[Candle], open_ms: int, width_ms: int) -> CandleLine:
    last = rows[-1]
    ends = last.open_time_ms + last.interval_ms >= open_ms + width_ms
    return CandleLine(
        venue=last.venue,
        symbol=last.symbol,
        open=rows[0].open,
        high=max(row.high for row in rows),
        low=min(row.low for row in rows),
        close=last.close,
        volume=sum((row.volume for row in rows), ZERO),
        time=instant(open_ms),
        is_closed=last.closed and ends,
    )


def _ticker(view: DeskView, place: MarketPlace) -> TickerLine:
    rows, price = view.candles(place), view.quotes.prices().get(place)
    first = rows[0].open if rows else None
    change = EXACT.subtract(price, first) if price is not None and first is not None else None
    percent = None
    if change is not None and first:
        percent = round(EXACT.divide(EXACT.multiply(change, HUNDRED), first), 4)
    traded = (EXACT.multiply(row.volume, row.close) for row in rows)
    return TickerLine(
        venue=place[0],
        symbol=place[1],
        last_price=price,
        price_change=change,
        price_change_percent=percent,
        volume=sum((row.volume for row in rows), ZERO),
        quote_volume=sum(traded, ZERO),
        window_minutes=len(rows),
    )
