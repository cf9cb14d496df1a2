"""RiskService, acting: limits, breakers, a look at the venue. Each says what was before and after."""

from opensqt.api.call import Acted, Deed
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
from opensqt.risk.breakers.states import states_of
from opensqt.runtime.config.limit_changes import CHANGEABLE

OPEN, CLEAR = "open", "clear"


async def update_position_limits(
    desk: DeskActions, asked: NewLimits, deed: Deed
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
        said = await desk.change_limit(field, value, asked.reason, deed.actor)
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
    desk: DeskActions, asked: BreakerChange, deed: Deed
) -> Acted[BreakerReply]:
    """Open the breaker that is opened by hand: nothing is opened in its scope until a person closes it."""
    if asked.breaker:
        raise CallRefused(
            Code.INVALID, f"breaker: a person opens a scope, not {asked.breaker}: leave it out"
        )
    return await _switched(desk, asked, OPEN, deed)


async def close_circuit_breaker(
    desk: DeskActions, asked: BreakerChange, deed: Deed
) -> Acted[BreakerReply]:
    """Close the breakers of a scope, whoever opened them, or the one that is named."""
    return await _switched(desk, asked, CLEAR, deed)


async def trigger_reconciliation(
    desk: DeskActions, asked: OfNothing, deed: Deed
) -> Acted[TriggerReply]:
    """Let every executor look at its venue now; the reconciler compares what it finds."""
    del asked
    begun_ms = desk.view.now_ms()
    said = await desk.look(deed.actor)
    if not said["ok"]:
        raise CallRefused(Code.UNAVAILABLE, f"not every executor looks: {said['detail']}")
    reply = TriggerReply(reconciliation_id=str(begun_ms), status=RUNNING)
    return Acted(reply=reply, before={}, after={"reconciliation_id": reply.reconciliation_id})


async def _switched(
    desk: DeskActions, asked: BreakerChange, action: str, deed: Deed
) -> Acted[BreakerReply]:
    if not asked.reason.strip():
        raise CallRefused(Code.INVALID, "reason: expected some words for the record")
    scopes = scopes_of(desk.view, asked)
    before = _open_in(desk, scopes)
    after = dict(before)
    for scope in scopes:
        said = await desk.switch_breaker(action, asked.breaker, scope, asked.reason, deed.actor)
        if not said["ok"]:
            done = "".join(f"; {one} was changed before" for one in scopes[: scopes.index(scope)])
            code = Code.REFUSED if said.get("refused") else Code.UNAVAILABLE
            raise CallRefused(code, f"{scope} was not changed: {said['detail']}{done}")
        named = {str(one).removeprefix(scope).strip() for one in said["done"]}
        kept = set(before[scope])
        after[scope] = sorted(kept | named if action == OPEN else kept - named)
    opened = [f"{scope} {name}" for scope, names in after.items() for name in names]
    return Acted(
        reply=BreakerReply(success=True, detail="", open=tuple(opened)), before=before, after=after
    )


def _open_in(desk: DeskActions, scopes: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the breakers that are open or on trial, by scope."""
    states = states_of(desk.view.books.controls, ())
    return {scope: [one.breaker for one in states if one.scope == scope] for scope in scopes}
