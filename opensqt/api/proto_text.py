"""The table as a protobuf contract: `python -m opensqt.api.proto_text` prints what `make proto` compiles.

A field's number is its place in its struct, so structs grow at their ends; `buf breaking` refuses anything else.
Decimals and times travel as text, as everywhere. Each call has messages of its own, which parts of answers share.
"""

import sys
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from opensqt.api.call import Call
from opensqt.api.calls import CALLS

PACKAGE = "opensqt.api.v1"
PATH = "opensqt/api/v1/calls.proto"
_HEAD = """// The calls of a desk. Made of the table in opensqt/api/calls.py by `make proto`; not edited by hand.
syntax = "proto3";

package opensqt.api.v1;
"""
_SCALARS = {str: "string", int: "int64", bool: "bool", Decimal: "string", datetime: "string"}
Shape = type[msgspec.Struct]


def text(calls: Mapping[str, Call]) -> str:
    """Return the file of this table."""
    services: dict[str, list[Call]] = {}
    for call in calls.values():
        services.setdefault(call.service, []).append(call)
    parts = [_HEAD, *(_service(name, rows) for name, rows in services.items())]
    for call in calls.values():
        parts.append(_message(request_name(call), f"Asks {call.path}.", call.request))
        parts.append(_message(reply_name(call), f"Answers {call.path}.", call.reply))
    shapes = [one for call in calls.values() for one in (call.request, call.reply)]
    nested = sorted(_parts(shapes), key=lambda one: one.__name__)
    parts += [_message(part.__name__, _summary(part), part) for part in nested]
    return "\n".join(parts)


def request_name(call: Call) -> str:
    """Return the message that asks a call."""
    return f"{call.service}{call.name}Request"


def reply_name(call: Call) -> str:
    """Return the message that answers a call."""
    return f"{call.service}{call.name}Response"


def fields(shape: Shape) -> dict[str, Any]:
    """Return the fields of a struct in their order, with their types."""
    hints = typing.get_type_hints(shape)
    return {name: hints[name] for name in shape.__struct_fields__}


def _service(name: str, calls: Iterable[Call]) -> str:
    lines = [f"// {name} of a desk.", f"service {name} {{"]
    for call in calls:
        stream = "stream " if call.streams else ""
        lines.append(f"  // {call.summary[:1].upper()}{call.summary[1:]}. Scope: {call.scope}.")
        lines.append(
            f"  rpc {call.name}({request_name(call)}) returns ({stream}{reply_name(call)});"
        )
    return "\n".join([*lines, "}", ""])


def _message(name: str, comment: str, shape: Shape) -> str:
    rows = [
        f"  {_kind(kind)} {field} = {number};"
        for number, (field, kind) in enumerate(fields(shape).items(), start=1)
    ]
    body = ["{", *rows, "}"] if rows else ["{}"]
    return "\n".join([f"// {comment}", f"message {name} {body[0]}", *body[1:], ""])


def _kind(kind: Any) -> str:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is typing.Annotated:
        return _kind(inner[0])
    if origin is tuple:
        return f"repeated {_kind(inner[0])}"
    if origin is dict:
        return f"map<string, {_kind(inner[1])}>"
    if origin in (types.UnionType, typing.Union):
        (one,) = (part for part in inner if part is not type(None))
        return f"optional {_kind(one)}"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "string"
    return _SCALARS.get(kind) or str(kind.__name__)


def _parts(shapes: Iterable[Shape]) -> set[Shape]:
    found: set[Shape] = set()
    ahead = [part for shape in shapes for part in _nested(shape)]
    while ahead:
        part = ahead.pop()
        if part not in found:
            found.add(part)
            ahead += _nested(part)
    return found


def _nested(shape: Shape) -> Iterator[Shape]:
    for kind in fields(shape).values():
        for one in (kind, *typing.get_args(kind)):
            if isinstance(one, type) and issubclass(one, msgspec.Struct):
                yield one


def _summary(shape: Shape) -> str:
    return (shape.__doc__ or shape.__name__).strip().splitlines()[0]


if __name__ == "__main__":
    sys.stdout.write(text(CALLS))
