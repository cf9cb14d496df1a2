"""The verdict on one intent, pure: the same state, intent and time give the same verdict with the same inputs."""

import msgspec

from opensqt.domain.instruments import quote_asset, rate_symbols
from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent
from opensqt.domain.trading_controls import HALTED
from opensqt.domain.verdict import IntentConflict, RiskApproved, RiskInput, RiskRefused, Verdict
from opensqt.risk.grounds import (
    Conclusion,
    Grounds,
    Moment,
    StrategyLimits,
    Worth,
    concluded,
    quote_of,
    read,
    recorded,
)
from opensqt.risk.limits import CheckResult, check
from opensqt.risk.refusal import Broken, RefusalCode
from opensqt.risk.state import RiskState

Intent = PlaceIntent | CancelIntent


class VerdictContext(msgspec.Struct, frozen=True, kw_only=True):
    """Under which lease epoch, configuration and basis the gate judges, and from when on it may approve openings."""

    epoch: int
    config_version: str
    basis: Basis
    opens_from_ms: int  # market time; before it a verdict of our predecessor may still be under way


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict, and whether it is an exit (cancel or reducing order) with a queue of its own.

    `repeated` says that the verdict was given before: it is published again, never judged again. A conflict is no
    verdict: the one that was given under its id stands.
    """

    verdict: Verdict | IntentConflict
    is_exit: bool
    repeated: bool = False


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided on a place intent; no code approves."""

    code: RefusalCode | None
    detail: str
    finding: CheckResult


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
    grounds = _grounds(state, intent, limits, seat, now_ms, basis_reached=basis_reached)
    ruling = rule(intent, grounds)
    finding = ruling.finding
    inputs = recorded(grounds, Conclusion(price=finding.price, reducing=finding.reducing))
    if ruling.code:
        refusal = _refuse(intent, seat, now_ms, ruling.code, ruling.detail, inputs)
        return Judgement(verdict=refusal, is_exit=False)
    approval = _approve(intent, seat, now_ms, inputs, reduce_only=finding.reduce_only)
    return Judgement(verdict=approval, is_exit=finding.reducing)


def rule(intent: PlaceIntent, grounds: Grounds) -> Ruling:
    """Decide on a place intent from its grounds alone: the first thing that stands in its way is the reason."""
    finding = check(intent, grounds)
    broken = _stopped(intent, grounds.moment, reducing=finding.reducing)
    if broken is None and finding.code:
        broken = finding.code, finding.detail
    code, detail = broken or _undone(intent, grounds.moment) or (None, "")
    return Ruling(code=code, detail=detail, finding=finding)


def judged_again(verdict: Verdict) -> tuple[str, str, bool]:
    """Judge a recorded verdict from its record alone; return reason, detail and the reduce-only flag.

    Raise `msgspec.ValidationError` naming what the record does not hold.
    """
    if verdict.cancel is not None:
        said = {figure.name: figure.value for figure in verdict.inputs}
        code, detail = _lapsed(verdict.cancel, int(said["now_ms"])) or (None, "")
        full = "" if code else said.get("queue", "")
        return (RefusalCode.QUEUE_FULL, full, False) if full else (code or "", detail, False)
    if verdict.place is None:
        raise ValueError(f"the verdict on {verdict.intent_id} is of nothing")
    ruling = rule(verdict.place, read(verdict.inputs, verdict.place))
    return ruling.code or "", ruling.detail, not ruling.code and ruling.finding.reduce_only


def blocked(approval: RiskApproved, seat: VerdictContext, now_ms: int, cause: str) -> RiskRefused:
    """Refuse what was approved, but its command could not be queued: back-pressure."""
    intent = approval.place or approval.cancel
    if intent is None:
        raise ValueError(f"approval {approval.intent_id} is of nothing")
    inputs = (*approval.inputs, RiskInput(name="queue", value=cause))
    return _refuse(intent, seat, now_ms, RefusalCode.QUEUE_FULL, cause, inputs)


def _stopped(intent: PlaceIntent, moment: Moment, *, reducing: bool) -> Broken | None:
    now_ms = moment.now_ms
    if lapsed := _lapsed(intent, now_ms):
        return lapsed
    if moment.kill:
        return RefusalCode.KILLED, moment.kill
    if moment.halt_mode and (moment.halt_mode == HALTED or not reducing):
        halted = moment.halt_mode == HALTED
        return (RefusalCode.HALTED if halted else RefusalCode.REDUCING), moment.halt_reason
    if now_ms < moment.opens_from_ms and not reducing:
        return RefusalCode.WARMING_UP, f"openings from {moment.opens_from_ms}, now {now_ms}"
    return None


def _lapsed(intent: Intent, now_ms: int) -> Broken | None:
    if now_ms <= intent.valid_until_ms:
        return None
    return RefusalCode.EXPIRED, f"valid until {intent.valid_until_ms}, now {now_ms}"


def _undone(intent: PlaceIntent, moment: Moment) -> Broken | None:
    """Say what the gate itself could not do for an intent that it would approve."""
    if not moment.basis_reached:
        basis = intent.basis
        return RefusalCode.BASIS_LATE, f"basis {basis.generation}/{basis.sequence} not reached"
    return (RefusalCode.QUEUE_FULL, moment.queue) if moment.queue else None


def _grounds(
    state: RiskState,
    intent: PlaceIntent,
    limits: StrategyLimits,
    seat: VerdictContext,
    now_ms: int,
    *,
    basis_reached: bool,
) -> Grounds:
    key = (intent.venue, intent.symbol)
    latch = state.switches.kill(intent.strategy)
    halt = state.switches.halt(intent.venue, intent.account, (intent.symbol,), intent.strategy)
    return Grounds(
        moment=Moment(
            now_ms=now_ms,
            opens_from_ms=seat.opens_from_ms,
            kill=f"kill by {latch.actor}: {latch.reason}" if latch is not None else "",
            halt_mode=halt.mode if halt is not None else "",
            halt_reason=halt.reason if halt is not None else "",
            basis_reached=basis_reached,
        ),
        limits=limits,
        exposure=state.exposure(intent),
        rules=state.rules.get(key),
        quote=quote_of(state.ticks.get(key)),
        worth=_worth(state, intent, limits.currency),
    )


def _worth(state: RiskState, intent: PlaceIntent, currency: str) -> Worth | None:
    """Value the quote asset by the newest price of ours: what a unit costs, which is the dearer side."""
    symbols = rate_symbols(quote_asset(intent.symbol), currency)
    ticks = [state.ticks[intent.venue, s] for s in symbols if (intent.venue, s) in state.ticks]
    newest = max(ticks, key=lambda tick: tick.time_ms, default=None)
    return Worth(rate=newest.ask_price, rate_ms=newest.time_ms) if newest is not None else None


def _judge_cancel(intent: CancelIntent, seat: VerdictContext, now_ms: int) -> Judgement:
    """Approve a cancel whatever the gate has seen: it takes risk away. Only its time may be over."""
    times = {"now_ms": now_ms, "valid_until_ms": intent.valid_until_ms}
    inputs = tuple(RiskInput(name=name, value=str(value)) for name, value in times.items())
    if lapsed := _lapsed(intent, now_ms):
        refusal = _refuse(intent, seat, now_ms, *lapsed, inputs)
        return Judgement(verdict=refusal, is_exit=False)
    approval = _approve(intent, seat, now_ms, inputs, reduce_only=False)
    return Judgement(verdict=approval, is_exit=True)


def _known(known: Verdict, intent: Intent, seat: VerdictContext, now_ms: int) -> Judgement:
    judged = known.place or known.cancel
    if judged is not None and same_wish(judged, intent):
        is_exit = known.cancel is not None or concluded(known.inputs).reducing
        return Judgement(verdict=known, is_exit=is_exit, repeated=True)
    figures = _differences(judged, intent)
    conflict = IntentConflict(
        intent_id=intent.intent_id,
        place=intent if isinstance(intent, PlaceIntent) else None,
        cancel=intent if isinstance(intent, CancelIntent) else None,
        detail=", ".join(f"{figure.name} {figure.value}" for figure in figures),
        risk_epoch=seat.epoch,
        basis=seat.basis,
        config_version=seat.config_version,
        inputs=(RiskInput(name="now_ms", value=str(now_ms)), *figures),
        time_ms=now_ms,
    )
    return Judgement(verdict=conflict, is_exit=False)


def same_wish(one: Intent, other: Intent) -> bool:
    """Tell whether two intents of one id wish the same; only what they were based on may differ."""
    if type(one) is not type(other):
        return False
    return msgspec.structs.replace(one, basis=other.basis) == other


def _differences(judged: Intent | None, said: Intent) -> tuple[RiskInput, ...]:
    """Name every field in which two intents differ, as `judged -> said`; the basis may differ and is left out."""
    kinds = type(judged).__name__, type(said).__name__
    if judged is None or kinds[0] != kinds[1]:
        return (RiskInput(name="type", value=" -> ".join(kinds)),)
    before, now = msgspec.structs.asdict(judged), msgspec.structs.asdict(said)
    changed = [name for name in now if name != "basis" and before[name] != now[name]]
    return tuple(RiskInput(name=n, value=f"{before[n]} -> {now[n]}") for n in changed)


def _approve(
    intent: Intent,
    seat: VerdictContext,
    now_ms: int,
    inputs: tuple[RiskInput, ...],
    *,
    reduce_only: bool,
) -> RiskApproved:
    return RiskApproved(
        intent_id=intent.intent_id,
        place=intent if isinstance(intent, PlaceIntent) else None,
        cancel=intent if isinstance(intent, CancelIntent) else None,
        reduce_only=reduce_only,
        risk_epoch=seat.epoch,
        basis=seat.basis,
        config_version=seat.config_version,
        inputs=inputs,
        time_ms=now_ms,
    )


def _refuse(
    intent: Intent,
    seat: VerdictContext,
    now_ms: int,
    reason: RefusalCode,
    detail: str,
    inputs: tuple[RiskInput, ...],
) -> RiskRefused:
    return RiskRefused(
        intent_id=intent.intent_id,
        place=intent if isinstance(intent, PlaceIntent) else None,
        cancel=intent if isinstance(intent, CancelIntent) else None,
        reason=reason.value,
        detail=detail,
        risk_epoch=seat.epoch,
        basis=seat.basis,
        config_version=seat.config_version,
        inputs=inputs,
        time_ms=now_ms,
    )
