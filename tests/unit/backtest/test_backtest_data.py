"""Market data as files: what is read of them exactly, and what is refused with its line."""

import gzip
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.backtest.csv_columns import CsvFile
from opensqt.backtest.data import open_data
from opensqt.backtest.layouts import DataRefused, named
from opensqt.backtest.rows import Rows
from opensqt.backtest.series import Gaps, Series
from opensqt.backtest.tables import RunData, RunSpan
from tests.unit.backtest.desks import PERP, QUOTES, config, ran, write

TRADES = "id,price,qty,quote_qty,time,is_buyer_maker"
KLINES = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,"
    "taker_buy_quote_volume,ignore"
)
CANDLES = "time_ms,open,high,low,close,volume"
AT_MS = 1_735_689_600_000


def opened(*paths: Path, span: RunSpan | None = None, allow_gaps: bool = False) -> RunData:
    """Open files as the data of a perpetual."""
    return open_data(
        [str(path) for path in paths],
        traded=frozenset({PERP}),
        span=span or RunSpan(),
        allow_gaps=allow_gaps,
        volume_share=Decimal("0.1"),
    )


def read(path: Path) -> None:
    """Read a file to its end."""
    file = named(path)
    assert file is not None
    for _ in Series(PERP, [CsvFile(file)], Gaps(allowed=False)).columns():
        pass


def test_an_archived_file_is_read_exactly_however_it_is_packed(tmp_path: Path) -> None:
    """Eight decimals survive, microseconds become milliseconds, and csv, gzip and zip hold the same rows."""
    text = (
        f"{TRADES}\n7,100.12345678,0.00000001,1,{AT_MS},true\n8,99,21000000,1,{AT_MS + 1},false\n"
    )
    plain = tmp_path / "BTCUSDT-trades-2025-01-01.csv"
    plain.write_text(text)
    packed = tmp_path / "BTCUSDT-trades-2025-01-02.csv.gz"
    packed.write_bytes(gzip.compress(text.replace(f"{AT_MS}", f"{AT_MS}000").encode()))
    zipped = tmp_path / "BTCUSDT-trades-2025-01-03.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("inside.csv", text)
    for path in (plain, zipped):
        file = named(path)
        assert file is not None
        (block,) = CsvFile(file).blocks()
        assert block["price"].tolist() == [10_012_345_678, 9_900_000_000]
        assert block["quantity"].tolist() == [1, 2_100_000_000_000_000]
        assert block["sold"].tolist() == [1, 0]
        assert block["time"].tolist() == [AT_MS, AT_MS + 1]


def test_times_in_microseconds_are_understood(tmp_path: Path) -> None:
    """The archive of spot counts microseconds since 2025."""
    path = write(
        tmp_path / "usdm_btcusdt_a.csv",
        "time_ms,price,quantity,taker",
        [(AT_MS * 1000 + 5, 1, 1, "buy"), (AT_MS * 1000 + 2005, 2, 1, "sell")],
    )
    assert opened(path).begin_ms == AT_MS


@pytest.mark.parametrize(
    "name, head, rows, words",
    [
        ("quotes", QUOTES, [(AT_MS, 1, 1, 2, 1), (AT_MS - 1, 1, 1, 2, 1)], "line 3: .* sort the file"),
        ("quotes", QUOTES, [(AT_MS, 1, 1, 2, 1), (AT_MS, 3, 1, 2, 1)], "line 3: bid 3.* ask 2"),
        ("quotes", QUOTES, [(AT_MS, 1, 1, 2, 1), (AT_MS, "x", 1, 2, 1)], "line 3: bid_price is 'x'"),
        ("quotes", QUOTES, [(AT_MS, 1, 1, 2)], "line 2: 4 columns, expected 5"),
        ("quotes", QUOTES, [], "no line of data"),
        ("trades", TRADES, [(4, 1, 1, 1, AT_MS, True), (4, 1, 1, 1, AT_MS, True)], "line 3: id 4 .*repeated"),
        ("trades", TRADES, [(4, 1, 1, 1, AT_MS, True), (7, 1, 1, 1, AT_MS, True)], "line 3: 2 trades .*missing"),
        ("trades", f"{TRADES},symbol", [(4, 1, 1, 1, AT_MS, True, "ETHUSDT")], "line 2: symbol 'ETHUSDT'"),
        ("trades", TRADES, [(4, 1, "0.123456789", 1, AT_MS, True)], "line 2: qty .* at most 8 decimals"),
        ("candles", CANDLES, [(AT_MS, 2, 1, 1, 1, 1), (AT_MS + 1000, 1, 1, 1, 1, 1)], "line 2: open 2"),
        ("what", "a,b", [(1, 2)], "line 1: columns a, b are of no known kind"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_told_with_its_line(
    tmp_path: Path, name: str, head: str, rows: list[tuple[object, ...]], words: str
) -> None:
    """Unsorted, crossed, unreadable, torn, empty, repeated, missing, of another symbol: all with file and line."""
    path = write(tmp_path / f"usdm_btcusdt_{name}.csv", head, rows)
    with pytest.raises(DataRefused, match=words) as error:
        read(path)
    assert str(path) in str(error.value)


def test_missing_candles_are_let_through_only_where_that_is_asked(tmp_path: Path) -> None:
    """A gap is refused with its size; with leave it is counted, and told in the report."""
    rows = [(AT_MS + minute * 60_000, 5, 6, 4, 5, 1) for minute in (0, 1, 4)]
    path = write(tmp_path / "usdm_btcusdt_m.csv", CANDLES, rows)
    with pytest.raises(DataRefused, match="line 4: 2 candles before it are missing"):
        read(path)
    data = opened(path, allow_gaps=True)
    assert data.gaps is not None
    assert data.gaps.count > 0


def test_a_candle_is_walked_on_its_shortest_way(tmp_path: Path) -> None:
    """Rising ones by their low first, falling ones by their high; a tick on both sides of the price."""
    rows = [
        (AT_MS, "60000.1", "60009", "59990", "60005", "40"),
        (AT_MS + 60_000, "60005", "60007", "59980", "59981", "0"),
    ]
    path = write(tmp_path / "BTCUSDT-1m-2025-01-01.csv", KLINES, [(*row, *[0] * 6) for row in rows])
    file = named(path)
    assert file is not None
    series = Series(PERP, [CsvFile(file)], Gaps(allowed=False))
    grain = series.grain()
    (way,) = series.ways(grain, Decimal("0.1"))
    assert isinstance(way, Rows)
    mids = ((way.bid + way.ask) // 2).tolist()
    assert [mid / 1e8 for mid in mids] == [
        *(60000.1, 59990, 60009, 60005),
        *(60005, 60007, 59980, 59981),
    ]
    assert set((way.ask - way.bid).tolist()) == {2 * grain.tick}
    assert way.time_ms[3] == AT_MS + 59_999
    assert way.bid_quantity.tolist()[:4] == [10**8] * 4, "a tenth of 40 over four points"
    assert way.bid_quantity.tolist()[4:] == [grain.step] * 4, "something is always shown"


def test_files_of_one_symbol_follow_each_other(tmp_path: Path) -> None:
    """Files are put in order of time; what overlaps is refused."""
    first = write(tmp_path / "usdm_btcusdt_b.csv", QUOTES, [(AT_MS, 1, 1, 2, 1)])
    later = write(tmp_path / "usdm_btcusdt_a.csv", QUOTES, [(AT_MS + 5, 1, 1, 2, 1)])
    assert opened(later, first).begin_ms == AT_MS
    within = write(
        tmp_path / "usdm_btcusdt_c.csv", QUOTES, [(AT_MS + 1, 1, 1, 2, 1), (AT_MS + 9, 1, 1, 2, 1)]
    )
    with pytest.raises(DataRefused, match="sort the file"):
        ran(config(), first, later, within)


def test_a_span_cuts_the_data(tmp_path: Path) -> None:
    """A run begins and ends where it is told to; before all data is refused."""
    rows = [(AT_MS + second * 1000, 1, 1, 2, 1) for second in range(10)]
    path = write(tmp_path / "usdm_btcusdt_a.csv", QUOTES, rows)
    data = opened(path, span=RunSpan(from_ms=AT_MS + 3000, for_ms=2000))
    assert (data.begin_ms, data.to_ms) == (AT_MS + 3000, AT_MS + 5000)
    with pytest.raises(DataRefused, match="all data end before it"):
        opened(path, span=RunSpan(from_ms=AT_MS + 60_000))
