"""`opensqt portfolio`: which pairs of a venue are worth carrying, how much of each, and what to change.

`scan` reads the venue, `plan` proposes and changes nothing, `apply` does what `plan` proposes, by the way of
`opensqt strategies`.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from rich.console import Console
from rich.table import Table

from opensqt.cli.portfolio_apply import Applying, apply, changes_of
from opensqt.cli.portfolio_desk import (
    AccountHealth,
    PortfolioDesk,
    health,
    plan,
    portfolio_desk,
    scan,
)
from opensqt.cli.progress import ProgressLines
from opensqt.cli.strategy_change import WAIT_S, AskedChange, register, remove
from opensqt.desk.error import GOOD, JUDGED_FALSE, CliError
from opensqt.desk.timestamps import rfc3339
from opensqt.domain.clean_text import cleaned
from opensqt.portfolio.plan import PortfolioPlan
from opensqt.portfolio.scan import Scan
from opensqt.portfolio.universe import Candidate
from opensqt.runtime.clock import RunClock

SCAN, PLAN, APPLY = "scan", "plan", "apply"
LEFT_OUT_SHOWN = 10
WIDTH_MIN = 150  # of the table: what is not told is read to its end, or not at all
PERCENT = Decimal(100)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `portfolio`."""
    parser.add_argument(
        "action",
        choices=(SCAN, PLAN, APPLY),
        help=f"{SCAN}: rank the pairs; {PLAN}: propose changes, make none; {APPLY}: make them",
    )
    parser.add_argument("--account", default="", help="whose carries (default: the only account)")
    parser.add_argument("--all", action="store_true", help="name every pair that is left out")
    parser.add_argument("--reason", default="", help="why, for the record (needed by apply)")
    parser.add_argument(
        "--wait", type=float, default=WAIT_S, help=f"wall seconds for each change ({WAIT_S:.0f})"
    )


def run(args: argparse.Namespace) -> int:
    """Scan, propose or change; return 0, 1 where a change was skipped or not done in time. Raises `CliError`."""
    if args.action == APPLY and not cleaned(args.reason):
        raise CliError('expected `opensqt portfolio apply --reason "WHY"`')
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    desk = await portfolio_desk(args.data, args.account)
    progress = ProgressLines(as_json=False, out=sys.stderr)
    found = await scan(desk, progress.say)
    _show_scan(args, desk, found)
    if args.action == SCAN:
        return GOOD
    worth = health(desk)
    wanted = plan(desk, found, worth)
    _show_plan(args, desk, found, wanted, worth)
    if args.action == PLAN or not wanted.actions:
        return GOOD
    asked = AskedChange(
        data=desk.data,
        reason=cleaned(args.reason),
        wait_s=args.wait,
        say=partial(_say, as_json=args.json),
    )
    applying = Applying(
        terms=desk.config.portfolio.rebalance,
        clock=RunClock(),
        health=partial(_health, desk),
        say=asked.say,
        register=partial(register, asked),
        remove=partial(remove, asked),
    )
    skipped = await apply(applying, changes_of(desk, found, wanted))
    return JUDGED_FALSE if skipped else GOOD


def _health(desk: PortfolioDesk) -> Decimal | None:
    """Return the margin health of the account; unknown while nobody answers, as when the gateway begins anew."""
    try:
        return health(desk).health_score
    except CliError:
        return None


def _say(names: tuple[str, ...], text: str, done: bool, *, as_json: bool) -> None:
    line = {"type": "change", "strategies": names, "done": done, "text": text}
    print(json.dumps(line) if as_json else f"{', '.join(names)}: {text}", flush=True)


def _show_scan(args: argparse.Namespace, desk: PortfolioDesk, found: Scan) -> None:
    if args.json:
        for line in _scan_lines(desk, found):
            print(json.dumps(line))
        return
    title = f"{found.venue}: pairs worth carrying: {len(found.ranking)}"
    table = Table(box=None, title=title, title_justify="left")
    for name in (
        "",
        "perpetual",
        "score",
        "now a year",
        "mean 7 d",
        "risk",
        "maturity",
        "not told",
    ):
        words = name in ("perpetual", "not told")
        table.add_column(name, justify="left" if words else "right", no_wrap=True)
    for place, one in enumerate(found.ranking, start=1):
        table.add_row(
            str(place),
            one.pair.short.leg.symbol,
            f"{one.score.value:.4f}",
            _percent(one.pair.apr),
            _percent(one.metrics.sma_7d),
            f"{one.score.risk:.3f}",
            f"{one.score.maturity:.2f}",
            ", ".join(one.unknown),
        )
    console = Console(highlight=False, soft_wrap=True)
    if found.ranking:
        console.print(table, width=max(console.width, WIDTH_MIN))
    else:
        console.print(_nothing(found), markup=False)
    shown = found.left_out if args.all else found.left_out[:LEFT_OUT_SHOWN]
    for out in shown:
        console.print(f"left out  {_perp(out.pair)}: {out.why}", markup=False)
    if len(shown) < len(found.left_out):
        print(f"left out  {len(found.left_out) - len(shown)} more: --all names them")


def _scan_lines(desk: PortfolioDesk, found: Scan) -> Iterator[dict[str, Any]]:
    for place, one in enumerate(found.ranking, start=1):
        yield {"type": "ranked", "place": place, **_figures(one)}
    for out in found.left_out:
        yield {"type": "left_out", "pair": out.pair, "why": out.why}
    yield {
        "type": SCAN,
        "venue": found.venue,
        "account": desk.account,
        "time": rfc3339(found.scanned_at_ms),
        "ranked": len(found.ranking),
        "left_out": len(found.left_out),
    }


def _figures(one: Candidate) -> dict[str, Any]:
    score = one.score
    return {
        "pair": one.pair.key,
        "score": f"{score.value:.8f}",
        "apr": f"{one.pair.apr:.6f}",
        "interval_hours": one.pair.short.interval_hours,
        "basis": f"{one.pair.basis:.6f}",
        "yield": f"{score.yielded:.6f}",
        "risk": f"{score.risk:.6f}",
        "maturity": f"{score.maturity:.6f}",
        "unknown": one.unknown,
    }


def _show_plan(
    args: argparse.Namespace,
    desk: PortfolioDesk,
    found: Scan,
    wanted: PortfolioPlan,
    worth: AccountHealth,
) -> None:
    changes = changes_of(desk, found, wanted)
    if args.json:
        for target in wanted.targets:
            line = {"pair": target.pair, "weight": f"{target.weight:f}"}
            print(
                json.dumps(
                    {"type": "target", **line, "notional_quote": f"{target.notional_quote:f}"}
                )
            )
        for one in changes:
            print(json.dumps({"type": "action", **one.figures()}))
        told = {"equity": worth.adjusted_equity, "health": worth.health_score}
        figures = {name: None if one is None else str(one) for name, one in told.items()}
        print(
            json.dumps({"type": PLAN, "account": desk.account, "actions": len(changes)} | figures)
        )
        return
    known = "unknown" if worth.health_score is None else f"{worth.health_score:f}"
    print(
        f"\n{desk.account} is worth {worth.adjusted_equity:.2f} {worth.currency}, margin health {known}"
    )
    for one in changes:
        print(
            f"{one.kind:<9} {one.strategy:<22} {one.before_quote:>12.2f} -> {one.after_quote:.2f}  {one.why}"
        )
    if not changes:
        print("nothing to change: what is carried is what should be")


def _nothing(found: Scan) -> str:
    """Say why no pair is ranked, and what to do about it."""
    if not found.left_out:
        return (
            f"{found.venue} lists no spot market together with its perpetual, so that nothing can be"
            " carried there: name another account with --account"
        )
    return (
        f"{found.venue}: none of {len(found.left_out)} pairs is worth carrying now, for the reasons"
        " below: scan again later, or lower what [portfolio.universe] asks for"
    )


def _percent(share: Decimal) -> str:
    return f"{share * PERCENT:.2f} %"


def _perp(key: str) -> str:
    """Return the perpetual of a pair, which names it to people."""
    return key.partition(" ")[2].partition(":")[2]
