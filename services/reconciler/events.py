"""The events a reconciler writes. Pure: identities are computed from the evidence, so the same cause is one event."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain import ids
from opensqt.domain.account import PositionStated, VenueSnapshot
from opensqt.domain.control import CONTROL_STREAM, KillReleased
from opensqt.domain.decimals import EXACT, canonical
from opensqt.domain.journal import NewEvent
from opensqt.domain.ledger import Key, Ledger
from opensqt.domain.order_events import Fill
from opensqt.domain.recon_events import Adjustment, Discrepancy, Halted, Resumed, reversed_by
from opensqt.domain.reconciliation import Finding, owner
from opensqt.domain.scope import Scope
from opensqt.domain.subjects import subject_of
from opensqt.domain.trading_controls import REDUCING
from services.reconciler.config import NAME
from services.reconciler.state import OpenAdjustment, StatedHolding

WHAT_NEXT = "look at the venue, then `opensqt resume`"
PERCENT = Decimal(100)
PERCENT_GRAIN = Decimal("0.01")


def discrepancy(snapshot: VenueSnapshot, finding: Finding, since: str) -> NewEvent:
    """Tell of a disagreement, once from the evidence `since` which it stands."""
    message = Discrepancy(
        **msgspec.structs.asdict(finding),
        venue=snapshot.venue,
        account=snapshot.account,
        evidence_hash=snapshot.evidence_hash,
        time_ms=snapshot.time_ms,
    )
    scope = (snapshot.venue, snapshot.account)
    return _event(message, _stream(scope), ("discrepancy", *scope, *finding.key, since))


def halted(snapshot: VenueSnapshot, place: Key, gap: Decimal, share: Decimal) -> NewEvent:
    """Stop openings in a symbol whose position differs by `gap` base units, a share of what is held."""
    venue, account, symbol = place
    scope = str(Scope(venue=venue, account=account, symbol=symbol))
    percent = EXACT.multiply(share, PERCENT).quantize(PERCENT_GRAIN)
    reason = f"position differs from the venue's by {canonical(gap)} ({percent} %)"
    message = Halted(scope=scope, mode=REDUCING, reason=reason, time_ms=snapshot.time_ms)
    return _event(message, _stream(place), ("halted", scope, snapshot.evidence_hash))


def adjustment(books: Ledger, snapshot: VenueSnapshot, place: Key, gap: Decimal) -> NewEvent:
    """Correct a position by signed base units that no trade explains, for whoever holds most of it."""
    venue, account, symbol = place
    message = Adjustment(
        venue=venue,
        account=account,
        symbol=symbol,
        strategy=owner(books, place),
        quantity=gap,
        evidence_hash=snapshot.evidence_hash,
        detail=f"no trade explains it up to {snapshot.time_ms}; two looks agree",
        time_ms=snapshot.time_ms,
        takes_back="",
    )
    cause = ("adjustment", *place, snapshot.evidence_hash, canonical(gap))
    return _event(message, _stream(place), cause)


def reversal(one: OpenAdjustment, fill: Fill) -> NewEvent:
    """Take an adjustment back because a trade of its window was found."""
    made = one.adjustment
    message = reversed_by(made, one.event_id, fill.trade_id)
    return _event(message, _stream((made.venue, made.account)), ("reversal", one.event_id))


def read_anew(halt: Halted, cause: str, version: int, now_ms: int) -> NewEvent:
    """Let a restored desk close what it holds: the venue was read anew. Only if no switch was thrown meanwhile."""
    reason = f"restored from a backup, and the venue was read anew: closes only; {WHAT_NEXT}"
    message = Halted(scope=halt.scope, mode=REDUCING, reason=reason, time_ms=now_ms)
    event = _event(message, CONTROL_STREAM, ("shown", halt.scope, cause))
    return msgspec.structs.replace(event, version=version)


def resumed(halts: Iterable[Halted], released: KillReleased, cause: str) -> Iterator[NewEvent]:
    """Tell of every halt that a person lifted by releasing the desk."""
    for halt in sorted(halts, key=lambda one: one.name):
        message = Resumed(
            scope=halt.scope,
            reason=released.reason,
            actor=released.actor,
            time_ms=released.time_ms,
            breaker=halt.breaker,
        )
        yield _event(message, CONTROL_STREAM, ("resumed", halt.name, cause))


def position_stated(books: Ledger, key: Key, said: StatedHolding, now_ms: int) -> NewEvent:
    """State what a strategy holds (strategy, venue, account, symbol)."""
    strategy, venue, account, symbol = key
    message = PositionStated(
        venue=venue,
        account=account,
        symbol=symbol,
        strategy=strategy,
        **msgspec.structs.asdict(said),
        fees=books.holdings[key].fees,
        journal_position=books.position,
        time_ms=now_ms,
    )
    stream = f"position/{venue}/{account}/{symbol}"
    return _event(message, stream, ("position_stated", *key, books.position))


def _stream(place: Key) -> str:
    return "recon/" + "/".join(place[:2])


def _event(message: Any, stream: str, cause: tuple[str | int, ...]) -> NewEvent:
    return NewEvent(
        event_id=ids.event_id(*cause),
        stream=stream,
        message=message,
        subject=subject_of(message),
        actor=NAME,
        occurred_at_ms=message.time_ms,
    )
