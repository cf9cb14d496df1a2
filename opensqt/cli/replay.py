"""`opensqt replay`: decide every recorded intent again from the archived feed, and say where record and code differ.

Reads; changes nothing. It judges itself too: what would not notice a changed digit proves nothing.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import msgspec

from opensqt.cli.instant import Instant, instant_of
from opensqt.cli.reading import Source, opened
from opensqt.desk.error import GOOD, JUDGED_FALSE, NOT_RUNNING, CliError
from opensqt.desk.timestamps import rfc3339
from opensqt.replay.controls import Control, controls
from opensqt.replay.judging import Difference
from opensqt.replay.record import Record, read_record
from opensqt.replay.replaying import Archives, Replay, ReplayedRun, ReplayWindow
from opensqt.replay.report import ReplayOutcome, pins
from opensqt.runtime.archive import FOLDER, INTENTS_FOLDER
from opensqt.runtime.archive_reader import ArchiveReader
from opensqt.runtime.codec import Undecodable
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.strategy.registry import UnknownKind

HASH_SHOWN = 12


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `replay`."""
    parser.add_argument("--strategy", default="", help="only this strategy")
    parser.add_argument(
        "--from", dest="begin", default="", help="journal position or RFC 3339 time"
    )
    parser.add_argument("--to", dest="end", default="", help="journal position or RFC 3339 time")


def run(args: argparse.Namespace) -> int:
    """Print a line for each span and the verdict; return 0, or 1 when it does not hold."""
    window = window_of(args.strategy, instant_of(args.begin), instant_of(args.end))

    async def work() -> ReplayOutcome:
        async with opened(args.data.absolute(), project=False) as source:
            return await _replay(source, window, as_json=args.json)

    try:
        outcome = asyncio.run(work())
    except (JournalDown, asyncpg.PostgresError, OSError) as error:
        raise CliError(f"the desk of {args.data} cannot be read: {error}", NOT_RUNNING) from error
    except (Undecodable, UnknownKind, msgspec.ValidationError) as error:
        raise CliError(f"the record cannot be decided again: {error}", JUDGED_FALSE) from error
    return GOOD if outcome.holds else JUDGED_FALSE


def window_of(strategy: str, begin: Instant, end: Instant) -> ReplayWindow:
    """Return what is asked for between two instants, each a journal position, a market time or left open."""
    given = {
        "first_position": begin.position,
        "first_ms": begin.time_ms,
        "last_position": end.position,
        "last_ms": end.time_ms,
    }
    return ReplayWindow(
        strategy=strategy, **{name: one for name, one in given.items() if one is not None}
    )


async def _replay(source: Source, window: ReplayWindow, *, as_json: bool) -> ReplayOutcome:
    journal = await PostgresJournal.connect(source.dsn)
    try:
        replay, record = await recorded(source, journal)
        spans: list[ReplayedRun] = []
        async for span in replay.spans(window, _tell):
            spans.append(span)
            print(json.dumps(_span(span)) if as_json else _span_words(span), flush=True)
        _tell("controls: one digit changed, one message left out")
        outcome = ReplayOutcome(
            spans=tuple(spans),
            unplaced=sum(map(window.holds, record.unplaced)),
            controls=await controls(replay, record, window, replay.folder),
        )
    finally:
        await journal.close()
    _show(outcome, as_json=as_json)
    return outcome


async def recorded(source: Source, journal: PostgresJournal) -> tuple[Replay, Record]:
    """Return what a folder holds of its decisions, ready to be made again."""
    intents = ArchiveReader(source.folder / INTENTS_FOLDER)
    archives = Archives(ArchiveReader(source.folder / FOLDER), intents)
    record = await read_record(journal, intents)
    return Replay(journal, archives, record, strategies_folder(source)), record


def strategies_folder(source: Source) -> Path:
    """Return where the strategies of a desk's own lie: beside its configuration."""
    return Path(source.run.config).parent if source.run.config else source.folder


def _tell(text: str) -> None:
    sys.stderr.write(f"replay: {text}\n")


def _span(span: ReplayedRun) -> dict[str, object]:
    start, verdict = span.run.start, span.verdict
    return {
        "type": "span",
        "strategy": start.strategy,
        "run": start.run,
        "process": span.process,
        "feed_generation": span.run.basis.generation,
        "code_version": start.code_version,
        "config_hash": start.config_hash,
        "began": rfc3339(start.time_ms),
        "from_sequence": span.run.basis.sequence,
        "to_sequence": span.until,
        **{
            name: getattr(verdict, name)
            for name in verdict.__struct_fields__
            if name != "differences"
        },
        "differences": len(verdict.differences),
    }


def _span_words(span: ReplayedRun) -> str:
    start, verdict = span.run.start, span.verdict
    where = f"{start.strategy:<16} run {start.run:<3} {rfc3339(start.time_ms)[:19]}Z"
    told = f"{verdict.same} of {verdict.intents} intents the same"
    hashes = (verdict.recorded_sha256[:HASH_SHOWN], verdict.decided_sha256[:HASH_SHOWN])
    told += f", {hashes[0]} {'=' if hashes[0] == hashes[1] else '≠'} {hashes[1]}"
    more = {
        "nobody answered": verdict.unanswered,
        "unverifiable": verdict.unverifiable,
        "unrecorded": verdict.unrecorded,
        "DIFFERENCES": len(verdict.differences),
    }
    return ", ".join(
        [f"{where}  {told}", *(f"{count} {name}" for name, count in more.items() if count)]
    )


def _show(outcome: ReplayOutcome, *, as_json: bool) -> None:
    first = outcome.first
    if as_json:
        if first is not None:
            print(json.dumps({"type": "difference", **msgspec.to_builtins(first)}))
        for control in outcome.controls:
            print(json.dumps({"type": "control", **msgspec.to_builtins(control)}))
        print(json.dumps({"type": "replay", **outcome.line(), **pins()}))
        return
    if first is not None:
        print("\n".join(_difference_words(first)))
    for control in outcome.controls:
        print(_control_words(control))
    pinned = pins()
    print(
        f"code {pinned['code']}, lock {str(pinned['lock_sha256'])[:HASH_SHOWN]}, Python {pinned['python']}"
    )
    print(outcome.words)


def _control_words(control: Control) -> str:
    seen = "noticed" if control.differs else "NOT NOTICED"
    return f"control: {control.changed} ({control.strategy} run {control.run}): {seen}"


def _difference_words(found: Difference) -> list[str]:
    lines = [
        f"first difference, {found.kind}: {found.strategy} run {found.run}, FEED {found.sequence}: {found.what}"
    ]
    for name in found.fields:
        recorded, decided = (_value(side, name) for side in (found.recorded, found.decided))
        lines.append(f"  {name}: recorded {recorded}, decided again {decided}")
    if not found.fields:
        lines.append(f"  recorded: {json.dumps(found.recorded) if found.recorded else 'nothing'}")
        lines.append(
            f"  decided again: {json.dumps(found.decided) if found.decided else 'nothing'}"
        )
    for side, seen in (("recorded", found.recorded_after), ("decided again", found.decided_after)):
        if seen is not None:
            why = f" (not trading: {seen.reason})" if seen.reason else ""
            lines.append(
                f"  {side} after FEED {seen.sequence} {seen.subject} {json.dumps(seen.message)}{why}"
            )
    return lines


def _value(side: Mapping[str, object] | None, name: str) -> object:
    return None if side is None else side.get(name)
