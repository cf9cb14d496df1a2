"""How a call is answered, whatever it came over: key, scope, budget, request, answer. No transport does any of it."""

import contextlib
import hmac
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from opensqt.api.acting import Acting
from opensqt.api.call import Call, Caller, CallReply, CallRequest, KeyScope, Plain
from opensqt.api.codes import CallRefused, Code
from opensqt.api.key_file import BadKeyFile, KeyFile
from opensqt.api.keys import CALLS_PER_S, CallBudget, key_of
from opensqt.api.view import DeskActions, DeskView
from opensqt.domain.bulkhead import Bulkhead
from opensqt.runtime.clock import Clock
from opensqt.runtime.projection.tables import tidied
from opensqt.runtime.telemetry.logs import Log, describe

BODY_BYTES_MAX = 65_536
LOOK_EVERY_S = 1.0  # at the key of a subscriber
BEARER = "bearer "
OWNER = "owner"  # who holds the token of the folder

_log = Log("api")


class Answering:
    """Answers the calls of a table for one desk."""

    def __init__(
        self,
        calls: Mapping[str, Call],
        desk: DeskActions,
        keys: KeyFile,
        token: Callable[[], str],
        clock: Clock,
        holder: str,
    ) -> None:
        self.calls = calls
        self._desk = desk
        self._keys = keys
        self._token = token
        self._clock = clock
        self._acting = Acting(desk, plain, holder)
        self._budgets: dict[str, CallBudget] = {}

    def call(self, path: str) -> Call:
        """Return the row of a name; raise `CallRefused`."""
        found = self.calls.get(path)
        if found is None:
            services = ", ".join(sorted({one.service for one in self.calls.values()}))
            raise CallRefused(
                Code.NOT_FOUND, f"no call {path[:80]!r}: expected SERVICE.CALL of {services}"
            )
        return found

    def caller(self, call: Call, headers: Mapping[str, str], via: str) -> Caller:
        """Return who calls and may; raise `CallRefused` for a stranger, too small a scope, too many calls."""
        caller, calls_per_s = self._known(headers, via)
        if not caller.scope.reaches(call.scope):
            raise CallRefused(
                Code.FORBIDDEN,
                f"{call.path} needs scope {call.scope}, the key {caller.name!r} has {caller.scope}",
            )
        now_s = self._clock.monotonic_s()
        budget = self._budgets.setdefault(caller.name, CallBudget(calls_per_s, now_s))
        if wait_s := budget.take(now_s):
            raise CallRefused(
                Code.RATE_LIMITED,
                f"more than {calls_per_s} calls a second with the key {caller.name!r}:"
                f" try again in {wait_s:.2f} s",
            )
        return caller

    async def answer(
        self, call: Call, caller: Caller, asked: bytes | Plain | None, once: str = ""
    ) -> Plain:
        """Return the answer as plain values; raise `CallRefused`."""
        request = self._request(call, asked)
        with _faults_told(call):
            if call.act is not None:
                return await self._acting.act(call, caller, request, once)
            if call.read is not None:
                return plain(call.read(self._view, request))
        raise CallRefused(Code.UNIMPLEMENTED, call.path)

    async def hear(
        self, call: Call, headers: Mapping[str, str], via: str, asked: bytes | Plain | None
    ) -> AsyncGenerator[tuple[int, Plain | None], None]:
        """Yield each message's sequence and what a subscriber is told of it, None for nothing; raise `CallRefused`.

        A key that is revoked meanwhile ends it.
        """
        request = self._request(call, asked)
        if call.hear is None:
            raise CallRefused(Code.UNIMPLEMENTED, call.path)
        looked_s = self._clock.monotonic_s()
        async for sequence, message in self._desk.news.since(getattr(request, "after", 0)):
            if self._clock.monotonic_s() - looked_s >= LOOK_EVERY_S:
                self._known(headers, via)
                looked_s = self._clock.monotonic_s()
            with _faults_told(call):
                reply = call.hear(self._view, request, message)
                told = None if reply is None else plain(replace(reply, sequence=sequence))
            yield sequence, told

    @property
    def newest(self) -> int:
        """The sequence of the newest message of the feed."""
        return self._desk.news.newest

    @property
    def _view(self) -> DeskView:
        return self._desk.view

    def _request(self, call: Call, asked: bytes | Plain | None) -> CallRequest:
        if call.missing:
            raise CallRefused(Code.UNIMPLEMENTED, f"{call.path}: {call.missing}")
        request = request_of(call, asked)
        # A stop goes through however far behind the gateway is.
        if self._view.doubt and call.act is None:
            raise CallRefused(Code.UNAVAILABLE, f"the gateway is behind: {self._view.doubt}")
        return request

    def _known(self, headers: Mapping[str, str], via: str) -> tuple[Caller, int]:
        said = said_key(headers)
        token = self._token()
        if token and hmac.compare_digest(_bytes(said), _bytes(token)):
            return Caller(name=OWNER, scope=KeyScope.ADMIN, via=via), CALLS_PER_S
        try:
            keys = self._keys.keys()
        except BadKeyFile as error:
            _log.error("keys not read", detail=str(error))
            raise CallRefused(
                Code.UNAVAILABLE, "the file of API keys is damaged: see the log"
            ) from error
        found = key_of(keys, said, self._clock.wall_ms())
        if found is None:
            raise CallRefused(
                Code.UNAUTHENTICATED,
                "expected `Authorization: Bearer KEY` (or `x-api-key`) with a key of `opensqt keys add`",
            )
        return Caller(name=found.name, scope=found.scope, via=via), found.calls_per_s


@contextlib.contextmanager
def _faults_told(call: Call) -> Iterator[None]:
    """Whatever is wrong with one call: it is in the log, and the others are answered."""
    with Bulkhead(CallRefused) as bulkhead:
        yield
    error = bulkhead.error
    if error is not None:
        _log.error("call failed", call=call.path, detail=describe(error))
        raise CallRefused(Code.UNKNOWN, f"{call.path} failed: see the log") from error


def said_key(headers: Mapping[str, str]) -> str:
    """Return the key that headers, or metadata, of a call name; nothing where they name none."""
    low = {name.lower(): value for name, value in headers.items()}
    bearer = low.get("authorization", "")
    if bearer.lower().startswith(BEARER):
        return bearer[len(BEARER) :].strip()
    return low.get("x-api-key", "").strip()


def request_of(call: Call, asked: bytes | Plain | None) -> CallRequest:
    """Return what is asked, checked, None where it was too long; raise `CallRefused` naming the field."""
    try:
        if asked is None or len(asked) > BODY_BYTES_MAX:
            raise CallRefused(Code.TOO_LARGE, f"the request is longer than {BODY_BYTES_MAX} bytes")
        if isinstance(asked, bytes):
            return msgspec.json.decode(asked or b"{}", type=call.request)
        return msgspec.convert(asked, call.request, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise CallRefused(Code.INVALID, f"{call.path}: {error}") from None


def plain(reply: CallReply) -> Plain:
    """Return an answer as plain values: decimals as text without an exponent, None where unknown."""
    found: Plain = _plain(msgspec.to_builtins(reply, builtin_types=(Decimal,)))
    return found


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return str(tidied(value))
        case dict():
            return {name: _plain(one) for name, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            return value


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
