"""The promise of an order, counted over the venue's audit and the journal. Shares no fold with the services."""

from collections import Counter, defaultdict

from opensqt.cli.verify_evidence import Check, JudgedEvidence
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    Expired,
    Fill,
    IntentPlaced,
    NeverPlaced,
    Rejected,
    Submitting,
)

PLACE, ACCEPTED = "place", "accepted"
SHOWN_MAX = 3


def one_order_per_intent(evidence: JudgedEvidence) -> Check:
    """At most one accepted venue order a client id and an intent; exactly one unless its end has a reason."""
    accepted = _accepted(evidence)
    attempts: defaultdict[str, list[str]] = defaultdict(list)
    ended: set[str] = set()
    denied: set[str] = set()
    fresh: set[str] = set()
    for event in evidence.events:
        message = event.message
        if isinstance(message, IntentPlaced):
            attempts[message.ref.intent_id].append(message.ref.client_order_id)
            if evidence.is_pending(message.time_ms):
                fresh.add(message.ref.intent_id)
        elif isinstance(message, Rejected | NeverPlaced):
            denied.add(message.ref.client_order_id)
            ended.add(message.ref.client_order_id)
        elif isinstance(message, Canceled | Expired):
            ended.add(message.ref.client_order_id)
    wrong = [f"{name}: {count} orders" for name, count in accepted.items() if count > 1]
    wrong += [f"{name}: denied, yet accepted" for name in sorted(denied & accepted.keys())]
    for intent, names in attempts.items():
        count = sum(accepted[name] for name in names)
        if count > 1:
            wrong.append(f"intent {intent}: {count} orders")
        elif count == 0 and intent not in fresh and not ended.issuperset(names):
            wrong.append(f"intent {intent}: neither order nor reason")
    return Check(
        check="one_order_per_intent",
        holds=not wrong,
        figure=f"{len(attempts)} intents, {sum(accepted.values())} venue orders",
        detail=told(wrong) or _unaudited(evidence),
    )


def no_order_without_intent(evidence: JudgedEvidence) -> Check:
    """Every place that reached the venue was committed as Submitting before."""
    submitted: dict[str, int] = {}
    for event in evidence.events:
        if isinstance(event.message, Submitting):
            submitted.setdefault(event.message.ref.client_order_id, event.message.time_ms)
    wrong: list[str] = []
    places = [one for one in evidence.audit or () if one.row.kind.value == PLACE]
    for one in places:
        name = one.row.client_order_id
        time_ms = submitted.get(name)
        if time_ms is None:
            wrong.append(f"{name or one.row.venue_order_id}: the journal does not know it")
        elif time_ms > one.time_ms:
            wrong.append(f"{name}: journalled {time_ms - one.time_ms} ms after it was placed")
    return Check(
        check="no_order_without_intent",
        holds=not wrong,
        figure=f"{len(places)} requests at the venue",
        detail=told(wrong) or _unaudited(evidence),
    )


def nothing_unresolved(evidence: JudgedEvidence, parked: int) -> Check:
    """Every request has an outcome, and every trade an owner."""
    asked: dict[str, int] = {}
    known: set[str] = set()
    for event in evidence.events:
        message = event.message
        if isinstance(message, Submitting):
            asked[message.ref.client_order_id] = message.time_ms
        elif isinstance(message, Accepted | Rejected | Canceled | Expired | NeverPlaced | Fill):
            known.add(message.ref.client_order_id)
    wrong = [
        f"{name}: nobody knows whether it was placed"
        for name, time_ms in asked.items()
        if name not in known and not evidence.is_pending(time_ms)
    ]
    wrong += [f"{parked} trades without an owner"] if parked else []
    return Check(
        check="nothing_unresolved",
        holds=not wrong,
        figure=f"{len(asked)} requests",
        detail=told(wrong),
    )


def told(wrong: list[str]) -> str:
    """Return the first few of many in one line."""
    more = f" and {len(wrong) - SHOWN_MAX} more" if len(wrong) > SHOWN_MAX else ""
    return "; ".join(wrong[:SHOWN_MAX]) + more


def _accepted(evidence: JudgedEvidence) -> Counter[str]:
    if evidence.audit is None:
        return Counter(
            {
                event.message.ref.client_order_id: 1
                for event in evidence.events
                if isinstance(event.message, Accepted)
            }
        )
    return Counter(
        one.row.client_order_id
        for one in evidence.audit
        if one.row.kind.value == PLACE and one.row.result == ACCEPTED
    )


def _unaudited(evidence: JudgedEvidence) -> str:
    return "" if evidence.audit is not None else "no audit: judged by the journal alone"
