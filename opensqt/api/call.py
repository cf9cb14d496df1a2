"""A row of the table of calls: its name, who may call it, what goes in and comes out, and who answers. Pure."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from opensqt.api.codes import Code

Plain = dict[str, Any]


class KeyScope(StrEnum):
    """How far a key reaches: each scope holds the ones before it."""

    READ = "read"
    TRADE = "trade"
    ADMIN = "admin"

    def reaches(self, wanted: "KeyScope") -> bool:
        """Tell whether a key of this scope may make a call of that one."""
        order = list(KeyScope)
        return order.index(self) >= order.index(wanted)


class CallRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked; a field that nobody knows is refused by name."""


class CallReply(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered. Decimals are text, times RFC 3339 UTC, None is unknown."""


_Reply = TypeVar("_Reply", bound=CallReply)


class Acted(msgspec.Struct, Generic[_Reply], frozen=True, kw_only=True):
    """What a call changed: its answer, and what was before and after, for the record."""

    reply: _Reply
    before: Plain
    after: Plain


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Who does something, and the id of the call by which: the same for each repetition under one once-key."""

    actor: str
    call_id: str


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call. Exactly one of `read`, `act` and `hear` answers it, or `missing` says what is not built yet.

    `read(view, request)` looks and changes nothing. `act(desk, request, deed)` changes something: it is recorded
    with who, what, before and after. `hear(view, request, message)` returns what a subscriber is told of a message,
    or None. `once` says that a repetition under the same once-key is answered and not done again.
    """

    service: str
    name: str
    scope: KeyScope
    summary: str
    request: type[CallRequest]
    reply: type[CallReply]
    errors: tuple[Code, ...] = ()
    read: Callable[..., CallReply] | None = None
    act: Callable[..., Awaitable[Acted[Any]]] | None = None
    hear: Callable[..., CallReply | None] | None = None
    missing: str = ""
    once: bool = False

    @property
    def path(self) -> str:
        """Return the name by which people ask for it."""
        return f"{self.service}.{self.name}"

    @property
    def streams(self) -> bool:
        """Tell whether it is a subscription, built or not."""
        return self.name.startswith("Subscribe")


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, and over what."""

    name: str
    scope: KeyScope
    via: str

    @property
    def actor(self) -> str:
        """Return who it is, for the record."""
        return f"key {self.name} over {self.via}"
