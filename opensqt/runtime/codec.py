"""The border between domain values and protobuf bytes: the only reader of generated code.

Fields correspond by name. Every message travels inside a `Fact`, so its bytes name
themselves. A decimal travels as canonical text, an enum by its name; an unspecified enum, a
number that is not canonical or an unknown type is an error, never a default.
"""

import functools
import importlib
import json
import types
import typing
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Wire

from opensqt.domain.decimals import NotADecimal, canonical, parse
from opensqt.domain.messages import CATALOGUE, MODULES, Message, name_of

PACKAGE = "opensqt.v1"
SCHEMA_VERSION = 1


class Undecodable(ValueError):
    """Bytes that are not a message of the platform."""


class UnknownType(Undecodable):
    """A message type that this version of the platform does not know."""


def encode(message: Message) -> bytes:
    """Return the bytes of a message as an `opensqt.v1.Fact`; equal messages give equal bytes.

    Raises `NotADecimal` for a number of more than 38 digits, `ValueError` for an integer beyond its field.
    """
    fact = _FACT(**{_FACT_FIELD[name_of(message)]: _to_wire(message)})
    return bytes(fact.SerializeToString(deterministic=True))


def decode(data: bytes) -> Message:
    """Return the message of these bytes; raise `Undecodable` with the field and what is wrong.

    `UnknownType` says that the bytes are a fact which only a newer version knows.
    """
    fact = _FACT()
    try:
        fact.ParseFromString(data)
    except DecodeError as error:
        raise Undecodable(f"{len(data)} bytes are not a {PACKAGE}.Fact") from error
    field = fact.WhichOneof("fact")
    if field is None:
        raise UnknownType(f"{len(data)} bytes hold no fact that this version knows")
    return _from_wire(getattr(fact, field), _KIND_OF_FIELD[field])


def to_json(message: Message) -> dict[str, Any]:
    """Return a message as plain JSON values; decimals are strings."""
    plain: dict[str, Any] = json.loads(msgspec.json.encode(message))
    return plain


def _wire_classes() -> dict[str, type[Wire]]:
    classes: dict[str, type[Wire]] = {}
    for module in MODULES:
        generated = importlib.import_module(f"{PACKAGE}.{module}_pb2")
        for name in generated.DESCRIPTOR.message_types_by_name:
            classes[name] = getattr(generated, name)
    return classes


def _fact_class() -> Any:
    return importlib.import_module(f"{PACKAGE}.fact_pb2").Fact


_WIRE = _wire_classes()
_FACT = _fact_class()
_FACT_FIELD: dict[str, str] = {
    field.message_type.name: field.name for field in _FACT.DESCRIPTOR.fields
}
_KIND_OF_FIELD = {field: CATALOGUE[name] for name, field in _FACT_FIELD.items()}


class _Field(typing.NamedTuple):
    name: str
    put: Callable[[Any], Any]
    get: Callable[[Any], Any]
    kind: str  # value, message, values, messages


def _enum_names(kind: type[StrEnum]) -> tuple[dict[StrEnum, int], dict[int, StrEnum]]:
    prefix = "".join("_" + c if c.isupper() else c for c in kind.__name__).strip("_").upper()
    for wire in _WIRE.values():
        for field in wire.DESCRIPTOR.fields:
            if field.enum_type is not None and field.enum_type.name == kind.__name__:
                numbers = {
                    member: field.enum_type.values_by_name[f"{prefix}_{member.name}"].number
                    for member in kind
                }
                return numbers, {number: member for member, number in numbers.items()}
    raise LookupError(f"no protobuf enum for {kind.__name__}")


def _decimal(name: str, number: Decimal) -> str:
    # Bytes that no reader accepts must never get into the journal: what is written is read first.
    text = canonical(number)
    try:
        parse(text)
    except NotADecimal as error:
        raise NotADecimal(f"field {name}: {error}; round it before it is said") from error
    return text


def _identity(value: Any) -> Any:
    return value


def _field(name: str, annotation: Any) -> _Field:
    if typing.get_origin(annotation) is tuple:
        inner = _field(name, typing.get_args(annotation)[0])
        return inner._replace(kind="messages" if inner.kind == "message" else "values")
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        (annotation,) = (a for a in typing.get_args(annotation) if a is not types.NoneType)
    if annotation is Decimal:
        return _Field(name, functools.partial(_decimal, name), parse, "value")
    if issubclass(annotation, StrEnum):
        numbers, members = _enum_names(annotation)
        return _Field(name, numbers.__getitem__, members.__getitem__, "value")
    if issubclass(annotation, msgspec.Struct):
        part = annotation
        return _Field(name, _to_wire, lambda wire: _from_wire(wire, part), "message")
    return _Field(name, _identity, _identity, "value")


_FIELDS: dict[type[Message], tuple[_Field, ...]] = {}


def _fields(kind: type[Message]) -> tuple[_Field, ...]:
    fields = _FIELDS.get(kind)
    if fields is None:
        hints = typing.get_type_hints(kind)
        fields = tuple(_field(name, hints[name]) for name in kind.__struct_fields__)
        _FIELDS[kind] = fields
    return fields


def _to_wire(message: Message) -> Wire:
    values: dict[str, Any] = {}
    for field in _fields(type(message)):
        value = getattr(message, field.name)
        if value is None:
            continue
        if field.kind in ("values", "messages"):
            values[field.name] = [field.put(item) for item in value]
        else:
            values[field.name] = field.put(value)
    return _WIRE[name_of(message)](**values)


def _from_wire(wire: Any, kind: type[Message]) -> Message:
    values: dict[str, Any] = {}
    for field in _fields(kind):
        try:
            if field.kind in ("values", "messages"):
                values[field.name] = tuple(field.get(item) for item in getattr(wire, field.name))
            elif field.kind == "value" or wire.HasField(field.name):
                values[field.name] = field.get(getattr(wire, field.name))
        except (NotADecimal, KeyError) as error:
            raise Undecodable(f"{kind.__name__}.{field.name}: {error} is not allowed") from error
    try:
        return kind(**values)
    except TypeError as error:
        raise Undecodable(f"{kind.__name__}: {error}") from error
