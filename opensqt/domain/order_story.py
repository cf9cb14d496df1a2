"""Why an order is there and what became of it, told from its facts alone. Pure.

A story is in the order of the journal. The decision is told from the verdict, which holds the intent whole; what risk
saw of the market and of the account stands in the verdict's figures.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.control import OrderedByHand
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.ledger_wallet import booked_in, flows_of
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    CancelRequested,
    Expired,
    Fill,
    IntentPlaced,
    NeverPlaced,
    Rejected,
    Submitting,
    Unresolved,
)
from opensqt.domain.recon_events import OrderContradicted
from opensqt.domain.verdict import IntentConflict, RiskApproved, RiskRefused

Told = tuple[tuple[str, object], ...]


class StoryStage(StrEnum):
    """The stages through which an order goes; several steps may belong to one."""

    TICK = "tick"  # the price that risk judged by
    DECISION = "decision"
    VERDICT = "verdict"
    SUBMIT = "submit"
    ACK = "ack"  # whatever the venue said or what was proved about it
    FILL = "fill"
    LEDGER = "ledger"


_Told = tuple[StoryStage, int, str, str, Told]  # stage, time, who, what, figures


class StoryFact(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the journal that belongs to an order: where it stands, who wrote it, when it happened."""

    position: int
    event_id: str
    causation_id: str
    actor: str
    traceparent: str
    occurred_ms: int
    recorded_ms: int
    event: Event


class StoryStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the story; `after_ms` is the time since the step before it (0 for the first)."""

    stage: StoryStage
    time_ms: int
    after_ms: int
    who: str
    what: str
    told: Told
    position: int  # of the journal row that tells it
    event_id: str
    causation_id: str


def story(facts: Iterable[StoryFact]) -> list[StoryStep]:
    """Tell the steps of one order, from the decision to the last that is known."""
    steps: list[StoryStep] = []
    for fact in facts:
        for stage, time_ms, who, what, told in _steps(fact):
            before_ms = steps[-1].time_ms if steps else time_ms
            steps.append(
                StoryStep(
                    stage=stage,
                    time_ms=time_ms,
                    after_ms=time_ms - before_ms,
                    who=who,
                    what=what,
                    told=told,
                    position=fact.position,
                    event_id=fact.event_id,
                    causation_id=fact.causation_id,
                )
            )
    return steps


def _steps(fact: StoryFact) -> Iterator[_Told]:
    event, now_ms = fact.event, fact.occurred_ms
    if isinstance(event, OrderedByHand):
        told: Told = (("asked", event.request),)
        yield StoryStage.DECISION, event.time_ms, event.actor, "ordered by hand", told
        return
    if isinstance(event, RiskApproved | RiskRefused):
        # The executor writes an approval down together with the order; who judged is risk.
        yield from _seen(event)
        yield from _decided(event.place or event.cancel)
        yield StoryStage.VERDICT, event.time_ms, "risk", *_judged(event)
        return
    what, told = _of_the_order(event)
    yield _STAGES.get(type(event), StoryStage.ACK), now_ms, fact.actor, what, told
    for line in _ledger_lines(event) if isinstance(event, Fill) else ():
        yield StoryStage.LEDGER, now_ms, fact.actor, "booked", line


def _seen(verdict: RiskApproved | RiskRefused) -> Iterator[_Told]:
    quote = verdict.grounds.quote if verdict.grounds is not None else None
    if quote is not None:
        prices: Told = (("bid", quote.bid), ("ask", quote.ask))
        yield StoryStage.TICK, quote.tick_ms, "market", "price", prices


def _decided(intent: PlaceIntent | CancelIntent | None) -> Iterator[_Told]:
    if intent is None:
        return
    seen = (("feed", f"{intent.basis.generation}/{intent.basis.sequence}"),)
    if isinstance(intent, CancelIntent):
        told: Told = (("reason", intent.reason), *seen)
        yield StoryStage.DECISION, intent.created_ms, intent.strategy, "wanted to cancel", told
        return
    order: Told = (
        ("reason", intent.reason),
        ("slot", intent.slot),
        ("side", intent.side.value),
        ("quantity", intent.quantity),
        ("price", intent.price),
        ("type", intent.type.value),
        ("time_in_force", intent.time_in_force.value),
        ("purpose", intent.purpose.value),
        ("valid_until_ms", intent.valid_until_ms),
    )
    yield StoryStage.DECISION, intent.created_ms, intent.strategy, "decided", (*order, *seen)


def _judged(verdict: RiskApproved | RiskRefused) -> tuple[str, Told]:
    seen: Told = (
        ("feed", f"{verdict.basis.generation}/{verdict.basis.sequence}"),
        ("configuration", verdict.config_version),
        ("risk_epoch", verdict.risk_epoch),
        *_figures(verdict.moment),
        *_figures(verdict.grounds),
        *_figures(verdict.conclusion),
    )
    if isinstance(verdict, RiskApproved):
        return "approved", seen
    return "refused", (("limit", verdict.reason), ("detail", verdict.detail), *seen)


def _figures(part: msgspec.Struct | None, before: str = "") -> Iterator[tuple[str, object]]:
    """Tell the figures of a verdict that are set; those of the instrument's filters as `rules.NAME`."""
    for field in msgspec.structs.fields(part) if part is not None else ():
        value = getattr(part, field.name)
        if isinstance(value, msgspec.Struct):
            yield from _figures(value, "rules." if field.name == "rules" else before)
        elif value is not None and value not in (field.default, ""):
            yield f"{before}{field.name}", value


_STAGES: dict[type, StoryStage] = {
    IntentPlaced: StoryStage.SUBMIT,
    Submitting: StoryStage.SUBMIT,
    CancelRequested: StoryStage.SUBMIT,
    Fill: StoryStage.FILL,
    IntentConflict: StoryStage.VERDICT,
}


def _of_the_order(event: Event) -> tuple[str, Told]:
    match event:
        case IntentPlaced(ref=ref):
            name = (("client_order_id", ref.client_order_id), ("attempt", ref.attempt))
            return "planned", (*name, ("reduce_only", event.reduce_only))
        case Submitting():
            return "about to send", (("deadline_ms", event.deadline_ms), ("epoch", event.epoch))
        case Accepted():
            return "the venue holds it", (("venue_order_id", event.venue_order_id),)
        case Rejected():
            return "the venue refused it", (("code", event.code), ("reason", event.reason))
        case Unresolved():
            return "in doubt", (("cause", event.cause), ("provable_after_ms", event.fence_ms))
        case CancelRequested():
            return "cancel asked for", (("reason", event.reason),)
        case Canceled():
            return "cancelled", (("filled", event.filled_quantity), ("reason", event.reason))
        case Expired():
            return "expired", (("filled", event.filled_quantity), ("reason", event.reason))
        case NeverPlaced():
            return "never at the venue", (("proof", event.proof),)
        case OrderContradicted():
            return "contradicted", (("evidence", event.evidence),)
        case IntentConflict():
            return "said again with other content", ()
        case Fill():
            return "traded", _trade(event)
        case _:
            return type(event).__name__, ()


def _trade(fill: Fill) -> Told:
    return (
        ("side", fill.side.value),
        ("quantity", fill.quantity),
        ("price", fill.price),
        ("liquidity", fill.liquidity.value),
        ("fee", fill.fee),
        ("fee_asset", fill.fee_asset),
        ("trade_id", fill.trade_id),
    )


def _ledger_lines(fill: Fill) -> Iterator[Told]:
    """Yield what the trade did to its wallet: one line for each kind of change of each asset."""
    wallet = booked_in(fill)
    for asset, flow in flows_of(fill):
        for kind in flow.__struct_fields__:
            amount: Decimal = getattr(flow, kind)
            if amount != 0:
                signed = -amount if kind == "fees" else amount
                yield ("wallet", wallet), ("asset", asset), ("kind", kind), ("amount", signed)
