"""The codec: every message survives the wire exactly, agrees with its proto, and keeps its golden bytes."""

import importlib
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opensqt.domain.account import BalanceChanged
from opensqt.domain.decimals import NotADecimal, from_foreign
from opensqt.domain.market import Mark, Time
from opensqt.domain.messages import CATALOGUE, MODULES, PARTS, TRAVELLING, Message, name_of
from opensqt.domain.order_events import Accepted
from opensqt.runtime.codec import Undecodable, UnknownType, decode, encode, to_json
from tests.golden.messages import arbitrary, kinds, plain, sample
from tests.golden.write import read

NAMES = sorted(CATALOGUE)


def wire_of(name: str) -> Any:
    """The protobuf descriptor of a message."""
    for module in MODULES:
        generated = importlib.import_module(f"opensqt.v1.{module}_pb2")
        if name in generated.DESCRIPTOR.message_types_by_name:
            return generated.DESCRIPTOR.message_types_by_name[name]
    pytest.fail(f"no protobuf message {name}")


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
@pytest.mark.row("A01")
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_message_survives_the_wire_exactly(kind: type[Message], data: st.DataObject) -> None:
    """Decimals, texts, times and enums come back equal; encoding is a function of the value."""
    message = data.draw(arbitrary(kind))
    coded = encode(message)
    assert decode(coded) == message
    assert encode(decode(coded)) == coded


@pytest.mark.row("A01")
def test_the_smallest_quantity_and_trailing_zeros_survive() -> None:
    """1e-8 is 0.00000001 on the wire and back, and 0.01250 keeps its zero."""
    mark = Mark(
        venue="binance",
        symbol="BTC/USDT",
        mark_price=Decimal("1e-8"),
        index_price=Decimal("0.01250"),
        time_ms=1,
    )
    assert b"0.00000001" in encode(mark)
    found = decode(encode(mark))
    assert isinstance(found, Mark)
    assert str(found.index_price) == "0.01250"
    assert to_json(found)["mark_price"] == "1E-8" or to_json(found)["mark_price"] == "0.00000001"


@pytest.mark.row("A01")
@pytest.mark.parametrize(
    "number", [Decimal("NaN"), Decimal("Infinity"), Decimal(10) ** 40, Decimal(1) / 3**40]
)
def test_a_number_that_no_reader_accepts_is_never_written(number: Decimal) -> None:
    """Encoding refuses what decoding would refuse."""
    mark = Mark(
        venue="binance", symbol="BTC/USDT", mark_price=number, index_price=Decimal(1), time_ms=1
    )
    with pytest.raises(NotADecimal):
        encode(mark)


@pytest.mark.row("A01")
@given(st.floats())
def test_no_float_enters_the_domain(number: float) -> None:
    """A float of a foreign library is refused at the door, and no message has a place for one."""
    with pytest.raises(NotADecimal, match="float"):
        from_foreign(number)
    fields = {hint for kind in kinds() for hint in get_type_hints(kind).values()}
    assert [hint for hint in fields if "float" in str(hint)] == []


@pytest.mark.row("A02")
@pytest.mark.parametrize(
    "order_id", ["1321052b-8c1c-4a1b-9c9d-6b7f0ad3e0f1", "9223372036854775808", "0012"]
)
def test_venue_order_ids_are_opaque_text(order_id: str) -> None:
    """A UUID, a number beyond int64 and leading zeros come back letter by letter."""
    accepted = sample(Accepted)
    found = decode(encode(accepted.__class__(**{**fields(accepted), "venue_order_id": order_id})))
    assert isinstance(found, Accepted)
    assert found.venue_order_id == order_id


@pytest.mark.parametrize("name", NAMES)
def test_struct_and_proto_have_the_same_fields_and_types(name: str) -> None:
    """Names correspond one to one; decimals and texts are strings, integers int64 or int32."""
    hints = get_type_hints(CATALOGUE[name])
    wire = wire_of(name)
    assert {field.name for field in wire.fields} == set(CATALOGUE[name].__struct_fields__)
    for field in wire.fields:
        shape, held = plain(hints[field.name])
        assert field.is_repeated == (shape == "many"), field.name
        assert type_name(field) == expected(held), field.name
        # An absent scalar would come back as its zero, but for one that is declared optional.
        assert shape != "maybe" or field.has_presence, field.name


def type_name(field: Any) -> str:
    """The type of a protobuf field: a scalar's name, or that of its enum or message."""
    if field.enum_type is not None:
        return str(field.enum_type.name)
    if field.message_type is not None:
        return str(field.message_type.name)
    scalars = {
        field.TYPE_STRING: "string",
        field.TYPE_BOOL: "bool",
        field.TYPE_INT64: "int",
        field.TYPE_INT32: "int",
    }
    return scalars[field.type]


def expected(held: Any) -> str:
    """The protobuf type that a Python type corresponds to."""
    scalars = {Decimal: "string", str: "string", bool: "bool", int: "int"}
    return scalars.get(held) or str(held.__name__)


def fields(message: Message) -> dict[str, Any]:
    """The fields of a message by name."""
    return {name: getattr(message, name) for name in message.__struct_fields__}


@pytest.mark.parametrize("name", NAMES)
def test_every_enum_member_has_a_number_and_zero_is_unspecified(name: str) -> None:
    """Members correspond one to one, and 0 never means anything."""
    hints = get_type_hints(CATALOGUE[name])
    for field in wire_of(name).fields:
        _, held = plain(hints[field.name])
        if isinstance(held, type) and issubclass(held, StrEnum):
            numbers = {value.name: value.number for value in field.enum_type.values}
            assert len(numbers) == len(held) + 1
            assert field.enum_type.values_by_number[0].name.endswith("_UNSPECIFIED")


def test_catalogue_and_proto_hold_the_same_messages() -> None:
    """No proto without a struct, no struct without a proto, parts never travel."""
    found = {
        name
        for module in MODULES
        for name in importlib.import_module(
            f"opensqt.v1.{module}_pb2"
        ).DESCRIPTOR.message_types_by_name
    }
    assert found == set(CATALOGUE)
    assert not PARTS.intersection(TRAVELLING)


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_golden_bytes_have_not_changed(kind: type[Message]) -> None:
    """Old bytes live in journals for ever: what they said, they still say."""
    golden = read()[kind.__name__]
    assert encode(sample(kind)).hex() == golden
    assert decode(bytes.fromhex(golden)) == sample(kind)


def test_golden_bytes_cover_every_message_and_no_other() -> None:
    """A new message needs golden bytes: python -m tests.golden.write."""
    assert set(read()) == set(TRAVELLING)


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_foreign_bytes_are_refused_or_understood_but_never_crash(data: bytes) -> None:
    """Any bytes are a message or `Undecodable`."""
    try:
        message = decode(data)
    except Undecodable:
        return
    assert name_of(message) in TRAVELLING


@pytest.mark.parametrize("data", [b"", b"\xfa\x3f\x00"])
def test_a_fact_of_a_newer_version_is_an_unknown_type(data: bytes) -> None:
    """Bytes that hold no known fact are told apart from garbage."""
    with pytest.raises(UnknownType):
        decode(data)


@pytest.mark.parametrize("text", ["1e5", "+1", "01", "1.", ".5", "", "NaN", "-", "1,0", "1" * 39])
def test_a_number_that_is_not_canonical_is_refused_with_its_field(text: str) -> None:
    """Canonical text only: no exponent, no sign, no padding, at most 38 digits."""
    change = sample(BalanceChanged)
    number = next(name for name, held in get_type_hints(BalanceChanged).items() if held is Decimal)
    coded = encode(change.__class__(**{**fields(change), number: Decimal("7.125")}))
    broken = replaced(coded, number, text)
    with pytest.raises(Undecodable, match=number):
        decode(broken)


def replaced(coded: bytes, field: str, text: str) -> bytes:
    """The bytes of a balance change with one field's text exchanged."""
    fact = importlib.import_module("opensqt.v1.fact_pb2").Fact()
    fact.ParseFromString(coded)
    setattr(getattr(fact, fact.WhichOneof("fact")), field, text)
    return bytes(fact.SerializeToString())


def test_an_unspecified_enum_is_refused() -> None:
    """A missing enum is an error, never a default."""
    fact = importlib.import_module("opensqt.v1.fact_pb2").Fact()
    fact.ParseFromString(bytes.fromhex(read()["Trade"]))
    fact.trade.ClearField("taker")
    with pytest.raises(Undecodable, match="taker"):
        decode(fact.SerializeToString())


def test_json_is_plain() -> None:
    """Decimals are strings, times whole numbers."""
    assert to_json(Time(time_ms=5)) == {"time_ms": 5}
