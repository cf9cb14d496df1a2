"""The limits that count now: as configured, with what people changed since. A change is journalled, then obeyed."""

from typing import Any

import msgspec

from opensqt.domain import ids
from opensqt.domain.clean_text import cleaned
from opensqt.domain.control import CONTROL_STREAM, LimitChanged
from opensqt.domain.journal import Appended, Duplicate, Entry, NewEvent
from opensqt.domain.subjects import subject_of
from opensqt.risk.state import RiskState
from opensqt.runtime.config.all import Config, ConfigError
from opensqt.runtime.config.limit_changes import CHANGEABLE, in_force, new_value, shown
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.lease import LeaseKeeper
from opensqt.runtime.process_context import Context


class LimitsInForce:
    """The configuration of the gate with the limits of now, and the command that changes one."""

    def __init__(self, context: Context, lease: LeaseKeeper) -> None:
        self._context = context
        self._lease = lease
        self._seen: dict[str, LimitChanged] = {}
        self._config = context.config

    def config(self, state: RiskState) -> Config:
        """Return the configuration with the changes that these books know."""
        if self._seen != state.limits:
            self._seen = dict(state.limits)
            configured = self._context.config
            risk = in_force(configured.risk, self._seen.values())
            self._config = msgspec.structs.replace(configured, risk=risk)
        return self._config

    def status(self, state: RiskState) -> dict[str, str]:
        """Return the limits that are not as configured, by name."""
        risk, configured = self.config(state).risk, self._context.config.risk
        return {
            field: shown(risk, field)
            for field in CHANGEABLE
            if getattr(risk, field) != getattr(configured, field)
        }

    async def change(self, state: RiskState, words: dict[str, Any]) -> dict[str, Any]:
        """Change one limit, as a person asks; an answer with `why` tells why it was not done."""
        field, text = cleaned(words.get("field")), cleaned(words.get("value"))
        reason = cleaned(words.get("reason"))
        if not reason:
            return {"refused": True, "why": "reason: expected some words for the record"}
        try:
            after = new_value(self._context.config.risk, field, text)
        except ConfigError as error:
            return {"refused": True, "why": str(error)}
        before = shown(self.config(state).risk, field)
        change = LimitChanged(
            field=field,
            before=before,
            after=after,
            reason=reason,
            actor=cleaned(words.get("actor")) or "unknown",
            time_ms=max(self._context.clock.market_ms(), _newest_ms(state) + 1),
        )
        if why := await self._record(change):
            return {"why": why}
        # FEED tells it again; the very next order must not wait for that.
        state.fold(change)
        self._context.log.info("limit_changed", **msgspec.to_builtins(change))
        return {"field": field, "before": before, "after": shown(self.config(state).risk, field)}

    async def _record(self, change: LimitChanged) -> str:
        event = NewEvent(
            event_id=ids.event_id("limit", change.field, change.time_ms),
            stream=CONTROL_STREAM,
            message=change,
            subject=subject_of(change),
            actor=change.actor,
            occurred_at_ms=change.time_ms,
        )
        try:
            outcome = await self._context.journal.append(
                Entry(events=(event,), fence=self._lease.fence)
            )
        except JournalDown as error:
            return (
                f"the journal does not answer ({error}): look with `opensqt limits`, then try again"
            )
        if isinstance(outcome, Appended | Duplicate):
            return ""
        return f"it was not recorded ({type(outcome).__name__}): another gate leads, try again"


def _newest_ms(state: RiskState) -> int:
    return max((one.time_ms for one in state.limits.values()), default=0)
