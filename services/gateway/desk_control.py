"""What a call of the API may do to the desk: passed on to the processes that decide. It decides nothing itself."""

from collections.abc import Callable, Sequence

from opensqt.api.codes import CallRefused, Code
from opensqt.api.view import DeskView, Found
from opensqt.domain import ids
from opensqt.domain.control import CONTROL_STREAM, CallAudited, OrderedByHand, hand_stream
from opensqt.domain.journal import Conflict, Entry, NewEvent
from opensqt.domain.subjects import subject_of
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.process_context import Context
from services.gateway.config import NAME, GatewaySettings
from services.gateway.decide import Plain
from services.gateway.news import FeedNews
from services.gateway.process_client import ProcessClient
from services.gateway.record_queue import RecordQueue
from services.gateway.state import CALLS_MAX, GatewayState

RISK = "risk"
LOOK_S = 0.02  # at the fold while a caller waits for the end of an order


class DeskControl:
    """The acting side of the API."""

    def __init__(
        self,
        context: Context,
        view: DeskView,
        state: Callable[[], GatewayState],
        processes: ProcessClient,
        token: Callable[[], str],
        settings: GatewaySettings,
        records: RecordQueue,
    ) -> None:
        self._context = context
        self._view = view
        self._state = state
        self._processes = processes
        self._token = token
        self._settings = settings
        self._records = records
        self._recorded: dict[str, CallAudited] = {}  # by id, the newest
        self.news = FeedNews()

    @property
    def view(self) -> DeskView:
        """The desk as it is now."""
        return self._view

    def made(self, event_id: str) -> CallAudited | None:
        """Return the call of this id: what was recorded here is known before the journal tells."""
        told = (call for name, call in self._state().calls if name == event_id)
        return self._recorded.get(event_id) or next(told, None)

    async def record(self, call: CallAudited, event_id: str) -> None:
        """Record a call; where the journal does not answer now, as soon as it does."""
        self._recorded[event_id] = call
        while len(self._recorded) > CALLS_MAX:
            del self._recorded[next(iter(self._recorded))]
        self._records.add(
            NewEvent(
                event_id=event_id,
                stream=CONTROL_STREAM,
                message=call,
                subject=subject_of(call),
                actor=NAME,
                occurred_at_ms=call.time_ms,
            )
        )
        await self._records.flush()

    async def switch_breaker(
        self, action: str, breaker: str, scope: str, reason: str, actor: str
    ) -> Plain:
        """Open or clear breakers of a scope; risk records it and obeys it before it answers."""
        words = {"action": action, "breaker": breaker, "scope": scope}
        return await self._tell_risk("/breakers", words | {"reason": reason, "actor": actor})

    async def order_by_hand(self, wishes: Sequence[OrderedByHand]) -> None:
        """Put wishes on record, all of them or none; what stands there already is not said twice."""
        events = tuple(
            NewEvent(
                event_id=ids.event_id("hand", wish.intent.intent_id),
                stream=hand_stream(wish.intent.intent_id),
                message=wish,
                subject=subject_of(wish),
                actor=NAME,
                occurred_at_ms=wish.time_ms,
                correlation_id=wish.intent.intent_id,
            )
            for wish in wishes
        )
        try:
            outcome = await self._context.journal.append(Entry(events=events)) if events else None
        except JournalDown as error:
            raise CallRefused(
                Code.UNAVAILABLE,
                f"not on record as far as known ({error}): ask again, same once-key",
            ) from error
        if isinstance(outcome, Conflict):
            raise CallRefused(
                Code.CONFLICT,
                "this once-key was said with another number of orders: take a new one",
            )

    async def until(self, found: Callable[[], Found | None]) -> Found | None:
        """Return what `found` returns as soon as the fold shows it, None after as long as callers wait."""
        clock = self._context.clock
        end_s = clock.monotonic_s() + self._settings.command_s_max
        while (one := found()) is None and clock.monotonic_s() < end_s:
            await clock.sleep(LOOK_S)
        return one

    async def change_limit(self, field: str, value: str, reason: str, actor: str) -> Plain:
        """Change a limit of risk, which records it and obeys it before it answers."""
        words = {"field": field, "value": value, "reason": reason, "actor": actor}
        return await self._tell_risk("/limits", words)

    async def look(self, actor: str) -> Plain:
        """Let every executor look at its venue now."""
        answers = await self._processes.command(
            "/reconcile", {"actor": actor}, self._token(), self._settings.command_s_max
        )
        silent = [f"{one.process}: {one.detail}" for one in answers if not one.ok]
        detail = "; ".join(silent) or ("" if answers else "no executor is known here")
        return {"ok": not detail, "detail": detail}

    async def _tell_risk(self, path: str, words: Plain) -> Plain:
        answer = await self._processes.tell(
            RISK, path, words, self._token(), self._settings.command_s_max
        )
        return {"ok": answer.ok, "detail": answer.detail} | answer.said
