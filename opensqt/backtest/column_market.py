"""Columns of rows as a market: what cannot matter is passed over at once, by a search over whole columns."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from opensqt.backtest.agenda import Agenda
from opensqt.backtest.market import PlayedMarket, RowInterest
from opensqt.backtest.rows import RowKind, Rows, quotes_at, trade_at, units_of
from opensqt.simulation.engine.exchange import Exchange

WINDOW_MIN, WINDOW_MAX = 64, 65_536
LOWEST, HIGHEST = -(2**62), 2**62

Passed = dict[
    str, tuple[Rows, int, int]
]  # the last quote of a symbol that was passed over, and how many were
Bounds = tuple[int, int, int, int]  # own bid, own ask, and twice the least and the greatest mid


def bounds_of(interest: RowInterest) -> Bounds:
    """Return what makes a row worth a look, as whole numbers of 1e-8: at or beyond any of them."""
    return (
        _at_most(interest.own_bid),
        _at_least(interest.own_ask),
        _at_most(None if interest.mid_min is None else 2 * interest.mid_min),
        _at_least(None if interest.mid_max is None else 2 * interest.mid_max),
    )


class RowTrack:
    """The rows of one symbol and kind, and how far they were walked."""

    def __init__(self, symbol: str, kind: RowKind, blocks: Iterator[Rows]) -> None:
        self.symbol, self.kind = symbol, kind
        self.rows, self.at = next(blocks), 0
        self._blocks = blocks

    @property
    def next_ms(self) -> int | None:
        """Market time of the next row, or None at the end."""
        while self.at >= len(self.rows.time_ms):
            following = next(self._blocks, None)
            if following is None:
                return None
            self.rows, self.at = following, 0
        return int(self.rows.time_ms[self.at])

    @property
    def last_ms(self) -> int:
        """Market time of the last row of this block."""
        return int(self.rows.time_ms[-1])

    def first_of_interest(self, bounds: Bounds, end: int) -> int:
        """Return the index of the first row before `end` that is worth a look, or `end`."""
        begin, window = self.at, WINDOW_MIN
        while begin < end:
            part = self.rows.between(begin, min(begin + window, end))
            wanted = self._wanted(part, bounds)
            if wanted.any():
                return begin + int(np.argmax(wanted))
            begin, window = begin + window, min(2 * window, WINDOW_MAX)
        return end

    def before(self, time_ms: int, *, inclusive: bool) -> int:
        """Return how far the rows go that are earlier than a market time, or at it."""
        return int(self.rows.time_ms.searchsorted(time_ms, "right" if inclusive else "left"))

    def _wanted(self, part: Rows, bounds: Bounds) -> NDArray[np.bool_]:
        own_bid, own_ask, mid_min, mid_max = bounds
        found: NDArray[np.bool_] = (part.bid <= own_bid) | (part.ask >= own_ask)
        if self.kind is RowKind.QUOTE:
            twice_mid = part.bid + part.ask
            found |= (twice_mid <= mid_min) | (twice_mid >= mid_max)
        return found


class ColumnMarket(PlayedMarket):
    """Tracks merged by time; at the same time trades come before quotes, and symbols in the order of the tracks."""

    def __init__(self, tracks: Sequence[RowTrack], exchange: Exchange, agenda: Agenda) -> None:
        super().__init__(exchange, agenda)
        self._tracks = sorted(tracks, key=lambda track: track.kind)

    @property
    def next_ms(self) -> int | None:
        """Market time of the next row, or None at the end."""
        times = [time_ms for track in self._tracks if (time_ms := track.next_ms) is not None]
        return min(times, default=None)

    def advance(self, until_ms: int | None, interests: Mapping[str, RowInterest] | None) -> str:
        """Play the next row of interest up to a market time, and pass over those before it."""
        if interests is not None:
            self._pass_over(until_ms, {name: bounds_of(one) for name, one in interests.items()})
        following = self._following()
        if following is None:
            return ""
        track = following
        time_ms = int(track.rows.time_ms[track.at])
        if until_ms is not None and time_ms > until_ms:
            return ""
        self.agenda.now_ms = max(self.agenda.now_ms, time_ms)
        self.rows += 1
        if track.kind is RowKind.QUOTE:
            self.play(quotes_at(track.rows, track.at, track.symbol))
        else:
            self.play(trade_at(track.rows, track.at, track.symbol))
        track.at += 1
        return track.symbol

    def _following(self) -> RowTrack | None:
        found: RowTrack | None = None
        found_ms = 0
        for track in self._tracks:
            time_ms = track.next_ms
            if time_ms is not None and (found is None or time_ms < found_ms):
                found, found_ms = track, time_ms
        return found

    def _pass_over(self, until_ms: int | None, bounds: Mapping[str, Bounds]) -> None:
        """Count the rows before the first one of interest, and show the exchange the last quotes of them."""
        quotes: Passed = {}
        while self._pass_blocks(until_ms, bounds, quotes):
            pass
        for symbol, (rows, index, count) in quotes.items():
            self.play(quotes_at(rows, index, symbol), count)

    def _pass_blocks(
        self,
        until_ms: int | None,
        bounds: Mapping[str, Bounds],
        quotes: Passed,
    ) -> bool:
        """Pass over rows of the blocks that are read; tell whether it may go on in following ones."""
        stops: dict[int, int] = {}
        limit: tuple[int, int, bool] | None = (
            None  # time, place among the tracks, whether it is passed itself
        )
        for place, track in enumerate(self._tracks):
            if track.next_ms is None:
                continue
            whole = len(track.rows.time_ms)
            end = whole if until_ms is None else track.before(until_ms, inclusive=True)
            stops[place] = track.first_of_interest(bounds[track.symbol], end)
            if stops[place] < end:
                here = (int(track.rows.time_ms[stops[place]]), place, False)
            elif end == whole:
                here = (track.last_ms, place, True)
            else:
                continue
            limit = here if limit is None or here[:2] < limit[:2] else limit
        for place, stop in stops.items():
            track = self._tracks[place]
            end = stop
            if limit is not None:
                inclusive = place < limit[1] or (place == limit[1] and limit[2])
                end = min(stop, track.before(limit[0], inclusive=inclusive))
            self._pass(track, end, quotes)
        return limit is not None and limit[2]

    def _pass(self, track: RowTrack, end: int, quotes: Passed) -> None:
        count = end - track.at
        if count <= 0:
            return
        self.rows += count
        if track.kind is RowKind.QUOTE:
            *_, before = quotes.get(track.symbol, (0,))
            quotes[track.symbol] = (track.rows, end - 1, before + count)
        else:
            # As many public trades as the tape would have printed: the ids of our own go on from there.
            self.exchange.settlement.tapes[track.symbol].last_id += count
        track.at = end


def _at_most(number: Decimal | None) -> int:
    return LOWEST if number is None else units_of(number)


def _at_least(number: Decimal | None) -> int:
    return HIGHEST if number is None else -units_of(-number)
