"""`opensqt why`: why an order is there and what became of it, step by step. Reads the journal; changes nothing."""

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from opensqt.cli import table
from opensqt.cli.reading import Source, fetch, read
from opensqt.desk.error import GOOD, CliError
from opensqt.desk.timestamps import rfc3339
from opensqt.domain.clean_text import cleaned
from opensqt.domain.control import hand_stream
from opensqt.domain.order_events import CancelRequested
from opensqt.domain.order_story import StoryFact, StoryStage, StoryStep, story
from opensqt.runtime.codec import decode_event
from opensqt.runtime.telemetry.provider import trace_id

# What a person at a terminal needs of a verdict; --json tells every figure.
FIGURES_SHOWN = frozenset(
    {
        *("limit", "detail", "feed", "bid", "ask", "tick_ms", "net", "own", "orders_open"),
        *("order_notional_quote_max", "position_notional_quote_max", "reducing"),
    }
)
_ORDERS = (
    "SELECT client_order_id, intent_id FROM view.orders"
    " WHERE client_order_id = $1 OR venue_order_id = $1 OR intent_id = $1 ORDER BY attempt"
)
_ROWS = (
    "SELECT position, event_id, causation_id, actor, traceparent, occurred_at_ms, recorded_at_ms, data"
    " FROM journal WHERE stream = ANY($1) ORDER BY position"
)
_MS = re.compile(r"_ms$")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `why`."""
    parser.add_argument("order", help="an order: our id, the venue's id, or the id of its intent")


def run(args: argparse.Namespace) -> int:
    """Tell the story of one order; raise `CliError` where nobody knows it."""

    async def facts(source: Source) -> list[StoryFact]:
        return await _facts(source, args.order)

    found = read(args.data, facts)
    steps = story(found)
    trace = next((trace_id(fact.traceparent) for fact in found if fact.traceparent), "")
    if args.json:
        for step in steps:
            print(json.dumps(_line(step)))
        print(json.dumps({"type": "why", "trace_id": trace}))
        return GOOD
    _print(args.order, trace, steps)
    return GOOD


async def _facts(source: Source, order: str) -> list[StoryFact]:
    """Return what the journal holds of the order, of its intent, and of the wishes to cancel it."""
    known = await fetch(source, _ORDERS, order)
    intents = {row["intent_id"] for row in known} or {order}
    if len(intents) > 1:
        names = ", ".join(sorted(row["client_order_id"] for row in known))
        raise CliError(
            f"order {cleaned(order)}: several orders have this venue id; name one of {names}"
        )
    orders = [f"order/{row['client_order_id']}" for row in known]
    found = await _rows(source, [*_of_intents(intents), *orders])
    wishes = {
        fact.event.cancel_intent_id for fact in found if isinstance(fact.event, CancelRequested)
    }
    cancels = await _rows(source, _of_intents(wishes))
    if not found:
        raise CliError(
            f"order {cleaned(order)}: not in the journal; expected a client order id, a venue order id or an"
            " intent id, as `opensqt orders` and `opensqt events` show them"
        )
    return sorted([*found, *cancels], key=lambda fact: fact.position)


def _of_intents(intents: Iterable[str]) -> list[str]:
    return [name for one in intents for name in (hand_stream(one), f"intent/{one}")]


async def _rows(source: Source, streams: Sequence[str]) -> list[StoryFact]:
    return [_fact(row) for row in await fetch(source, _ROWS, streams)] if streams else []


def _fact(row: asyncpg.Record) -> StoryFact:
    return StoryFact(
        position=row["position"],
        event_id=row["event_id"],
        causation_id=row["causation_id"],
        actor=row["actor"],
        traceparent=row["traceparent"],
        occurred_ms=row["occurred_at_ms"],
        recorded_ms=row["recorded_at_ms"],
        event=decode_event(row["data"]),
    )


def _line(step: StoryStep) -> dict[str, Any]:
    return {
        "step": step.stage.value,
        "time": rfc3339(step.time_ms),
        "position": step.position,
        "after_ms": step.after_ms,
        "detail": {
            "who": step.who,
            "what": step.what,
            "event_id": step.event_id,
            "causation_id": step.causation_id,
            **{name: table.plain(value) for name, value in step.told},
        },
    }


def _print(order: str, trace: str, steps: Sequence[StoryStep]) -> None:
    print(f"order {order}" + (f"  trace {trace}" if trace else ""))
    for step in steps:
        time = rfc3339(step.time_ms)[5:23].replace("T", " ")
        print(
            f"{time} {step.after_ms:>+8} ms  {step.who:<16} {step.what:<24} {_told(step)}".rstrip()
        )


def _told(step: StoryStep) -> str:
    is_verdict = step.stage is StoryStage.VERDICT
    shown = [(n, v) for n, v in step.told if v != "" and (not is_verdict or n in FIGURES_SHOWN)]
    words = [f"{_MS.sub('', name)}={_value(name, value)}" for name, value in shown]
    return " ".join(words)


def _value(name: str, value: object) -> str:
    if _MS.search(name) and str(value).isdigit():
        return rfc3339(int(str(value)))[11:23]
    return cleaned(table.plain(value))
