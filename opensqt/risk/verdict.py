"""The verdict on one intent, pure: the same state, intent and time give the same verdict with the same inputs."""

from decimal import Decimal

import msgspec

from opensqt.domain.grounds import Conclusion, Grounds, Moment, Quote, StrategyLimits
from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent
from opensqt.domain.market import Tick
from opensqt.domain.verdict import IntentConflict, RiskApproved, RiskRefused, Verdict
from opensqt.risk import limits as predicates
from opensqt.risk.case import Case
from opensqt.risk.desk_figures import Terms, aggregate, funds
from opensqt.risk.rules import first_broken
from opensqt.risk.state import RiskState

Intent = PlaceIntent | CancelIntent


class VerdictContext(msgspec.Struct, frozen=True, kw_only=True):
    """Under which lease epoch, configuration and basis the gate judges, and from when on it may approve openings."""

    epoch: int
    config_version: str
    basis: Basis
    opens_from_ms: int  # market time; before it a verdict of our predecessor may still be under way
    rates: dict[str, Decimal] = {}  # what the configuration says that a unit of an asset is worth
    collateral_shares: dict[str, Decimal] = {}  # what a coin counts for behind perpetuals


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict, and whether it is an exit (cancel or reducing order) with a queue of its own.

    `repeated` says that the verdict was given before: it is published again, never judged again. A conflict is no
    verdict: the one that was given under its id stands.
    """

    verdict: Verdict | IntentConflict
    is_exit: bool
    repeated: bool = False


class RecordIncomplete(ValueError):
    """A verdict from before all that it was judged by was recorded; it can be read, but not judged again."""


def judge(
    state: RiskState,
    intent: Intent,
    limits: StrategyLimits,
    seat: VerdictContext,
    now_ms: int,
    *,
    basis_reached: bool = True,
) -> Judgement:
    """Give the one verdict on an intent at market time `now_ms`."""
    known = state.verdicts.get(intent.intent_id)
    if known is not None:
        return _known(known, intent, seat, now_ms)
    if isinstance(intent, CancelIntent):
        return _judge_cancel(intent, seat, now_ms)
    moment = _moment(state, intent, seat, now_ms, basis_reached=basis_reached)
    case = Case(intent=intent, moment=moment, grounds=_grounds(state, intent, limits, seat))
    code, detail = first_broken(case)
    if code:
        return Judgement(verdict=_refused(_approved(case, seat), code, detail), is_exit=False)
    return Judgement(verdict=_approved(case, seat), is_exit=case.reducing)


def judged_again(verdict: Verdict) -> tuple[str, str, bool]:
    """Judge a recorded verdict from its record alone; return reason, detail and the reduce-only flag.

    Raise `RecordIncomplete` where the record does not hold what decides.
    """
    moment, intent = verdict.moment, verdict.place or verdict.cancel
    if moment is None or intent is None:
        raise RecordIncomplete(f"the verdict on {verdict.intent_id} does not say when it was given")
    if isinstance(intent, CancelIntent):
        return *_cancel_broken(intent, moment), False
    if verdict.grounds is None:
        raise RecordIncomplete(f"the verdict on {verdict.intent_id} has no grounds")
    case = Case(intent=intent, moment=moment, grounds=verdict.grounds)
    code, detail = first_broken(case)
    return code, detail, not code and case.reduce_only


def blocked(approval: RiskApproved, seat: VerdictContext, now_ms: int, cause: str) -> RiskRefused:
    """Refuse what was approved, but its command could not be queued: back-pressure."""
    moment = approval.moment
    if moment is None:
        raise RecordIncomplete(f"approval {approval.intent_id} does not say when it was given")
    seen = msgspec.structs.replace(
        approval,
        moment=msgspec.structs.replace(moment, queue=cause),
        risk_epoch=seat.epoch,
        basis=seat.basis,
        config_version=seat.config_version,
        time_ms=now_ms,
    )
    return _refused(seen, "queue_full", cause)


def _cancel_broken(intent: CancelIntent, moment: Moment) -> tuple[str, str]:
    if lapsed := predicates.lapsed(intent, moment):
        return "expired", lapsed
    return ("queue_full", moment.queue) if moment.queue else ("", "")


def _moment(
    state: RiskState, intent: PlaceIntent, seat: VerdictContext, now_ms: int, *, basis_reached: bool
) -> Moment:
    latch = state.switches.kill(intent.strategy)
    halt = state.switches.halt(intent.venue, intent.account, (intent.symbol,), intent.strategy)
    return Moment(
        now_ms=now_ms,
        opens_from_ms=seat.opens_from_ms,
        kill=f"kill by {latch.actor}: {latch.reason}" if latch is not None else "",
        halt_mode=halt.mode if halt is not None else "",
        halt_reason=halt.reason if halt is not None else "",
        breaker=halt.breaker if halt is not None else "",
        basis_reached=basis_reached,
    )


def _grounds(
    state: RiskState, intent: PlaceIntent, limits: StrategyLimits, seat: VerdictContext
) -> Grounds:
    key = (intent.venue, intent.symbol)
    tick = state.prices.ticks.get(key)
    terms = Terms(
        currency=limits.currency, rates=seat.rates, collateral_shares=seat.collateral_shares
    )
    return Grounds(
        limits=limits,
        exposure=state.exposure(intent),
        rules=state.rules.get(key),
        quote=_quote(tick) if tick is not None else None,
        worth=state.prices.worth(*key, limits.currency),
        aggregate=aggregate(state, intent, terms),
        funds=funds(state, intent, terms),
    )


def _quote(tick: Tick) -> Quote:
    return Quote(bid=tick.bid_price, ask=tick.ask_price, tick_ms=tick.time_ms)


def _judge_cancel(intent: CancelIntent, seat: VerdictContext, now_ms: int) -> Judgement:
    """Approve a cancel whatever the gate has seen: it takes risk away. Only its time may be over."""
    moment = Moment(now_ms=now_ms)
    approval = RiskApproved(
        intent_id=intent.intent_id,
        cancel=intent,
        reduce_only=False,
        risk_epoch=seat.epoch,
        basis=seat.basis,
        config_version=seat.config_version,
        time_ms=now_ms,
        moment=moment,
    )
    code, detail = _cancel_broken(intent, moment)
    if code:
        return Judgement(verdict=_refused(approval, code, detail), is_exit=False)
    return Judgement(verdict=approval, is_exit=True)


def _known(known: Verdict, intent: Intent, seat: VerdictContext, now_ms: int) -> Judgement:
    judged = known.place or known.cancel
    if judged is not None and same_wish(judged, intent):
        concluded = known.conclusion
        is_exit = known.cancel is not None or (concluded is not None and concluded.reducing)
        return Judgement(verdict=known, is_exit=is_exit, repeated=True)
    conflict = IntentConflict(
        intent_id=intent.intent_id,
        place=intent if isinstance(intent, PlaceIntent) else None,
        cancel=intent if isinstance(intent, CancelIntent) else None,
        detail=", ".join(_differences(judged, intent)),
        risk_epoch=seat.epoch,
        basis=seat.basis,
        config_version=seat.config_version,
        time_ms=now_ms,
    )
    return Judgement(verdict=conflict, is_exit=False)


def same_wish(one: Intent, other: Intent) -> bool:
    """Tell whether two intents of one id wish the same; only what they were based on may differ."""
    if type(one) is not type(other):
        return False
    return msgspec.structs.replace(one, basis=other.basis) == other


def _differences(judged: Intent | None, said: Intent) -> list[str]:
    """Name every field in which two intents differ, as `judged -> said`; the basis may differ and is left out."""
    kinds = type(judged).__name__, type(said).__name__
    if judged is None or kinds[0] != kinds[1]:
        return [f"type {' -> '.join(kinds)}"]
    before, now = msgspec.structs.asdict(judged), msgspec.structs.asdict(said)
    changed = [name for name in now if name != "basis" and before[name] != now[name]]
    return [f"{name} {before[name]} -> {now[name]}" for name in changed]


def _approved(case: Case, seat: VerdictContext) -> RiskApproved:
    """Return an approval of the case, with all figures that a verdict on it holds."""
    return RiskApproved(
        intent_id=case.intent.intent_id,
        place=case.intent,
        reduce_only=case.reduce_only,
        risk_epoch=seat.epoch,
        basis=seat.basis,
        config_version=seat.config_version,
        time_ms=case.moment.now_ms,
        moment=case.moment,
        grounds=case.grounds,
        conclusion=Conclusion(price=case.price, reducing=case.reducing),
    )


def _refused(seen: RiskApproved, code: str, detail: str) -> RiskRefused:
    """Return the refusal of what would else have been approved."""
    return RiskRefused(
        intent_id=seen.intent_id,
        place=seen.place,
        cancel=seen.cancel,
        reason=code,
        detail=detail,
        risk_epoch=seen.risk_epoch,
        basis=seen.basis,
        config_version=seen.config_version,
        time_ms=seen.time_ms,
        moment=seen.moment,
        grounds=seen.grounds,
        conclusion=seen.conclusion,
    )
