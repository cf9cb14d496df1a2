"""Which columns a file of market data has, by its head or, where it has none, by its name. It reads no file."""

import re
from enum import StrEnum
from pathlib import Path

import msgspec

from opensqt.simulation.market.recording_files import RecordedFile


class DataRefused(ValueError):
    """Data that cannot be used; the text names the file, the line and what was expected."""


class Subject(StrEnum):
    """What a row is about."""

    QUOTES = "quotes"
    TRADES = "trades"
    CANDLES = "candles"
    FUNDING = "funding"


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of file: all its columns in their order, and which of them is what of ours."""

    name: str
    subject: Subject
    columns: tuple[str, ...]
    fields: dict[str, str]  # ours -> theirs
    sign: str = ""  # how the name of a file without a head tells it


OURS = "OpenSQT's own"
ARCHIVE = "Binance's public archive"
LAYOUTS = (
    Layout(
        name=f"bookTicker of {ARCHIVE}",
        subject=Subject.QUOTES,
        columns=(
            *("update_id", "best_bid_price", "best_bid_qty", "best_ask_price", "best_ask_qty"),
            *("transaction_time", "event_time"),
        ),
        fields={
            "id": "update_id",
            "bid": "best_bid_price",
            "bid_quantity": "best_bid_qty",
            "ask": "best_ask_price",
            "ask_quantity": "best_ask_qty",
            "time": "event_time",
        },
        sign="bookTicker",
    ),
    Layout(
        name=f"trades of {ARCHIVE}",
        subject=Subject.TRADES,
        columns=("id", "price", "qty", "quote_qty", "time", "is_buyer_maker", "is_best_match"),
        fields={
            "id": "id",
            "price": "price",
            "quantity": "qty",
            "time": "time",
            "sold": "is_buyer_maker",
        },
        sign="trades",
    ),
    Layout(
        name=f"aggTrades of {ARCHIVE}",
        subject=Subject.TRADES,
        columns=(
            *("agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id"),
            *("transact_time", "is_buyer_maker", "is_best_match"),
        ),
        fields={
            "id": "agg_trade_id",
            "price": "price",
            "quantity": "quantity",
            "time": "transact_time",
            "sold": "is_buyer_maker",
        },
        sign="aggTrades",
    ),
    Layout(
        name=f"klines of {ARCHIVE}",
        subject=Subject.CANDLES,
        columns=(
            *("open_time", "open", "high", "low", "close", "volume", "close_time"),
            *("quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore"),
        ),
        fields={
            "time": "open_time",
            **{name: name for name in ("open", "high", "low", "close", "volume")},
        },
        sign="kline",
    ),
    Layout(
        name=f"fundingRate of {ARCHIVE}",
        subject=Subject.FUNDING,
        columns=("calc_time", "funding_interval_hours", "last_funding_rate"),
        fields={"time": "calc_time", "rate": "last_funding_rate"},
        sign="fundingRate",
    ),
    Layout(
        name=f"{OURS} quotes",
        subject=Subject.QUOTES,
        columns=("time_ms", "bid_price", "bid_quantity", "ask_price", "ask_quantity"),
        fields={
            "time": "time_ms",
            "bid": "bid_price",
            "bid_quantity": "bid_quantity",
            "ask": "ask_price",
            "ask_quantity": "ask_quantity",
        },
    ),
    Layout(
        name=f"{OURS} trades",
        subject=Subject.TRADES,
        columns=("time_ms", "price", "quantity", "taker"),
        fields={"time": "time_ms", "price": "price", "quantity": "quantity", "sold": "taker"},
    ),
    Layout(
        name=f"{OURS} candles",
        subject=Subject.CANDLES,
        columns=("time_ms", "open", "high", "low", "close", "volume"),
        fields={
            "time": "time_ms",
            **{name: name for name in ("open", "high", "low", "close", "volume")},
        },
    ),
    Layout(
        name=f"{OURS} funding",
        subject=Subject.FUNDING,
        columns=("time_ms", "rate"),
        fields={"time": "time_ms", "rate": "rate"},
    ),
)
ARCHIVED = re.compile(
    r"([A-Z0-9]+)-(bookTicker|trades|aggTrades|fundingRate|\d+(?:s|m|h|d|w|mo))-[\d-]+"
    r"\.(?:csv|csv\.gz|zip)"
)
OWN = re.compile(r"(spot|usdm)_([a-z0-9]+)_[A-Za-z0-9_-]+\.csv(?:\.gz)?")
NAMES = (
    "BTCUSDT-bookTicker-2024-01-31.zip (trades, aggTrades, 1m or fundingRate for bookTicker; csv, csv.gz or zip),"
    " spot_btcusdt_NAME.csv or usdm_btcusdt_NAME.csv (or csv.gz)"
)
_PERPETUAL_PARTS = frozenset({"futures", "um", "usdm"})


class NamedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of market data as its name tells it."""

    path: Path
    venue_symbol: str
    market: str  # spot, usdm, or empty where the name does not say
    sign: str

    def symbol(self, traded: frozenset[str]) -> str:
        """Return the unified symbol; raise `DataRefused` where it may be spot or perpetual."""
        markets = (self.market,) if self.market else ("spot", "usdm")
        found = [
            RecordedFile(path=self.path, market=market, venue_symbol=self.venue_symbol).symbol
            for market in markets
        ]
        if len(found) > 1:
            found = [symbol for symbol in found if symbol in traded] or found
        if len(found) > 1:
            raise DataRefused(
                f"{self.path}: {self.venue_symbol} may be {found[0]} or {found[1]};"
                " put it into a folder named spot or um"
            )
        return found[0]


def named(path: Path) -> NamedFile | None:
    """Return what a file's name tells, or None where it is no name of market data."""
    if (match := OWN.fullmatch(path.name)) is not None:
        return NamedFile(path=path, venue_symbol=match[2].upper(), market=match[1], sign="")
    match = ARCHIVED.fullmatch(path.name)
    if match is None:
        return None
    parts = set(path.absolute().parts)
    of_perpetuals = not parts.isdisjoint(_PERPETUAL_PARTS) or match[2] in (
        "bookTicker",
        "fundingRate",
    )
    market = "usdm" if of_perpetuals else "spot" if "spot" in parts else ""
    sign = "kline" if match[2][0].isdigit() else match[2]
    return NamedFile(path=path, venue_symbol=match[1], market=market, sign=sign)


def layout_of(file: NamedFile, first_line: str) -> tuple[Layout, tuple[str, ...], bool]:
    """Return the layout of a file, its columns in order and whether its first line is a head; raise `DataRefused`."""
    words = tuple(word.strip().strip('"') for word in first_line.split(","))
    if words[0] and not words[0][0].isdigit():
        for layout in LAYOUTS:
            if set(layout.fields.values()) <= set(words):
                return layout, words, True
        raise DataRefused(
            f"{file.path} line 1: columns {', '.join(words)} are of no known kind; expected one of "
            + "; ".join(f"{layout.name}: {','.join(layout.columns)}" for layout in LAYOUTS)
        )
    for layout in LAYOUTS:
        if layout.sign and layout.sign == file.sign:
            # What is optional at the end of a line is left out by some years of the archive.
            return layout, layout.columns[: len(words)], False
    raise DataRefused(f"{file.path} line 1: no head that names the columns; add one")
