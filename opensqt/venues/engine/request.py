"""One REST call of a venue and how its answer is read; values only."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.rate_limit import Priority

Answer = TypeVar("Answer")
Row = TypeVar("Row")
Value = TypeVar("Value")


class Unreadable(ValueError):
    """A payload that is not what the venue's documentation promises."""


class Inexpressible(ValueError):
    """Terms of an order that the venue has no words for; nothing was sent."""


class RestRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One call of ccxt's raw API: `cost` names the buckets and weights it takes; what names no lane is a read.

    `headers` are added to the signed ones; `client_options` are set on the client for the moment of signing.
    """

    section: tuple[str, ...]
    verb: str
    path: str
    market: Market
    cost: Mapping[str, float]
    params: Any = {}
    headers: Mapping[str, str] = {}
    client_options: Mapping[str, Any] = {}
    lane: Priority = Priority.READ


class Query(msgspec.Struct, Generic[Answer], frozen=True, kw_only=True):
    """A read and how its answer is read; `read` raises `Unreadable`."""

    request: RestRequest
    read: Callable[[bytes, Symbols], Answer]


class Page(msgspec.Struct, Generic[Row], frozen=True, kw_only=True):
    """A page of a list, and the query of the next one; None at the end. `newest_first`: so is the whole list."""

    rows: Sequence[Row]
    newest_first: bool = False
    following: "Query[Page[Row]] | None" = None


class SigningWindow(msgspec.Struct, frozen=True, kw_only=True):
    """When a request is signed and when the venue must refuse it, in ms of the venue's clock."""

    signed_ms: int
    deadline_ms: int


def decoded(raw: bytes, kind: type[Value]) -> Value:
    """Read JSON as a type; raise `Unreadable`."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error
