"""Rows for people and for scripts: aligned columns, JSON Lines or CSV. Changes no value but its form."""

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from opensqt.desk.timestamps import EPOCH, rfc3339
from opensqt.domain.decimals import canonical

MS = 1000
DIGITS_SHOWN = 8  # after the point, to people; scripts get them all


def plain(value: object) -> object:
    """Return a value as JSON holds it: decimals as canonical strings, times as RFC 3339 UTC."""
    match value:
        case Decimal():
            return canonical(value)
        case datetime():
            return rfc3339(round((value - EPOCH).total_seconds() * MS))
        case _:
            return value


def as_json(rows: Iterable[Mapping[str, object]]) -> None:
    """Print a line of JSON for each row."""
    for row in rows:
        print(json.dumps({name: plain(value) for name, value in row.items()}))


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Print rows as CSV with a head."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([plain(row[name]) for name in columns] for row in rows)


def as_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]], nothing: str) -> None:
    """Print a table for people; numbers to the right, times without their date where it is the same for all."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    found = list(rows)
    if not found:
        print(nothing)
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in columns:
        right = any(isinstance(row[name], Decimal | int) for row in found)
        table.add_column(name.replace("_", " "), justify="right" if right else "left", no_wrap=True)
    for row in found:
        table.add_row(*(Text(_short(row[name]), style=_style(name, row[name])) for name in columns))
    console = Console()
    if not console.is_terminal:
        console = Console(width=400)
    console.print(table)


def nothing(what: str, total: int) -> str:
    """Say that no row fits: because there is none at all, or because none is of this kind."""
    if total == 0:
        return f"no {what} yet"
    return f"no {what} of this kind; {total} in all"


def _short(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return str(plain(value))[5:23].replace("T", " ")
    if isinstance(value, Decimal) and value != round(value, DIGITS_SHOWN):
        return canonical(round(value, DIGITS_SHOWN))
    return str(plain(value))


def _style(name: str, value: object) -> str:
    if value == "buy" or (name.endswith("pnl") and isinstance(value, Decimal) and value > 0):
        return "green"
    if value == "sell" or (name.endswith("pnl") and isinstance(value, Decimal) and value < 0):
        return "red"
    return ""
