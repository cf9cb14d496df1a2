"""The public channels of OKX: who subscribed to which instrument, and in which frames it is told what moved."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.simulation.dialects.okx import market_rows as rows
from opensqt.simulation.dialects.okx.listing import family
from opensqt.simulation.market.tape import MinuteCandle, PublicTrade
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import Match
from opensqt.simulation.server.market_changes import Levels

BOOKS, BEST, FIVE = "books", "bbo-tbt", "books5"
TRADES, CANDLES, TICKERS = "trades", "candle1m", "tickers"
MARK, INDEX, FUNDING = "mark-price", "index-tickers", "funding-rate"
PERP_CHANNELS = (MARK, INDEX, FUNDING)
PUBLIC_CHANNELS = (BOOKS, BEST, FIVE, TRADES, CANDLES, TICKERS, *PERP_CHANNELS)
DEPTHS = {BEST: 1, FIVE: 5}
NO_CHECKSUM = 0  # OKX sends no other any more
FIRST = -1  # what a whole book names as the change before it

Json = dict[str, object]


class PublicChannels:
    """Subscriptions and emission of public frames."""

    tell_book: Callable[[InstrumentRules], None]

    def __init__(self, context: VenueContext) -> None:
        self._context = context
        self._wires: dict[tuple[str, str], set[ClientSocket]] = {}
        instruments = context.exchange.rules.values()
        self._named = {rules.venue_symbol: rules for rules in instruments}
        self._indices = {
            family(rules): rules for rules in instruments if rules.market is Market.PERP
        }

    def knows(self, arg: dict[str, str]) -> bool:
        """Whether there is such an instrument, and the channel for it."""
        return self._find(arg) is not None

    def subscribe(self, wire: ClientSocket, arg: dict[str, str]) -> None:
        """Add a channel of an instrument to a connection, and show it as it is now."""
        channel, name = arg["channel"], arg.get("instId", "")
        rules = self._find(arg)
        if rules is None:
            return
        if channel == BOOKS:
            self.tell_book(rules)  # what comes behind the whole book follows it
        wire.streams.add(f"{channel}:{name}")
        self._wires.setdefault((channel, name), set()).add(wire)
        self._show(wire, channel, name, rules)

    def unsubscribe(self, wire: ClientSocket, arg: dict[str, str]) -> None:
        """Take a channel from a connection."""
        channel, name = arg["channel"], arg.get("instId", "")
        wire.streams.discard(f"{channel}:{name}")
        self._wires.get((channel, name), set()).discard(wire)

    def forget(self, wire: ClientSocket) -> None:
        """Forget a connection."""
        for wires in self._wires.values():
            wires.discard(wire)

    def traded(self, rules: InstrumentRules, trade: PublicTrade) -> None:
        """Tell of a print."""
        self._emit(TRADES, rules, lambda: [rows.trade_row(rules, trade)])

    def best_moved(self, rules: InstrumentRules) -> None:
        """Tell the best prices, and the few best."""
        for channel, depth in DEPTHS.items():
            self._emit(channel, rules, partial(_best, self._context, rules, depth))

    def book_moved(self, rules: InstrumentRules, changed: Levels, previous_id: int) -> None:
        """Tell the levels that changed."""
        last_id = self._context.exchange.matchers[rules.symbol].book.update_id

        def row() -> Json:
            return {
                "bids": rows.levels(rules, changed[Side.BUY]),
                "asks": rows.levels(rules, changed[Side.SELL]),
                "ts": str(self._context.now_ms()),
                "checksum": NO_CHECKSUM,
                "seqId": last_id,
                "prevSeqId": previous_id,
            }

        self._emit(BOOKS, rules, lambda: [row()], action="update")

    def candle_moved(self, rules: InstrumentRules, candle: MinuteCandle, *, closed: bool) -> None:
        """Tell a candle."""
        self._emit(CANDLES, rules, lambda: [rows.candle_row(rules, candle, closed=closed)])

    def second_passed(self, rules: InstrumentRules) -> None:
        """Tell the ticker, and mark, index and funding of a perpetual."""
        for channel in (TICKERS, *(PERP_CHANNELS if rules.market is Market.PERP else ())):
            self._emit(channel, rules, partial(_state, self._context, channel, rules))

    def _find(self, arg: dict[str, str]) -> InstrumentRules | None:
        channel, name = arg["channel"], arg.get("instId", "")
        if channel == INDEX:
            return self._indices.get(name)
        rules = self._named.get(name)
        spot = rules is not None and rules.market is Market.SPOT
        return None if spot and channel in PERP_CHANNELS else rules

    def _show(self, wire: ClientSocket, channel: str, name: str, rules: InstrumentRules) -> None:
        """Send what a channel begins with."""
        if channel in (TRADES, CANDLES):
            return
        if channel == BOOKS:
            whole = {**_numbered(self._context, rules, rows.BOOK_LEVELS), "prevSeqId": FIRST}
            frame = _frame(channel, name, [whole], "snapshot")
        elif channel in DEPTHS:
            frame = _frame(channel, name, _best(self._context, rules, DEPTHS[channel]))
        else:
            frame = _frame(channel, name, _state(self._context, channel, rules))
        wire.emit(msgspec.json.encode(frame), _occasion(rules))

    def _emit(
        self,
        channel: str,
        rules: InstrumentRules,
        make: Callable[[], Sequence[object]],
        action: str = "",
    ) -> None:
        """Make a frame only when somebody listens, and hand it to everybody who does."""
        name = family(rules) if channel == INDEX else rules.venue_symbol
        wires = self._wires.get((channel, name))
        if not wires:
            return
        payload = msgspec.json.encode(_frame(channel, name, make(), action))
        for wire in wires:
            wire.emit(payload, _occasion(rules))


def _frame(channel: str, name: str, data: Sequence[object], action: str = "") -> Json:
    arg = {"channel": channel, "instId": name}
    return {"arg": arg, **({"action": action} if action else {}), "data": data}


def _occasion(rules: InstrumentRules) -> Match:
    return Match(kind="public", market=rules.market.value, symbol=rules.venue_symbol)


def _numbered(context: VenueContext, rules: InstrumentRules, depth: int) -> Json:
    book = context.exchange.matchers[rules.symbol].book
    head = {"checksum": NO_CHECKSUM, "seqId": book.update_id}
    return {**rows.whole_book(context, rules, depth), **head}


def _best(context: VenueContext, rules: InstrumentRules, depth: int) -> list[Json]:
    return [_numbered(context, rules, depth)]


def _state(context: VenueContext, channel: str, rules: InstrumentRules) -> list[Json]:
    makers = {
        TICKERS: rows.ticker_row,
        MARK: rows.mark_row,
        INDEX: rows.index_row,
        FUNDING: rows.funding_row,
    }
    return [makers[channel](context, rules)]
