"""Files of comma separated values as columns of whole numbers, streamed, each error with its line. It judges no market.

What a reader made for speed refuses is looked for again, line by line, so that the message names it.
"""

import gzip
import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any, cast

import msgspec
import numpy as np

from opensqt.backtest.layouts import DataRefused, Layout, NamedFile, layout_of
from opensqt.backtest.rows import DECIMALS, Numbers

BLOCK_BYTES = 4 << 20
WHOLE = frozenset({"time", "id"})
MICROSECONDS_MIN = 10**14  # a time as large as this is in microseconds
YES, NO = ["true", "True", "TRUE", "sell"], ["false", "False", "FALSE", "buy"]


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Some lines of a file: the number of the first, and a column by our name."""

    path: Path
    line: int
    found: dict[str, Numbers]

    def __getitem__(self, name: str) -> Numbers:
        return self.found[name]

    def refuse_where(self, wrong: Any, words: str) -> None:
        """Raise `DataRefused` for the first line that is wrong; `words` may name columns, as in `{bid}`."""
        if not wrong.any():
            return
        at = int(np.argmax(wrong))
        values = {
            name: int(column[at]) if name in WHOLE else Decimal(int(column[at])).scaleb(-DECIMALS)
            for name, column in self.found.items()
            if len(column) > at
        }
        raise DataRefused(f"{self.path} line {self.line + at}: {words.format(**values)}")


def opened(path: Path) -> IO[bytes]:
    """Open a file as plain text in bytes; raise `DataRefused` where it cannot be read."""
    try:
        if path.suffix == ".gz":
            return cast("IO[bytes]", gzip.open(path))
        if path.suffix == ".zip":
            archive = zipfile.ZipFile(path)
            inside = archive.namelist()
            if len(inside) != 1:
                raise DataRefused(f"{path} holds {len(inside)} files, expected one")
            return archive.open(inside[0])
        return path.open("rb")
    except (OSError, zipfile.BadZipFile) as error:
        raise DataRefused(f"{path} cannot be read ({error}); copy it again") from error


class CsvFile:
    """One file with its layout."""

    def __init__(self, file: NamedFile) -> None:
        self.path = file.path
        self.venue_symbol = file.venue_symbol
        with opened(file.path) as lines:
            try:
                first = lines.readline().decode()
            except (OSError, EOFError, UnicodeDecodeError) as error:
                raise DataRefused(f"{file.path} line 1: not text ({error})") from error
        if not first.strip():
            raise DataRefused(f"{file.path} is empty")
        self.layout: Layout
        self.layout, self._names, self.has_head = layout_of(file, first)

    def blocks(self) -> Iterator[Columns]:
        """Yield the lines of the file, block by block; raise `DataRefused`."""
        import pyarrow as pa
        from pyarrow import csv

        line = 2 if self.has_head else 1
        named_symbol = "symbol" in self._names
        columns = [*self.layout.fields.values(), *(["symbol"] if named_symbol else [])]
        types = {theirs: self._type(pa, ours) for ours, theirs in self.layout.fields.items()}
        with opened(self.path) as file:
            try:
                reader = csv.open_csv(
                    file,
                    csv.ReadOptions(
                        column_names=list(self._names),
                        skip_rows=int(self.has_head),
                        block_size=BLOCK_BYTES,
                    ),
                    csv.ParseOptions(quote_char='"'),
                    csv.ConvertOptions(
                        column_types=types,
                        include_columns=columns,
                        true_values=YES,
                        false_values=NO,
                    ),
                )
                for batch in reader:
                    if named_symbol:
                        self._same_symbol(line, batch.column("symbol").to_pylist())
                    yield self._columns(batch, line)
                    line += batch.num_rows
            except (pa.ArrowInvalid, OSError, EOFError) as error:
                self._find(line)
                raise DataRefused(f"{self.path} from line {line}: {error}") from error

    def _type(self, pa: Any, ours: str) -> Any:
        if ours in WHOLE:
            return pa.int64()
        return pa.bool_() if ours == "sold" else pa.decimal128(38, DECIMALS)

    def _columns(self, batch: Any, line: int) -> Columns:
        found: dict[str, Numbers] = {}
        for ours, theirs in self.layout.fields.items():
            column = batch.column(theirs)
            if column.null_count:
                empty = np.asarray(column.is_null())
                raise DataRefused(
                    f"{self.path} line {line + int(np.argmax(empty))}: {theirs} is empty"
                )
            found[ours] = _numbers(column)
        if (found["time"] >= MICROSECONDS_MIN).all():
            found["time"] //= 1000
        return Columns(path=self.path, line=line, found=found)

    def _same_symbol(self, line: int, symbols: list[str]) -> None:
        for number, symbol in enumerate(symbols, start=line):
            plain = str(symbol).partition(":")[0].replace("/", "").upper()
            if plain != self.venue_symbol:
                raise DataRefused(
                    f"{self.path} line {number}: symbol {symbol!r}, expected {self.venue_symbol!r}"
                    " as the file's name says; split the file, or rename it"
                )

    def _find(self, line: int) -> None:
        """Raise `DataRefused` for the first line from `line` that cannot be read."""
        places = {self._names.index(theirs): ours for ours, theirs in self.layout.fields.items()}
        with opened(self.path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", errors="replace")
            for number, row in enumerate(text, start=1):
                words = row.rstrip("\r\n").split(",")
                if number < line or words == [""]:
                    continue
                if len(words) != len(self._names):
                    raise DataRefused(
                        f"{self.path} line {number}: {len(words)} columns, expected"
                        f" {len(self._names)}: {','.join(self._names)}"
                    )
                for place, ours in places.items():
                    if wrong := _wrong(ours, words[place].strip('"')):
                        raise DataRefused(
                            f"{self.path} line {number}: {self._names[place]} is"
                            f" {words[place]!r}, expected {wrong}"
                        )


def _wrong(ours: str, word: str) -> str:
    """Say what was expected in place of a word, or nothing where it is right."""
    if ours in WHOLE:
        return "" if word.removeprefix("-").isdigit() else "a whole number"
    if ours == "sold":
        return "" if word in (*YES, *NO) else "true or false, or buy or sell"
    try:
        number = Decimal(word)
    except InvalidOperation:
        return "a number"
    if not number.is_finite() or abs(number) >= Decimal(10) ** 10:
        return "a number below ten thousand million"
    exponent = number.normalize().as_tuple().exponent
    fine = isinstance(exponent, int) and exponent >= -DECIMALS
    return "" if fine else f"a number of at most {DECIMALS} decimals"


def _numbers(column: Any) -> Numbers:
    """Return a column as whole numbers; decimals are whole numbers of 1e-8 already, 16 bytes each."""
    import pyarrow as pa

    if pa.types.is_decimal(column.type):
        words = np.frombuffer(column.buffers()[1], dtype=np.int64)
        begin = column.offset * 2
        words = words[begin : begin + 2 * len(column)]
        low, high = words[0::2], words[1::2]
        if not (high == (low >> 63)).all():
            raise pa.ArrowInvalid("a number is too large")
        return low.copy()
    if pa.types.is_boolean(column.type):
        return np.asarray(column.cast(pa.int8())).astype(np.int64)
    return np.asarray(column).astype(np.int64)
