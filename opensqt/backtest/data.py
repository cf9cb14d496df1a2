"""The data of a run: what `--data` names, opened, checked and ready to be played. It places no order."""

import hashlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from opensqt.backtest.csv_columns import CsvFile
from opensqt.backtest.layouts import NAMES, DataRefused, Subject, named
from opensqt.backtest.market import FlowMarket
from opensqt.backtest.series import Gaps, Series
from opensqt.backtest.tables import RunData, RunSpan, TableData, hash_of
from opensqt.simulation.market.flow import Frame
from opensqt.simulation.market.recording import RecordedFlow
from opensqt.simulation.market.recording_files import NAME as RECORDING_NAME
from opensqt.simulation.market.recording_files import RecordingRefused
from opensqt.simulation.market.sources import MarketRefused, open_flow
from opensqt.simulation.market.synthetic import SyntheticFlow

SYNTHETIC = "synthetic:"
SYNTHETIC_BEGIN_MS = 1_735_689_600_000  # 2025-01-01: a made market has no time of its own


def open_data(
    words: Sequence[str],
    *,
    traded: frozenset[str],
    span: RunSpan,
    allow_gaps: bool,
    volume_share: Decimal,
) -> RunData:
    """Open what `--data` names; raise `DataRefused` naming file, line and what was expected."""
    try:
        if len(words) == 1 and words[0].startswith(SYNTHETIC):
            return _synthetic(words[0], span)
        paths = _paths(words)
        recorded = [path for path in paths if RECORDING_NAME.fullmatch(path.name)]
        if recorded and len(recorded) == len(paths):
            return _recorded(recorded, span)
    except (MarketRefused, RecordingRefused) as error:
        raise DataRefused(str(error)) from error
    if recorded:
        raise DataRefused(
            f"{recorded[0]} is a recording and {next(p for p in paths if p not in recorded)} is none:"
            " play one kind at a time"
        )
    gaps = Gaps(allowed=allow_gaps)
    return TableData(_series(paths, traded, gaps), volume_share, span, gaps).data()


def _paths(words: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for word in words:
        path = Path(word)
        if path.is_dir():
            inside = [one for one in sorted(path.rglob("*")) if one.is_file() and _is_data(one)]
            if not inside:
                raise DataRefused(
                    f"{path} holds no file of market data; expected names like {NAMES}"
                )
            found += inside
        elif not path.is_file():
            raise DataRefused(f"--data {word}: there is no such file or folder")
        elif not _is_data(path):
            raise DataRefused(
                f"{path}: its name does not tell what it holds; expected one like {NAMES}"
            )
        else:
            found.append(path)
    return found


def _is_data(path: Path) -> bool:
    return named(path) is not None or RECORDING_NAME.fullmatch(path.name) is not None


def _series(paths: Sequence[Path], traded: frozenset[str], gaps: Gaps) -> list[Series]:
    grouped: dict[tuple[str, Subject], list[CsvFile]] = {}
    for path in paths:
        file = named(path)
        if file is None:
            raise DataRefused(f"{path}: expected a name like {NAMES}")
        table = CsvFile(file)
        grouped.setdefault((file.symbol(traded), table.layout.subject), []).append(table)
    found = []
    for (symbol, _), files in sorted(grouped.items()):
        files.sort(key=_first_ms)
        found.append(Series(symbol, files, gaps))
    return found


def _first_ms(file: CsvFile) -> int:
    for block in file.blocks():
        if len(block["time"]):
            return int(block["time"][0])
    raise DataRefused(f"{file.path} holds no line of data")


def _synthetic(word: str, span: RunSpan) -> RunData:
    begin_ms = span.from_ms or SYNTHETIC_BEGIN_MS
    to_ms = span.ends(begin_ms)
    if to_ms is None:
        raise DataRefused(
            f"{word} never ends: say how much of it to play, as --for 1h or with --to"
        )
    flow = open_flow(word)
    if not isinstance(flow, SyntheticFlow):
        raise DataRefused(f"--data {word}: expected synthetic:SEED")
    flow.start(begin_ms)
    return RunData(
        instruments=flow.instruments,
        begin_ms=begin_ms,
        opened=lambda exchange, agenda: FlowMarket(flow.frames(), exchange, agenda, to_ms),
        sha256=hashlib.sha256(word.encode()).hexdigest(),
        files=(word,),
        models=(
            "Prices: a synthetic market. It shows how the strategy works, not what it would earn.",
        ),
        to_ms=to_ms,
    )


def _recorded(paths: Sequence[Path], span: RunSpan) -> RunData:
    flow = RecordedFlow(paths)
    begin_ms = flow.origin_ms or 0
    to_ms = span.ends(max(begin_ms, span.from_ms or 0))
    return RunData(
        instruments=flow.instruments,
        begin_ms=max(begin_ms, span.from_ms or 0),
        opened=lambda exchange, agenda: FlowMarket(
            _from(flow.once(), span.from_ms), exchange, agenda, to_ms
        ),
        sha256=hash_of(paths),
        files=tuple(map(str, paths)),
        models=("Prices: recorded books and trades, every level.",),
        to_ms=to_ms,
    )


def _from(frames: Iterator[Frame], from_ms: int | None) -> Iterator[Frame]:
    """Fold what came before a market time into it: books are needed whole."""
    for frame in frames:
        if from_ms is not None and frame.time_ms < from_ms:
            yield msgspec.structs.replace(frame, time_ms=from_ms)
        else:
            yield frame
