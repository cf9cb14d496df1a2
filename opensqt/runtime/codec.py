"""The border between domain values and protobuf bytes: the only reader of generated code.

Fields correspond by name. Every message travels inside a `Fact`, so its bytes name
themselves. A decimal travels as canonical text, an enum by its name; an unspecified enum, a
number that is not canonical or an unknown type is an error, never a default. Only a decimal that
was not written is the default that its type names, and one that has it is not written.
"""

import functools
import importlib
import json
import operator
import types
import typing
from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as Wire

from opensqt.domain.clean_text import encodable
from opensqt.domain.decimals import NotADecimal, canonical, parse
from opensqt.domain.messages import CATALOGUE, MODULES, Event, Instruction, Message, name_of

PACKAGE = "opensqt.v1"
SCHEMA_VERSION = 1
REMEMBERED_MAX = 2048  # decoded messages


class Undecodable(ValueError):
    """Bytes that are not a message of the platform."""


class UnknownType(Undecodable):
    """A message type that this version of the platform does not know."""


def encode(message: Message) -> bytes:
    """Return the bytes of a message as an `opensqt.v1.Fact`; equal messages give equal bytes.

    Raises `NotADecimal` for a number of more than 38 digits, `ValueError` for an integer beyond its field.
    """
    try:
        return _bytes(message)
    except UnicodeEncodeError:
        # Words of others may hold what has no UTF-8: they are replaced, nothing stops because of them.
        return _bytes(_encodable(message))


def _bytes(message: Message) -> bytes:
    kind = type(message)
    fact = _FACT(**{_FACT_FIELD[name_of(message)]: _plan(kind).write(message)})
    return bytes(fact.SerializeToString(deterministic=True))


def _encodable(value: Any) -> Any:
    """Return the same value with text that every reader takes."""
    match value:
        case StrEnum():
            return value
        case str():
            return encodable(value)
        case tuple():
            return tuple(map(_encodable, value))
        case msgspec.Struct():
            fields = msgspec.structs.asdict(value).items()
            return msgspec.structs.replace(value, **{name: _encodable(one) for name, one in fields})
        case _:
            return value


@functools.lru_cache(maxsize=REMEMBERED_MAX)
def decode(data: bytes) -> Message:
    """Return the message of these bytes; raise `Undecodable` with the field and what is wrong.

    `UnknownType` says that the bytes are a fact which only a newer version knows. The newest are remembered: several
    readers of one process get the same value, which nobody can change.
    """
    wire = _FACT()
    try:
        wire.ParseFromString(data)
    except DecodeError as error:
        raise Undecodable(f"{len(data)} bytes are not a {PACKAGE}.Fact") from error
    field = wire.WhichOneof("fact")
    if field is None:
        raise UnknownType(f"{len(data)} bytes hold no fact that this version knows")
    message: Message = _plan(_KIND_OF_FIELD[field]).read(getattr(wire, field))
    return message


def decode_event(data: bytes) -> Event:
    """Return the event of these bytes; raise `Undecodable` like `decode`, and for what one process asks of another."""
    message = decode(data)
    if isinstance(message, Instruction):
        raise Undecodable(f"a {name_of(message)} is an instruction, expected an event")
    return message


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
    optional: bool = False


class _Plan(typing.NamedTuple):
    """How one kind travels."""

    write: Callable[[Any], dict[str, Any]]
    read: Callable[[Any], Any]


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


def _written(default: Decimal, text: str) -> Decimal:
    return parse(text) if text else default


def _unless(default: Decimal, put: Callable[[Any], Any], number: Decimal) -> Any:
    # A field of later says nothing where it has its default: older bytes, read and written again, stay the same.
    return "" if number == default else put(number)


def _identity(value: Any) -> Any:
    return value


def _each(convert: Callable[[Any], Any], collect: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda values: collect(map(convert, values))


def _field(name: str, annotation: Any) -> _Field:
    if typing.get_origin(annotation) is tuple:
        inner = _field(name, typing.get_args(annotation)[0])
        kind = "messages" if inner.kind == "message" else "values"
        return _Field(name, _each(inner.put, list), _each(inner.get, tuple), kind)
    if typing.get_origin(annotation) in (types.UnionType, typing.Union):
        (annotation,) = (a for a in typing.get_args(annotation) if a is not types.NoneType)
        return _field(name, annotation)._replace(optional=True)
    if annotation is Decimal:
        return _Field(name, functools.partial(_decimal, name), parse, "value")
    if issubclass(annotation, StrEnum):
        numbers, members = _enum_names(annotation)
        return _Field(name, numbers.__getitem__, members.__getitem__, "value")
    if issubclass(annotation, msgspec.Struct):
        plan = _plan(annotation)
        return _Field(name, plan.write, plan.read, "message")
    return _Field(name, _identity, _identity, "value")


@functools.cache
def _plan(kind: type[msgspec.Struct]) -> _Plan:
    hints = typing.get_type_hints(kind)
    fields = [_field(name, hints[name]) for name in kind.__struct_fields__]
    later = {one.name: one.default for one in msgspec.structs.fields(kind)}
    fields = [
        each._replace(
            get=functools.partial(_written, default),
            put=functools.partial(_unless, default, each.put),
        )
        if isinstance(default := later[each.name], Decimal)
        else each
        for each in fields
    ]
    return _Plan(write=_writer(fields), read=_reader(kind, fields))


def _writer(fields: list[_Field]) -> Callable[[Any], dict[str, Any]]:
    """Return what makes keyword arguments of a value: fields are fetched at once, only some are converted."""
    names = tuple(field.name for field in fields)
    fetch = _fetcher(names)
    puts = [(field.name, field.put) for field in fields if field.put is not _identity]
    optional = [field.name for field in fields if field.optional]

    def write(message: Any) -> dict[str, Any]:
        values = dict(zip(names, fetch(message), strict=True))
        for name in optional:
            if values[name] is None:
                del values[name]
        for name, put in puts:
            if name in values:
                values[name] = put(values[name])
        return values

    if puts or optional:
        return write
    return lambda message: dict(zip(names, fetch(message), strict=True))


def _reader(kind: type[msgspec.Struct], fields: list[_Field]) -> Callable[[Any], Any]:
    """Return what makes a value of wire fields: they are fetched at once, only some are converted."""
    names = tuple(field.name for field in fields)
    fetch = _fetcher(names)
    # What the wire tells apart from its default: a part, or a value that may be missing.
    parts = [field for field in fields if field.kind == "message" or field.optional]
    told = [(field.name, field.get) for field in parts]
    gets = [
        (field.name, field.get)
        for field in fields
        if field.get is not _identity and field not in parts
    ]

    def read(wire: Any) -> msgspec.Struct:
        values = dict(zip(names, fetch(wire), strict=True))
        for name, get in told:
            if wire.HasField(name):
                values[name] = get(values[name])
            else:
                del values[name]
        name = ""
        try:
            for name, get in gets:
                values[name] = get(values[name])
        except (NotADecimal, KeyError) as error:
            raise Undecodable(f"{kind.__name__}.{name}: {error} is not allowed") from error
        try:
            return kind(**values)
        except TypeError as error:
            raise Undecodable(f"{kind.__name__}: {error}") from error

    if parts or gets:
        return read
    return lambda wire: kind(**dict(zip(names, fetch(wire), strict=True)))


def _fetcher(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)
