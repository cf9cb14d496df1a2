"""How a row of the table is written: who answers it, and what goes in and comes out."""

from collections.abc import Awaitable, Callable
from typing import Any

from opensqt.api.call import Acted, Call, CallReply, CallRequest, KeyScope
from opensqt.api.codes import Code
from opensqt.api.exchange_shapes import NotBuilt
from opensqt.api.requests import OfNothing

NAMED = (Code.INVALID, Code.NOT_FOUND)
PAGED = (Code.INVALID,)
PRICED = (*NAMED, Code.UNAVAILABLE)
_ACTED = (*NAMED, Code.CONFLICT, Code.REFUSED, Code.UNAVAILABLE)
_ORDERED = (*_ACTED, Code.NOT_APPROVED, Code.INSUFFICIENT_FUNDS, Code.VENUE_REFUSED)

_Shape = tuple[type[CallRequest], type[CallReply]]


def reads(
    name: str,
    shape: _Shape,
    read: Callable[..., CallReply],
    summary: str,
    errors: tuple[Code, ...] = (),
) -> Call:
    """Return a call that looks."""
    return _row(name, shape, summary, errors=errors, read=read)


def acts(
    name: str,
    shape: _Shape,
    act: Callable[..., Awaitable[Acted[Any]]],
    scope: KeyScope,
    summary: str,
    errors: tuple[Code, ...] = _ACTED,
) -> Call:
    """Return a call that changes something."""
    return _row(name, shape, summary, scope=scope, errors=errors, act=act, once=True)


def orders(
    name: str, shape: _Shape, act: Callable[..., Awaitable[Acted[Any]]], summary: str
) -> Call:
    """Return a call that places or cancels orders."""
    return acts(name, shape, act, KeyScope.TRADE, summary, _ORDERED)


def hears(name: str, shape: _Shape, hear: Callable[..., CallReply | None], summary: str) -> Call:
    """Return a subscription."""
    return _row(name, shape, summary, errors=(Code.INVALID, Code.GONE), hear=hear)


def missing(name: str, why: str, scope: KeyScope = KeyScope.READ) -> Call:
    """Return a call whose part is not built yet, and why."""
    shape = (OfNothing, NotBuilt)
    summary = "not built yet"
    return _row(name, shape, summary, scope=scope, errors=(Code.UNIMPLEMENTED,), missing=why)


def _row(name: str, shape: _Shape, summary: str, **said: Any) -> Call:
    service, _, call = name.partition(".")
    filled = {"scope": KeyScope.READ} | said
    return Call(
        service=service, name=call, request=shape[0], reply=shape[1], summary=summary, **filled
    )
