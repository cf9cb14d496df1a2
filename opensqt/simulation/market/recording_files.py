"""Recorded files of Binance: their names, their lines, and what is wrong with them. It reads, it judges no sequence.

A line is `<local receive time, ns> <raw JSON>`; the JSON is `{"stream", "data"}` or one bare REST depth snapshot.
"""

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

NAME = re.compile(r"(spot|usdm)_([a-z0-9]+)_(\d{8})\.gz")
NAME_FORM = (
    "<market>_<symbol>_<yyyymmdd>.gz with market spot or usdm, like spot_btcusdt_20240808.gz"
)
QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "BTC", "ETH", "BNB")
BLOCK_BYTES = 1 << 20

TextLevel = tuple[str, str]


class RecordingRefused(ValueError):
    """A recording that cannot be played; the text names the file, the line and the fix."""


class RawData(msgspec.Struct):
    """The payload of a stream: depthUpdate, trade, or bookTicker (which has no `e` on spot)."""

    u: int = 0
    U: int = 0
    pu: int = 0
    e: str = "bookTicker"
    E: int = 0
    s: str = ""
    b: str | list[TextLevel] = ""
    B: str = ""
    a: str | list[TextLevel] = ""
    A: str = ""
    p: str = ""
    q: str = ""
    m: bool = False


class RawLine(msgspec.Struct):
    """One line: a stream's frame in `data`, or a REST snapshot with `lastUpdateId`."""

    data: RawData | None = None
    last_update_id: int = msgspec.field(default=0, name="lastUpdateId")
    E: int = 0
    bids: list[TextLevel] = []
    asks: list[TextLevel] = []


class RecordedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A recording on disk: whose market and symbol it is."""

    path: Path
    market: str
    venue_symbol: str

    @property
    def symbol(self) -> str:
        """The unified symbol, like BTC/USDT or BTC/USDT:USDT; raise `RecordingRefused` for an unknown quote."""
        for quote in QUOTES:
            base = self.venue_symbol.removesuffix(quote)
            if base and base != self.venue_symbol:
                pair = f"{base}/{quote}"
                return pair if self.market == "spot" else f"{pair}:{quote}"
        raise RecordingRefused(
            f"{self.path}: symbol {self.venue_symbol!r} ends with no known quote; "
            f"expected one of {', '.join(QUOTES)}"
        )

    def lines(self) -> Iterator[tuple[int, RawLine]]:
        """Yield line numbers (from 1) and lines; raise `RecordingRefused` for a broken file or line."""
        decoder = msgspec.json.Decoder(RawLine)
        number = 0
        try:
            with gzip.open(self.path, "rb") as file:
                for number, text in enumerate(file, start=1):
                    yield number, self._line(decoder, number, text)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise RecordingRefused(
                f"{self.path} after line {number}: not a whole gzip file ({error}); copy it again"
            ) from error

    def _line(self, decoder: msgspec.json.Decoder[RawLine], number: int, text: bytes) -> RawLine:
        try:
            # All of it is decoded: msgspec looks only at the texts that it keeps.
            received_ns, _, body = text.decode().partition(" ")
            int(received_ns)
            line = decoder.decode(body)
        except ValueError as error:
            raise RecordingRefused(
                f"{self.path} line {number}: not a recorded Binance frame ({error}); expected "
                "'<local ns> <raw json>'; cut the line or take another recording"
            ) from error
        if line.data is not None and line.data.s != self.venue_symbol:
            raise RecordingRefused(
                f"{self.path} line {number}: symbol {line.data.s!r}, expected "
                f"{self.venue_symbol!r} as the file's name says; rename or split the file"
            )
        return line

    def first_time_ms(self) -> int:
        """The first event time of the file (ms UTC); raise `RecordingRefused` where there is none."""
        for _, line in self.lines():
            if line.data is not None and line.data.E:
                return line.data.E
        raise RecordingRefused(f"{self.path}: no line has an event time; take another recording")


def open_files(paths: Sequence[Path]) -> dict[str, list[RecordedFile]]:
    """Check the files and group them by unified symbol, each group in order of event time."""
    grouped: dict[str, list[RecordedFile]] = {}
    for path in paths:
        file = _open_file(path)
        grouped.setdefault(file.symbol, []).append(file)
    for files in grouped.values():
        files.sort(key=RecordedFile.first_time_ms)
    return grouped


def _open_file(path: Path) -> RecordedFile:
    match = NAME.fullmatch(path.name)
    if match is None:
        raise RecordingRefused(f"recording {path.name!r} has no usable name; expected {NAME_FORM}")
    try:
        with gzip.open(path, "rb") as file:
            while file.read(BLOCK_BYTES):
                pass
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise RecordingRefused(f"{path}: not a whole gzip file ({error}); copy it again") from error
    except OSError as error:
        raise RecordingRefused(
            f"recording {str(path)!r} cannot be read ({error.strerror}); check the path, or put the "
            "folder of recordings into OPENSQT_RECORDINGS"
        ) from error
    return RecordedFile(path=path, market=match[1], venue_symbol=match[2].upper())
