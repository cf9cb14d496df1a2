"""Journals as they may come: facts of orders, corrections and switches, late, repeated and in any order."""

from decimal import Decimal

import msgspec
from hypothesis import strategies as st

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Accepted,
    CancelRequested,
    Expired,
    Fill,
    IntentPlaced,
    NeverPlaced,
    OrderEvent,
    OrderRef,
    Rejected,
    Unresolved,
)
from opensqt.domain.recon_events import Adjustment, Halted, OrderContradicted, Resumed
from opensqt.domain.scope import DESK
from opensqt.domain.trading_controls import REDUCING
from tests.ledgers import ACCOUNT, PERP, SPOT, VENUE, canceled, fill, opened, ref_of

PLACE = f"{VENUE}/{ACCOUNT}/{PERP}"
GRID, CARRY = ref_of(1), ref_of(2, SPOT, "carry")
ORDERS = (GRID, CARRY, ref_of(3), ref_of(4, PERP, "carry"))


def unnamed(trade: Fill, *, client_order_id: str = "") -> Fill:
    """Return a trade as a venue tells it that does not say whose it is."""
    ref = msgspec.structs.replace(
        trade.ref, strategy="", intent_id="", attempt=0, client_order_id=client_order_id
    )
    return msgspec.structs.replace(trade, ref=ref)


def story(number: int, ref: OrderRef) -> list[Event]:
    """Return all that can be told of an order, contradictions included."""
    plan, *sent = opened(ref)
    name = ref.client_order_id
    trades = [fill(ref, f"{number}{n}", quantity) for n, quantity in enumerate(("0.4", "0.5"))]
    return [
        msgspec.structs.replace(plan, slot="g-1" if number == 1 else "spot"),
        *sent,
        *trades,
        *(unnamed(trade) for trade in trades),
        *(unnamed(trade, client_order_id=name) for trade in trades),
        canceled(ref, "0.4"),
        CancelRequested(ref=ref, cancel_intent_id="c", reason="wish", time_ms=3),
        Unresolved(ref=ref, cause="timeout", fence_ms=9, evidence_hash="", time_ms=2),
        Rejected(ref=ref, code="1", reason="no", evidence_hash="", time_ms=3),
        NeverPlaced(ref=ref, proof="looked", evidence_hash="", time_ms=5),
        Expired(
            ref=ref,
            venue_order_id="v" + ref.intent_id,
            filled_quantity=Decimal("0.9"),
            reason="",
            evidence_hash="",
            time_ms=4,
        ),
    ]


def adjusted(number: int, strategy: str, quantity: str) -> Adjustment:
    """Return a correction of what an owner holds."""
    return Adjustment(
        venue=VENUE,
        account=ACCOUNT,
        symbol=PERP,
        strategy=strategy,
        quantity=Decimal(quantity),
        evidence_hash="",
        detail="",
        time_ms=number,
        takes_back="",
    )


def killed(time_ms: int, scope: str, kill_id: str = "") -> KillLatched:
    """Return a kill."""
    return KillLatched(scope=scope, reason="fire", actor="ann", time_ms=time_ms, kill_id=kill_id)


def released(time_ms: int, scope: str, *kill_ids: str) -> KillReleased:
    """Return the end of kills."""
    return KillReleased(
        scope=scope, reason="looked", actor="ann", time_ms=time_ms, kill_ids=kill_ids
    )


def halted(time_ms: int, scope: str) -> Halted:
    """Return a halt."""
    return Halted(scope=scope, mode=REDUCING, reason="drift", time_ms=time_ms)


CONTRADICTED = OrderContradicted(
    client_order_id=GRID.client_order_id,
    venue=VENUE,
    account=ACCOUNT,
    symbol=PERP,
    state="canceled",
    evidence="filled after its end",
    time_ms=12,
)
SCOPES = (DESK, "strategy/grid", PLACE)
SWITCHES: list[Event] = [
    CONTRADICTED,
    *(killed(at, scope) for at in (5, 10) for scope in SCOPES[:2]),
    *(killed(at, scope, f"{scope}{at}") for at in (6, 11) for scope in SCOPES[:2]),
    *(released(at, scope) for at in (7, 13) for scope in SCOPES[:2]),
    *(released(8, scope, f"{scope}6", f"{scope}11") for scope in SCOPES[:2]),
    *(halted(at, scope) for at in (4, 14) for scope in SCOPES),
    *(Resumed(scope=scope, reason="", actor="", time_ms=9) for scope in SCOPES),
]
EVIDENCE: list[Event] = [one for n, ref in enumerate(ORDERS, start=1) for one in story(n, ref)]
# What says whose a trade is.
OWNERSHIP: list[Event] = [
    one for one in EVIDENCE if isinstance(one, IntentPlaced | Accepted | Fill | Expired)
]
PLANNED: dict[str, Event] = {
    one.ref.client_order_id: one for one in EVIDENCE if isinstance(one, IntentPlaced)
}
PLANS = {"v" + ref.intent_id: ref.client_order_id for ref in ORDERS}
# Corrections are facts of their own: a journal holds each once.
CORRECTIONS: list[Event] = [
    adjusted(1, "grid", "-0.3"),
    adjusted(2, "", "0.2"),
    adjusted(3, "carry", "0.1"),
]


def planned_first(heard: list[Event]) -> list[Event]:
    """Return the journal as one is written: a plan is committed before anything is sent.

    A trade under its owner's name may come without its plan, as to a strategy that has forgotten a finished order.
    """
    written: dict[str, Event] = {}
    found: list[Event] = []
    for event in heard:
        name = PLANS.get(event.venue_order_id if isinstance(event, Fill) else "", "")
        if isinstance(event, OrderEvent):
            name = event.ref.client_order_id or name
        if isinstance(event, Fill) and event.ref.strategy:
            name = ""
        if name and name not in written:
            written[name] = PLANNED[name]
            found.append(PLANNED[name])
        found.append(event)
    return found


def journals(pool: list[Event]) -> st.SearchStrategy[list[Event]]:
    """Return journals: facts late, repeated and in any order, each correction at most once."""
    facts = st.lists(st.sampled_from(pool), max_size=60)
    corrections = st.lists(st.sampled_from(CORRECTIONS), unique=True, max_size=3)
    return st.tuples(facts, corrections).flatmap(lambda parts: st.permutations(parts[0] + parts[1]))
