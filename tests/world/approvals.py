"""What an approval of the gate must rest on, by its own record and what the judge of a World has seen."""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from opensqt.domain.intent import PlaceIntent
from opensqt.domain.verdict import RiskApproved, RiskRefused
from tests.support.approvals import KEY
from tests.world.halts import DESK, Feed, Halts
from tests.world.instruments import TICK_AGE_MS_MAX

HORIZON_MS = 2000  # as long as a verdict of a predecessor of the gate may be under way


class Seat(NamedTuple):
    """The newest gate: its epoch, since when, and the most that its clock ever was wrong by."""

    epoch: int
    since_ms: int
    off_ms_max: int


def ungrounded(
    fact: RiskApproved | RiskRefused, place: PlaceIntent, seat: Seat, halts: Halts, feed: Feed
) -> Iterator[tuple[str, str]]:
    """Yield what an approval does not rest on; (invariant, detail)."""
    if isinstance(fact, RiskApproved) and not _is_proved(fact):
        yield "approved by risk alone", f"{fact.intent_id}: {fact.proof}"
    seen, wanted = fact.basis, place.basis
    if seen.generation != wanted.generation or seen.sequence < wanted.sequence:
        yield "judged on its basis", f"{fact.intent_id}: {wanted}, the gate saw {seen}"
    moment, grounds, concluded = fact.moment, fact.grounds, fact.conclusion
    if moment is None or grounds is None or concluded is None:
        yield "judged by what it names", f"{fact.intent_id} has no grounds"
        return
    opens = not concluded.reducing
    tick_ms = grounds.quote.tick_ms if grounds.quote is not None else 0
    if opens and moment.now_ms > tick_ms + TICK_AGE_MS_MAX:
        yield "priced on a fresh tick", f"{fact.intent_id}: {moment}, {grounds.quote}"
    early_ms = seat.since_ms + HORIZON_MS - fact.time_ms
    halt = halts.get(f"{place.venue}/{place.account}/{place.symbol}") or halts.get(DESK)
    if opens and halt is not None and feed.says(halt, seen):
        yield "nothing opens behind a halt", f"{fact.intent_id} of {place.symbol}"
    if halts.restored and not feed.looked(halts.look, seen):
        yield "only cancels until the venue is read", f"{fact.intent_id}, {moment}"
    if opens and fact.risk_epoch == seat.epoch and early_ms > seat.off_ms_max:
        yield "the gate's horizon waited out", f"{fact.intent_id}, {early_ms} ms early"


def _is_proved(approval: RiskApproved) -> bool:
    """Tell whether risk's key signed these very bytes: signing again gives the same signature."""
    return KEY.prove(msgspec.structs.replace(approval, proof=None)).proof == approval.proof
