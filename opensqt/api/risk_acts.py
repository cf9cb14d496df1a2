"""RiskService, acting: limits, breakers, a look at the venue. Each says what was before and after."""

from opensqt.api.call import Acted, Plain
from opensqt.api.codes import CallRefused, Code
from opensqt.api.requests import OfNothing
from opensqt.api.risk_shapes import (
    BreakerChange,
    BreakerReply,
    LimitStep,
    NewLimits,
    NewLimitsReply,
    TriggerReply,
)
from opensqt.api.risks import RUNNING, scopes_of
from opensqt.api.view import DeskActions
from opensqt.runtime.config.limit_changes import CHANGEABLE

KILL, RESUME = "kill", "resume"


async def update_position_limits(
    desk: DeskActions, asked: NewLimits, actor: str
) -> Acted[NewLimitsReply]:
    """Change limits one after the other; the gate obeys each before it answers."""
    wanted = {
        field: str(value) for field in CHANGEABLE if (value := getattr(asked, field)) is not None
    }
    if not wanted or not asked.reason.strip():
        raise CallRefused(
            Code.INVALID, f"expected a reason and one of {', '.join(CHANGEABLE)} at least"
        )
    steps: list[LimitStep] = []
    for field, value in wanted.items():
        said = await desk.change_limit(field, value, asked.reason, actor)
        if not said["ok"]:
            done = "".join(f"; {one.field} was changed before" for one in steps)
            code = Code.REFUSED if said.get("refused") else Code.UNAVAILABLE
            raise CallRefused(code, f"{field} was not changed: {said['detail']}{done}")
        steps.append(LimitStep(field=field, before=said["before"], after=said["after"]))
    return Acted(
        reply=NewLimitsReply(changes=tuple(steps)),
        before={one.field: one.before for one in steps},
        after={one.field: one.after for one in steps},
    )


async def open_circuit_breaker(
    desk: DeskActions, asked: BreakerChange, actor: str
) -> Acted[BreakerReply]:
    """Stop a scope: no new orders, open ones cancelled, until a person closes it."""
    return await _switched(desk, asked, KILL, actor)


async def close_circuit_breaker(
    desk: DeskActions, asked: BreakerChange, actor: str
) -> Acted[BreakerReply]:
    """Let a scope trade again."""
    return await _switched(desk, asked, RESUME, actor)


async def trigger_reconciliation(
    desk: DeskActions, asked: OfNothing, actor: str
) -> Acted[TriggerReply]:
    """Let every executor look at its venue now; the reconciler compares what it finds."""
    del asked
    begun_ms = desk.view.now_ms()
    said = await desk.look(actor)
    if not said["ok"]:
        raise CallRefused(Code.UNAVAILABLE, f"not every executor looks: {said['detail']}")
    reply = TriggerReply(reconciliation_id=str(begun_ms), status=RUNNING)
    return Acted(reply=reply, before={}, after={"reconciliation_id": reply.reconciliation_id})


async def _switched(
    desk: DeskActions, asked: BreakerChange, verb: str, actor: str
) -> Acted[BreakerReply]:
    scopes = scopes_of(desk.view, asked)
    before = _states(desk, scopes)
    answers = {scope: await desk.switch(verb, scope, asked.reason, actor) for scope in scopes}
    reply = BreakerReply(
        success=all(one["ok"] for one in answers.values()),
        detail="; ".join(f"{scope}: {one['detail']}" for scope, one in answers.items()),
    )
    after = {
        scope: ("open" if verb == KILL else "closed") if one["ok"] else "unconfirmed"
        for scope, one in answers.items()
    }
    return Acted(reply=reply, before=before, after=after)


def _states(desk: DeskActions, scopes: tuple[str, ...]) -> Plain:
    killed = desk.view.books.controls.kills.scopes
    return {scope: "open" if scope in killed else "closed" for scope in scopes}
