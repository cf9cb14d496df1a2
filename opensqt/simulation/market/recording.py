"""A recorded market `recorded:PATH[,PATH...]`, played for ever. It reads files only, never a clock or a network.

All symbols begin together, with the book they have when the last of them gets its snapshot, and are aligned by
event time (spot's bookTicker has none: it takes the last known of its symbol). When the shortest symbol ends, all
play again from that beginning: times go on without a hole or an overlap, and each symbol's prices move by a whole
number of ticks so that its mid goes on. So a symbol's drift, and the drift of the basis, repeats with every loop;
where that would bring a mid below half or above twice the recorded one, the prices return to the recorded ones.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.market.flow import BookSnapshot, Frame
from opensqt.simulation.market.orderflow import (
    Change,
    Scale,
    TickBook,
    TickDelta,
    TickFrame,
    TickTrade,
)
from opensqt.simulation.market.orderflow_instruments import rules_for
from opensqt.simulation.market.recording_book import RecordedSymbol
from opensqt.simulation.market.recording_files import RecordedFile, RecordingRefused, open_files

STATE_VERSION = 1


class RecordedState(msgspec.Struct, kw_only=True):
    """Where a recorded flow stands: the loop's shifts and how many frames of it were yielded."""

    version: int
    files: list[str]
    shift_ms: int
    offsets: list[int]
    played: int


class RecordedTrack:
    """One symbol of the flow: its book as yielded, its next frame, and its price offset (ticks)."""

    def __init__(self, symbol: str, files: Sequence[RecordedFile]) -> None:
        self.symbol = symbol
        self.files = files
        self.offset = 0
        self.book = TickBook()
        self.first_middle = 0
        self.rewind()
        self.begin_ms = 0
        while not self.book.bids.quantities or not self.book.asks.quantities:
            frame = self.step()
            if frame is None:
                raise RecordingRefused(
                    f"{files[0].path}: the snapshot of {symbol} has no levels; record again"
                )
            self.begin_ms = frame.time_ms
        source = self._source
        self.step_decimals = source.step_decimals
        self.scale = Scale(
            symbol=symbol,
            price_decimals=source.price_decimals,
            quantity_decimals=source.quantity_decimals,
        )

    @property
    def middle(self) -> int:
        """Twice the mid of the book (ticks, without the offset)."""
        return self.book.bids.best + self.book.asks.best

    def rewind(self) -> None:
        """Go to the beginning of the files."""
        self._source = RecordedSymbol(self.symbol, self.files)
        self._frames = self._source.frames()
        self.book = TickBook()
        self.next: TickFrame | None = next(self._frames, None)

    def step(self) -> TickFrame | None:
        """Take the next frame into the book and return it; None at the end."""
        frame = self.next
        if isinstance(frame, TickDelta):
            self.book.apply(frame)
        self.next = next(self._frames, None)
        return frame

    def align(self, time_ms: int) -> None:
        """Fold all frames up to a time; raise `RecordingRefused` where the recording ends before it."""
        while self.next is not None and self.next.time_ms <= time_ms:
            self.step()
        if self.next is None:
            raise RecordingRefused(
                f"{self.files[-1].path}: {self.symbol} ends before {time_ms} ms, when the other symbols "
                "begin; give recordings of the same hours"
            )
        self.first_middle = self.middle

    def join(self) -> None:
        """Move the offset by whole ticks so that the mid goes on when the files begin again."""
        offset = self.offset + (self.middle - self.first_middle) // 2
        ratio = (self.first_middle + 2 * offset) / self.first_middle
        self.offset = offset if 0.5 <= ratio <= 2 else 0

    def snapshot(self, time_ms: int) -> BookSnapshot:
        """The book as a frame, offset applied."""
        shifted = TickBook()
        shifted.apply(
            TickDelta(
                time_ms, self._move(self.book.bids.levels()), self._move(self.book.asks.levels())
            )
        )
        return self.scale.snapshot(shifted, time_ms)

    def frame(self, frame: TickFrame, shift_ms: int) -> Frame:
        """A frame in decimals, offset and time shift applied."""
        if self.offset == 0:
            return self.scale.frame(frame, shift_ms)
        if isinstance(frame, TickTrade):
            moved: TickFrame = TickTrade(
                frame.time_ms, frame.price + self.offset, frame.quantity, frame.sign
            )
        else:
            moved = TickDelta(frame.time_ms, self._move(frame.bids), self._move(frame.asks))
        return self.scale.frame(moved, shift_ms)

    def _move(self, levels: list[Change]) -> list[Change]:
        offset = self.offset
        return [(price + offset, quantity) for price, quantity in levels if price + offset > 0]


class RecordedFlow:
    """Recordings of one or more symbols as one endless flow."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = [path.name for path in paths]
        self._tracks = [RecordedTrack(symbol, files) for symbol, files in open_files(paths).items()]
        self._begin_ms = max(track.begin_ms for track in self._tracks)
        self._now_ms = self._begin_ms
        self._shift_ms = 0
        self._played = 0
        for track in self._tracks:
            track.align(self._begin_ms)

    def check(self) -> None:
        """Read all of every file once, seconds for a million lines; raise `RecordingRefused` with file and line."""
        for track in self._tracks:
            for _ in RecordedSymbol(track.symbol, track.files).frames():
                pass

    @property
    def origin_ms(self) -> int | None:
        """The event time (ms UTC) at which all symbols have a book."""
        return self._begin_ms

    @property
    def instruments(self) -> tuple[InstrumentRules, ...]:
        """The rules of the recorded symbols."""
        return tuple(
            rules_for(track.symbol, track.scale.price_decimals, track.step_decimals)
            for track in self._tracks
        )

    def start(self, time_ms: int) -> None:
        """Put the next frame at this market time; a time before the last frame changes nothing."""
        self._shift_ms = max(self._shift_ms, time_ms - self._now_ms)

    def frames(self) -> Iterator[Frame]:
        """Yield a snapshot of each symbol, then its frames, loop after loop; raise `RecordingRefused`."""
        while True:
            yield from self.once()
            self._loop()

    def once(self) -> Iterator[Frame]:
        """Yield a snapshot of each symbol, then its frames, until the shortest ends; raise `RecordingRefused`."""
        for track in self._tracks:
            yield track.snapshot(self._now_ms + self._shift_ms)
        while (step := self._step()) is not None:
            track, frame = step
            yield track.frame(frame, self._shift_ms)

    def state(self) -> bytes:
        """Everything needed to go on after the last yielded frame, as MessagePack."""
        return msgspec.msgpack.encode(
            RecordedState(
                version=STATE_VERSION,
                files=self._files,
                shift_ms=self._shift_ms,
                offsets=[track.offset for track in self._tracks],
                played=self._played,
            )
        )

    def restore(self, state: bytes) -> None:
        """Go on where `state()` was taken, reading again up to there; raise `RecordingRefused` for a foreign one."""
        try:
            saved = msgspec.msgpack.decode(state, type=RecordedState)
        except msgspec.MsgspecError as error:
            raise RecordingRefused(
                f"state of {len(state)} bytes is not one of a recorded market ({error}); "
                "start the venue in a fresh data folder, or give it the market it ran with"
            ) from error
        if (saved.version, saved.files) != (STATE_VERSION, self._files):
            raise RecordingRefused(
                f"state is of recordings {', '.join(saved.files)} (version {saved.version}), expected "
                f"{', '.join(self._files)} (version {STATE_VERSION}); give the market it ran with"
            )
        if self._played > saved.played:
            self._rewind()
        for track, offset in zip(self._tracks, saved.offsets, strict=True):
            track.offset = offset
        self._shift_ms = saved.shift_ms
        while self._played < saved.played:
            if self._step() is None:
                raise RecordingRefused(
                    f"recordings {', '.join(self._files)} are shorter than when the state was taken; "
                    "give the files it ran with"
                )

    def _step(self) -> tuple[RecordedTrack, TickFrame] | None:
        """Take the earliest next frame; None when a symbol has ended."""
        first: RecordedTrack | None = None
        first_ms = 0
        for track in self._tracks:
            if track.next is None:
                return None
            if first is None or track.next.time_ms < first_ms:
                first, first_ms = track, track.next.time_ms
        frame = None if first is None else first.step()
        if first is None or frame is None:
            return None
        self._now_ms = frame.time_ms
        self._played += 1
        return first, frame

    def _loop(self) -> None:
        """Begin again where time and prices are now."""
        for track in self._tracks:
            track.join()
        self._shift_ms += self._now_ms - self._begin_ms
        self._rewind()

    def _rewind(self) -> None:
        self._played = 0
        self._now_ms = self._begin_ms
        for track in self._tracks:
            track.rewind()
            track.align(self._begin_ms)
