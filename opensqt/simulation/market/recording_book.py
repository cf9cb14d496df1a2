"""One recorded symbol as frames in file order: sequence checked, top of book refined by bookTicker.

It never plays over a gap: a gap ends in the next snapshot, and where none follows the recording is refused. Nor does
it play what no market can have: a time that is not in ms, a price of 0 or less, a book whose bid reaches its ask.
"""

from collections.abc import Iterator, Sequence

from opensqt.simulation.market.orderflow import TickBook, TickDelta, TickFrame, TickTrade
from opensqt.simulation.market.orderflow_instruments import KNOWN_DECIMALS
from opensqt.simulation.market.recording_files import (
    RawData,
    RawLine,
    RecordedFile,
    RecordingRefused,
    TextLevel,
)
from opensqt.simulation.market.recording_sequence import (
    RecordingPosition,
    UpdateSequence,
    decimals_of,
    price_of,
    quantity_of,
)

# New quantities (steps) by price (ticks), bids under +1 and asks under -1.
Changes = dict[int, dict[int, int]]

SPOT_DECIMALS = 8
TIME_MS_MIN = 1_230_000_000_000  # December 2008: before it nobody traded what is recorded here
TIME_MS_MAX = 4_102_444_800_000  # the year 2100; microseconds and nanoseconds lie far beyond


class RecordedSymbol:
    """Reads the files of one symbol; `book` is what its frames add up to, `time_ms` never goes back."""

    def __init__(self, symbol: str, files: Sequence[RecordedFile]) -> None:
        self.symbol = symbol
        self.files = files
        self.book = TickBook()
        self.time_ms = 0
        self.spot = files[0].market == "spot"
        self.price_decimals, self.step_decimals = KNOWN_DECIMALS.get(symbol, (-1, -1))
        self._where = ""
        self._missing = f"{files[0].path}: the recording begins without a depth snapshot"
        self._waiting: list[RawData] | None = []
        self._sequence = UpdateSequence(self.spot)
        self._refined: dict[tuple[int, int], int] = {}
        self._ticker: RawData | None = None

    @property
    def quantity_decimals(self) -> int:
        """Decimals of the book's quantities: spot books hold dust finer than the order step."""
        return SPOT_DECIMALS if self.spot else self.step_decimals

    def frames(self) -> Iterator[TickFrame]:
        """Yield deltas (the first is the whole book) and trades until the files end."""
        for file in self.files:
            for number, line in file.lines():
                self._where = f"{file.path} line {number}"
                try:
                    frame = self._read(line)
                except ValueError as error:
                    raise RecordingRefused(
                        f"{self._where}: {error}; cut the line or take another recording"
                    ) from error
                if frame is not None:
                    yield frame
        if self._waiting is not None:
            raise RecordingRefused(
                f"{self._missing}, and no snapshot of {self.symbol} follows; add the file that has "
                "one (for a second day alone, the first day's) or record again"
            )

    def _read(self, line: RawLine) -> TickFrame | None:
        data = line.data
        self._keep_time(line.E if data is None else data.E)
        if data is None:
            return self._snapshot(line) if self._waiting is not None else None
        if data.e == "depthUpdate":
            return self._depth(data)
        if self._waiting is not None:
            return None
        if data.e == "trade":
            price = price_of(data.p, self.price_decimals)
            quantity = quantity_of(data.q, self.quantity_decimals)
            return TickTrade(self.time_ms, price, quantity, -1 if data.m else 1)
        if data.e == "bookTicker" and data.u > self._sequence.last:
            self._ticker = data
            changes = self._refine(data)
            return self._delta(changes) if changes[1] or changes[-1] else None
        return None

    def _snapshot(self, line: RawLine) -> TickFrame | None:
        if self.price_decimals < 0:
            levels = line.bids + line.asks
            self.price_decimals = decimals_of(price for price, _ in levels)
            self.step_decimals = decimals_of(quantity for _, quantity in levels)
        waiting, self._waiting = self._waiting or [], None
        self._sequence.restart(line.last_update_id)
        self._refined, self._ticker = {}, None
        changes: Changes = {
            sign: dict.fromkeys(self.book.side(sign).quantities, 0) for sign in (1, -1)
        }
        self._take(changes, line.bids, line.asks)
        for index, data in enumerate(waiting):
            place = self._sequence.judge(data)
            if place is RecordingPosition.GAP:
                self._lose(waiting[index:])
                return None
            if place is RecordingPosition.NEXT:
                self._take(changes, data.b, data.a)
        self._apply(changes)
        return self._delta(changes)

    def _depth(self, data: RawData) -> TickFrame | None:
        if self._waiting is not None:
            self._waiting.append(data)
            return None
        place = self._sequence.judge(data)
        if place is RecordingPosition.GAP:
            self._lose([data])
        if place is not RecordingPosition.NEXT:
            return None
        changes: Changes = {1: {}, -1: {}}
        for (sign, price), quantity in self._refined.items():
            changes[sign][price] = quantity
        self._refined = {}
        self._take(changes, data.b, data.a)
        self._apply(changes)
        if self._ticker is not None and self._ticker.u > data.u:
            for sign, refined in self._refine(self._ticker).items():
                changes[sign].update(refined)
        return self._delta(changes)

    def _lose(self, waiting: list[RawData]) -> None:
        """Note a gap and wait for the next snapshot."""
        first = waiting[0]
        self._missing = (
            f"{self._where}: sequence gap, the book ends at update {self._sequence.last} and the next "
            f"delta is {first.U}..{first.u}"
        )
        self._waiting = waiting

    def _refine(self, ticker: RawData) -> Changes:
        """Make a bookTicker the top of the book, remembering what the deltas say; return what changed."""
        changes: Changes = {1: {}, -1: {}}
        for sign, price_text, quantity_text in (
            (1, ticker.b, ticker.B),
            (-1, ticker.a, ticker.A),
        ):
            side = self.book.side(sign)
            price = price_of(str(price_text), self.price_decimals)
            wanted = dict.fromkeys(side.better_than(price), 0)
            wanted[price] = quantity_of(quantity_text, self.quantity_decimals)
            for level, quantity in wanted.items():
                known = side.quantities.get(level, 0)
                if known != quantity:
                    self._refined.setdefault((sign, level), known)
                    changes[sign][level] = quantity
        self._apply(changes)
        return changes

    def _take(
        self, changes: Changes, bids: list[TextLevel] | str, asks: list[TextLevel] | str
    ) -> None:
        for sign, levels in ((1, bids), (-1, asks)):
            for level in levels:
                price, quantity = tuple(level)
                ticks = price_of(price, self.price_decimals)
                changes[sign][ticks] = quantity_of(quantity, self.quantity_decimals)

    def _apply(self, changes: Changes) -> None:
        for sign, levels in changes.items():
            side = self.book.side(sign)
            for price, quantity in levels.items():
                side.put(price, quantity)
        bids, asks = self.book.bids, self.book.asks
        if bids and asks and bids.best >= asks.best:
            raise ValueError(
                f"the book is crossed, bid {bids.best} is not below ask {asks.best} (in ticks of"
                f" {self.price_decimals} decimals)"
            )

    def _keep_time(self, time_ms: int) -> None:
        """Go on to an event's time, never back; a line without a time (0) has the last one."""
        if time_ms and not TIME_MS_MIN <= time_ms <= TIME_MS_MAX:
            raise ValueError(
                f"event time {time_ms} is not in ms since 1970 (between {TIME_MS_MIN} and {TIME_MS_MAX})"
            )
        self.time_ms = max(self.time_ms, time_ms)

    def _delta(self, changes: Changes) -> TickDelta:
        return TickDelta(self.time_ms, list(changes[1].items()), list(changes[-1].items()))
