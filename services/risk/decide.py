"""The verdict on one intent, pure: the same state, intent and time give the same verdict with the same inputs."""

import msgspec

from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent
from opensqt.domain.switches import HALTED
from opensqt.domain.verdict import IntentConflict, RiskApproved, RiskInput, RiskRefused
from services.risk.limits import Finding, Limits, check
from services.risk.state import State, Verdict

Intent = PlaceIntent | CancelIntent


class Seat(msgspec.Struct, frozen=True, kw_only=True):
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


def judge(state: State, intent: Intent, limits: Limits, seat: Seat, now_ms: int) -> Judgement:
    """Give the one verdict on an intent at market time `now_ms`."""
    known = state.verdicts.get(intent.intent_id)
    if known is not None:
        return _known(known, intent, seat, now_ms)
    if now_ms > intent.valid_until_ms:
        detail = f"valid until {intent.valid_until_ms}, now {now_ms}"
        return _refuse(intent, seat, now_ms, "expired", detail)
    if isinstance(intent, CancelIntent):
        return Judgement(verdict=_approve(intent, seat, now_ms, None), is_exit=True)
    return _judge_place(state, intent, limits, seat, now_ms)


def late(intent: Intent, seat: Seat, now_ms: int) -> Judgement:
    """Refuse an intent whose basis the gate could not reach in time."""
    detail = f"basis {intent.basis.generation}/{intent.basis.sequence} not reached"
    return _refuse(intent, seat, now_ms, "basis_late", detail)


def blocked(intent: Intent, seat: Seat, now_ms: int, cause: str) -> Judgement:
    """Refuse an intent whose command could not be queued: back-pressure."""
    return _refuse(intent, seat, now_ms, "queue_full", cause)


def _judge_place(
    state: State, intent: PlaceIntent, limits: Limits, seat: Seat, now_ms: int
) -> Judgement:
    key = (intent.venue, intent.symbol)
    exposure = state.exposure(intent)
    finding = check(intent, exposure, state.rules.get(key), state.ticks.get(key), limits, now_ms)
    latch = state.switches.kill(intent.strategy)
    if latch is not None:
        cause = f"kill by {latch.actor}: {latch.reason}"
        return _refuse(intent, seat, now_ms, "killed", cause, finding)
    code, detail = finding.code, finding.detail
    halt = state.switches.halt(intent.venue, intent.account, (intent.symbol,), intent.strategy)
    if halt is not None and (halt.mode == HALTED or not finding.reducing):
        code, detail = halt.mode.lower(), halt.reason
    elif now_ms < seat.opens_from_ms and not finding.reducing:
        code, detail = "warming_up", f"openings from {seat.opens_from_ms}, now {now_ms}"
    if code:
        return _refuse(intent, seat, now_ms, code, detail, finding)
    return Judgement(verdict=_approve(intent, seat, now_ms, finding), is_exit=finding.reducing)


def _known(known: Verdict, intent: Intent, seat: Seat, now_ms: int) -> Judgement:
    judged = known.place or known.cancel
    if judged is not None and same_wish(judged, intent):
        is_exit = known.cancel is not None or _was_reducing(known)
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
    fields = [name for name in said.__struct_fields__ if name != "basis"]
    pairs = [(name, getattr(judged, name), getattr(said, name)) for name in fields]
    return tuple(RiskInput(name=n, value=f"{one} -> {two}") for n, one, two in pairs if one != two)


def _was_reducing(verdict: Verdict) -> bool:
    return any(i.name == "reducing" and i.value == "true" for i in verdict.inputs)


def _approve(intent: Intent, seat: Seat, now_ms: int, finding: Finding | None) -> RiskApproved:
    return RiskApproved(
        intent_id=intent.intent_id,
        place=intent if isinstance(intent, PlaceIntent) else None,
        cancel=intent if isinstance(intent, CancelIntent) else None,
        reduce_only=finding.reduce_only if finding is not None else False,
        risk_epoch=seat.epoch,
        basis=seat.basis,
        config_version=seat.config_version,
        inputs=_inputs(intent, now_ms, finding),
        time_ms=now_ms,
    )


def _refuse(
    intent: Intent,
    seat: Seat,
    now_ms: int,
    reason: str,
    detail: str,
    finding: Finding | None = None,
) -> Judgement:
    verdict = RiskRefused(
        intent_id=intent.intent_id,
        place=intent if isinstance(intent, PlaceIntent) else None,
        cancel=intent if isinstance(intent, CancelIntent) else None,
        reason=reason,
        detail=detail,
        risk_epoch=seat.epoch,
        basis=seat.basis,
        config_version=seat.config_version,
        inputs=_inputs(intent, now_ms, finding),
        time_ms=now_ms,
    )
    return Judgement(verdict=verdict, is_exit=False)


def _inputs(intent: Intent, now_ms: int, finding: Finding | None) -> tuple[RiskInput, ...]:
    """Return what a verdict was based on: all figures of the checks, or the times where nothing else was looked at."""
    if finding is not None:
        return finding.inputs
    times = {"now_ms": now_ms, "valid_until_ms": intent.valid_until_ms}
    return tuple(RiskInput(name=name, value=str(value)) for name, value in times.items())
