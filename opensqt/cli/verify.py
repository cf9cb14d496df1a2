"""`opensqt verify`: judge a desk by the venue's audit and its own journal. Reads; repairs nothing.

A running desk is judged up to a few seconds ago, and again until 10 s have passed: what is under way is no failure.
"""

import argparse
import asyncio
import json
import os
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import msgspec

from opensqt.cli.reading import Source, connect, opened
from opensqt.cli.verify_approvals import ApprovalJudge
from opensqt.cli.verify_books import StoredBooks, fold, projections_equal_fold, state_hash
from opensqt.cli.verify_evidence import (
    FILE as AUDIT,
)
from opensqt.cli.verify_evidence import (
    Check,
    JudgedEvent,
    JudgedEvidence,
    read_audit,
    read_events,
    read_projections,
)
from opensqt.cli.verify_money import fills_equal_position, ledger_identity
from opensqt.cli.verify_orders import (
    no_order_without_intent,
    nothing_unresolved,
    one_order_per_intent,
)
from opensqt.desk.error import GOOD, JUDGED_FALSE, NOT_RUNNING, CliError
from opensqt.runtime.approval_proof import ApprovalKeys
from opensqt.runtime.clock import NS_PER_MS, RunClock, open_clock
from opensqt.runtime.codec import Undecodable
from opensqt.runtime.environment import APPROVAL_KEYS_FOLDER
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.projection.store import Projections

PATIENCE_S = 10.0
PAUSE_S = 0.5
MARGIN_MS = 3000  # wall
EXECUTOR = "executor"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify`."""
    parser.add_argument(
        "--audit",
        type=Path,
        metavar="FILE",
        help="a copy of the paper venue's audit, where the desk is not on this machine",
    )


def run(args: argparse.Namespace) -> int:
    """Print a line for each check and the verdict; return 0, or 1 when it is false."""

    async def work() -> list[Check]:
        async with opened(args.place, project=False) as source:
            return await judged(source, args.audit)

    try:
        checks = asyncio.run(work())
    except (JournalDown, asyncpg.PostgresError, OSError) as error:
        raise CliError(f"the desk of {args.place} cannot be read: {error}", NOT_RUNNING) from error
    except Undecodable as error:
        raise CliError(f"the journal cannot be judged: {error}", JUDGED_FALSE) from error
    failed = [check.check for check in checks if not check.holds]
    if args.json:
        for check in checks:
            print(json.dumps(msgspec.to_builtins(check)))
        print(json.dumps({"type": "verdict", "holds": not failed, "failed": failed}))
    else:
        _show(checks, failed)
    return JUDGED_FALSE if failed else GOOD


async def judged(source: Source, audit: Path | None = None) -> list[Check]:
    """Judge a desk; a running one as often as 10 wall seconds allow, until everything holds.

    A copy of the venue's audit says what the venue did until it was made: later events are pending.
    """
    clock = open_clock(source.data)
    end_s = clock.monotonic_s() + PATIENCE_S
    copied_ms = _copied_ms(audit, clock) if audit is not None else None
    if audit is None and source.data is not None:
        audit = source.data / AUDIT
    bench = _Bench(audit, _approval_keys(source.data))
    async with AsyncExitStack() as stack:
        connection = await connect(source.dsn)
        stack.callback(connection.terminate)
        journal = await PostgresJournal.connect(source.dsn)
        stack.push_async_callback(journal.close)
        while True:
            margin_ms = int(MARGIN_MS * clock.speed)
            now_ms = clock.market_ms() if copied_ms is None else copied_ms
            until_ms = now_ms - margin_ms if source.running else None
            await bench.look(connection, Projections(journal.pool))
            checks = bench.judge(until_ms)
            if all(check.holds for check in checks):
                return checks
            if not source.running:
                return bench.judge_stopped(checks, margin_ms)
            if clock.monotonic_s() >= end_s:
                return checks
            await clock.sleep(PAUSE_S)


def _copied_ms(audit: Path, clock: RunClock) -> int:
    """Return the market time at which a copy of the audit was made; raise `CliError` where there is none."""
    try:
        copied_ms = audit.stat().st_mtime_ns // NS_PER_MS
    except OSError as error:
        raise CliError(f"--audit {audit} cannot be read: {error.strerror}") from error
    return clock.origin.market_ms(min(copied_ms, clock.wall_ms()))


class _Bench:
    """The evidence of one judgement; what was read once is not read again."""

    def __init__(self, audit: Path | None, keys: ApprovalKeys | None) -> None:
        self._file = audit
        self._audit = read_audit(audit)
        self._approvals = ApprovalJudge(keys)
        self._events: list[JudgedEvent] = []
        self._live: StoredBooks | None = None

    async def look(
        self, connection: "asyncpg.Connection[asyncpg.Record]", projections: Projections
    ) -> None:
        """Read audit, projections and journal, in this order: the journal is never behind the others."""
        self._audit = read_audit(self._file)
        position, tables = await read_projections(connection)
        snapshot = await projections.newest()
        self._live = StoredBooks(position=position, tables=tables, snapshot=snapshot)
        after = self._events[-1].position if self._events else 0
        self._events += await read_events(connection, after)

    def judge(self, until_ms: int | None) -> list[Check]:
        """Judge everything up to an instant of market time."""
        evidence = JudgedEvidence(audit=self._audit, events=tuple(self._events), until_ms=until_ms)
        live = self._live
        if live is None:
            raise RuntimeError("look first")
        folded = fold(self._events, live)
        return [
            one_order_per_intent(evidence),
            no_order_without_intent(evidence),
            fills_equal_position(evidence, folded.positions),
            ledger_identity(evidence),
            projections_equal_fold(live, folded),
            state_hash(live, folded),
            nothing_unresolved(evidence, folded.ownerless),
            self._approvals.approvals_proved(evidence),
        ]

    def judge_stopped(self, strict: list[Check], margin_ms: int) -> list[Check]:
        """Judge a stopped desk up to its executors' last word: what the venue did later nobody could record.

        What nobody knows the end of stays unresolved, however it came to be.
        """
        last_ms = max(
            (e.occurred_ms for e in self._events if e.actor.startswith(EXECUTOR)), default=0
        )
        lenient = {check.check: check for check in self.judge(last_ms - margin_ms)}
        own = ("projections_equal_fold", "state_hash", "nothing_unresolved")
        return [c if c.holds or c.check in own else lenient[c.check] for c in strict]


def _approval_keys(data: Path | None) -> ApprovalKeys | None:
    named = os.environ.get("OPENSQT_APPROVAL_KEYS")
    folder = Path(named) if named else data and data / APPROVAL_KEYS_FOLDER
    return ApprovalKeys(folder) if folder is not None else None


def _show(checks: list[Check], failed: list[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    figures = max(len(check.figure) for check in checks)
    for check in checks:
        style = "green" if check.holds else "bold red"
        line = Text()
        line.append(" ✓ " if check.holds else " ✗ ", style=style)
        line.append(f"{check.check:<24}", style="" if check.holds else style)
        line.append(f"{check.figure:<{figures}}  ", style="dim" if check.holds else "")
        line.append(check.detail, style="yellow" if check.holds else "red")
        line.rstrip()
        console.print(line)
    verdict = "holds" if not failed else f"FALSE: {', '.join(failed)}"
    console.print(Text(f" verdict: {verdict}", style="bold green" if not failed else "bold red"))
