"""What the terminal shows of a desk, drawn from plain values. Pure: it asks nobody and reads no clock.

The first lines answer the first questions: is it safe, am I making money, what is wrong, where is the page.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from opensqt.desk.spec import ProcessLine, ProcessState

Picture = Mapping[str, Any]

STRATEGY_SECTIONS = ("grids", "carries", "strategies")
QUIET = "bright_black"
MODE_STYLE = {
    "NORMAL": "bold green",
    "REDUCING": "bold yellow",
    "HALTED": "bold white on red",
    "KILLED": "bold white on red",
}
PROFILE_STYLE = {"PAPER": "bold black on yellow"}
LIVE_MONEY = "bold white on red"
TONES = {"bad": "red", "warn": "yellow", "good": "green"}
FIXED_ROWS = 20  # everything but fills; what is left of the height goes to them
FILLS_MIN, FILLS_MAX = 2, 12
TROUBLES_MAX = 4


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One moment of the desk: `picture` is the gateway's, empty while it does not answer."""

    profile: str
    desk: str
    market: str
    speed: str
    page: str
    market_ms: int
    processes: tuple[ProcessLine, ...] = ()
    picture: Picture = {}
    width: int = 80
    height: int = 24


def draw(frame: Frame) -> RenderableType:
    """Return the whole screen."""
    picture = frame.picture
    parts: list[RenderableType] = [_head(frame), _page(frame), _verdict(frame)]
    parts += _troubles(frame)
    parts += [_rule("prices and positions"), _symbols(picture)]
    parts += [_rule("strategies"), _strategies(picture)]
    parts += [_rule("processes"), _processes(frame.processes)]
    parts += [_rule("last fills"), _fills(picture, frame.height)]
    return Group(*parts)


def _rule(title: str) -> Rule:
    return Rule(Text(title, style=QUIET), style=QUIET, align="left", characters="─")


def _head(frame: Frame) -> RenderableType:
    line = Table.grid(expand=True)
    line.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    line.add_column(justify="right", no_wrap=True)
    left = Text.assemble(
        (f" {frame.profile} ", PROFILE_STYLE.get(frame.profile, LIVE_MONEY)),
        (f"  OpenSQT {frame.desk}", "bold"),
        (f"  {frame.market}", QUIET),
    )
    pace = "" if frame.speed == "1" else f" × {frame.speed}"
    line.add_row(left, Text(f"{_clock(frame.market_ms)} UTC{pace}"))
    return line


def _page(frame: Frame) -> Text:
    return Text.assemble(
        ("live page ", QUIET), (frame.page, "underline cyan"), ("   stop with Ctrl-C", QUIET)
    )


def _verdict(frame: Frame) -> Text:
    mode = frame.picture.get("mode") or {}
    name = str(mode.get("mode", "STARTING"))
    line = Text.assemble((f" {name} ", MODE_STYLE.get(name, "bold yellow")), "  ")
    sums = frame.picture.get("money") or ()
    if not sums:
        line.append("no trade yet", style=QUIET)
    for row in sums:
        line.append(f"{_money(row['pnl'])} {row['quote']} ", style=f"bold {_tone(row['pnl'])}")
        words = (("realised", "realized"), ("unrealised", "unrealized"), ("funding", "funding"))
        parts = [f"{word} {_money(row[key])}" for word, key in words]
        parts.insert(0, f"24 h {_money(row['day'])}")
        line.append(f" {', '.join(parts)}, fees {_number(row['fees'], 2)}", style=QUIET)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def _troubles(frame: Frame) -> list[RenderableType]:
    if not frame.picture:
        waits = [line.name for line in frame.processes if not line.ready]
        return [Text(f"waiting for {', '.join(waits) or 'the gateway'}", style="yellow")]
    found = frame.picture.get("troubles") or ()
    if not found:
        return [Text("nothing is wrong: everything answers, prices are fresh", style="green")]
    lines: list[RenderableType] = [
        # The cause stands at the end of the line: it is wrapped, not cut.
        Text(f"• {row['text']}", style=TONES.get(row["tone"], ""))
        for row in found[:TROUBLES_MAX]
    ]
    if len(found) > TROUBLES_MAX:
        lines.append(Text(f"  and {len(found) - TROUBLES_MAX} more", style=QUIET))
    return lines


def _symbols(picture: Picture) -> RenderableType:
    rows = picture.get("symbols") or ()
    if not rows:
        return Text("waiting for the first price", style=QUIET)
    held = {row["key"]: row for row in picture.get("positions") or ()}
    orders = picture.get("orders") or ()
    table = _table("symbol", "bid", "ask", "age", "orders", "position", "PnL")
    for row in rows:
        mine = [order for order in orders if order["key"] == row["key"]]
        buys = sum(order["side"] == "buy" for order in mine)
        age_ms = row["age_ms"]
        old = age_ms is None or age_ms > row["age_ms_max"]
        position = held.get(row["key"], {})
        step = row["tick_size"] or "0.01"
        table.add_row(
            Text(row["symbol"]),
            _number(row["bid"], _places(step)),
            _number(row["ask"], _places(step)),
            Text(
                "–" if age_ms is None else f"{age_ms / 1000:.1f} s", style="red" if old else "green"
            ),
            Text.assemble((f"{buys}b ", "green"), (f"{len(mine) - buys}s", "red")),
            _number(position.get("quantity", "0"), 8, trim=True),
            Text(_money(position.get("pnl", "0")), style=_tone(position.get("pnl", "0"))),
        )
    return table


def _strategies(picture: Picture) -> RenderableType:
    rows = [row for section in STRATEGY_SECTIONS for row in picture.get(section) or ()]
    if not rows:
        return Text("none heard of yet", style=QUIET)
    lines = []
    for row in rows:
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{row['strategy']:<14}")
        result = f", net {_money(row['net'])} {row['quote']}".rstrip()
        if not row["trading"]:
            line.append(f"not trading: {row['reason'] or 'unknown'}", style="yellow")
        elif "slots" in row:
            working = sum(slot["state"] == "working" for slot in row["slots"])
            line.append("trading", style="green")
            line.append(f"  {working} levels at work{result}", style=QUIET)
        elif "working" in row:
            line.append("trading", style="green")
            line.append(f"  {row['working']} orders at work{result}  {row['note']}", style=QUIET)
        else:
            line.append("watching", style="green")
            line.append(f"  {row['step'] or 'flat'} {row['detail']}".rstrip(), style=QUIET)
            line.append(result, style=QUIET)
        lines.append(line)
    return Group(*lines)


def _fills(picture: Picture, height: int) -> RenderableType:
    rows = picture.get("fills") or ()
    if not rows:
        return Text("no fill yet", style=QUIET)
    table = _table("time", "symbol", "", "price", "quantity", "for")
    for row in rows[: max(FILLS_MIN, min(FILLS_MAX, height - FIXED_ROWS))]:
        table.add_row(
            _clock(row["time_ms"]),
            row["symbol"],
            Text(row["side"], style="green" if row["side"] == "buy" else "red"),
            row["price"],
            row["quantity"],
            Text(row["strategy"] or "unknown", style=QUIET),
        )
    return table


def _processes(lines: Sequence[ProcessLine]) -> RenderableType:
    cells = []
    for line in lines:
        if line.state is ProcessState.DONE:
            continue
        cell = Text("● ", style="green" if line.ready else "red", no_wrap=True)
        cell.append(line.name, style="default")
        if line.restarts:
            cell.append(f" ↻{line.restarts}", style="yellow")
        if not line.ready:
            cell.append(f" {line.state} {line.why}".rstrip()[:40], style="red")
        cells.append(cell)
    return Columns(cells, padding=(0, 2), equal=True)


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style=QUIET, expand=False)
    left = {"symbol", "time", "", "for"}
    for name in names:
        table.add_column(name, justify="left" if name in left else "right", no_wrap=True)
    return table


def _clock(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%H:%M:%S")


def _places(step: str) -> int:
    return len(step.partition(".")[2])


def _number(text: object, places: int, *, trim: bool = False) -> str:
    """Return a decimal with thousands marked; a dash for what is not known."""
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return "–"
    shown = f"{number:,.{places}f}"
    return shown.rstrip("0").rstrip(".") if trim and "." in shown else shown


def _money(text: object) -> str:
    shown = _number(text, 2)
    return shown if shown.startswith("-") or shown in ("–", "0.00") else f"+{shown}"


def _tone(text: object) -> str:
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return "default"
    return "green" if number > 0 else "red" if number < 0 else "default"
