"""Calls that change something: done once under a once-key, and recorded with who, what, before and after.

What was done is answered whether or not it could be recorded at that moment: a stop must never wait for a journal. The
record is tried until it stands, and who carried the change out has recorded it by itself (LimitChanged, KillLatched).
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from opensqt.api.call import Acted, Call, Caller, CallReply, CallRequest, Deed, Plain
from opensqt.api.codes import CallRefused, Code
from opensqt.api.view import DeskActions
from opensqt.domain import ids
from opensqt.domain.control import CallAudited
from opensqt.runtime.telemetry.logs import Log

OK = "ok"
ONCE_CHARACTERS_MAX = 100

_log = Log("api")


class Acting:
    """Carries calls out for one desk; `holder` tells two gateways apart."""

    def __init__(self, desk: DeskActions, plain: Callable[[CallReply], Plain], holder: str) -> None:
        self._desk = desk
        self._plain = plain
        self._holder = holder
        self._numbers = itertools.count(1)
        self._under_way: dict[str, tuple[str, asyncio.Future[Plain]]] = {}

    async def act(self, call: Call, caller: Caller, request: CallRequest, once: str) -> Plain:
        """Do what is asked, or answer again what was done under this once-key; raise `CallRefused`."""
        if len(once) > ONCE_CHARACTERS_MAX:
            raise CallRefused(Code.INVALID, f"once: at most {ONCE_CHARACTERS_MAX} characters")
        asked = msgspec.json.encode(request).decode()
        event_id = self._event_id(call, caller, once)
        if once and (made := self._desk.made(event_id)) is not None:
            return _again(made, asked)
        said, doing = self._under_way.get(event_id, (asked, None))
        if said != asked:
            raise _other_request(once)
        if doing is None:
            doing = asyncio.ensure_future(self._done(call, caller, request, asked, event_id, once))
            self._under_way[event_id] = (asked, doing)
            doing.add_done_callback(lambda _: self._under_way.pop(event_id, None))
        # It is carried out to its end, whoever goes on waiting for it.
        return await asyncio.shield(doing)

    def _event_id(self, call: Call, caller: Caller, once: str) -> str:
        if once:
            return ids.event_id("call", caller.name, call.path, once)
        now_ms = self._desk.view.now_ms()
        return ids.event_id("call", self._holder, now_ms, next(self._numbers))

    async def _done(
        self,
        call: Call,
        caller: Caller,
        request: CallRequest,
        asked: str,
        event_id: str,
        once: str,
    ) -> Plain:
        before: Plain = {}
        after: Plain = {}
        refusal: CallRefused | None = None
        reply: Plain = {}
        act = _act_of(call)
        _log.warning("call", call=call.path, actor=caller.actor, request=asked)
        try:
            acted = await act(self._desk, request, Deed(actor=caller.actor, call_id=event_id))
            before, after, reply = acted.before, acted.after, self._plain(acted.reply)
        except CallRefused as refused:
            refusal, reply = refused, dict(refused.said)
        outcome = OK if refusal is None else refusal.code.value
        record = CallAudited(
            call=call.path,
            actor=caller.actor,
            request=asked,
            before=_json(before),
            after=_json(after),
            outcome=outcome,
            reply=_json(reply),
            once=once,
            time_ms=self._desk.view.now_ms(),
        )
        # Asked for again it is done, or answered, after all: this record is not the once-key's.
        is_final = outcome not in (Code.UNAVAILABLE, Code.CONFLICT)
        await self._desk.record(record, event_id if is_final else self._event_id(call, caller, ""))
        if refusal is not None:
            raise refusal
        return reply


def _act_of(call: Call) -> Callable[..., Awaitable[Acted[Any]]]:
    if call.act is None:
        raise CallRefused(Code.UNIMPLEMENTED, call.path)
    return call.act


def _again(made: CallAudited, asked: str) -> Plain:
    """Answer what was answered before."""
    if made.request != asked:
        raise _other_request(made.once)
    reply: Plain = msgspec.json.decode(made.reply)
    if made.outcome != OK:
        raise CallRefused(Code(made.outcome), str(reply.get("detail", "")))
    return reply


def _other_request(once: str) -> CallRefused:
    return CallRefused(
        Code.CONFLICT, f"once {once!r} was said with another request: take a new one"
    )


def _json(value: Plain) -> str:
    return msgspec.json.encode(value).decode()
