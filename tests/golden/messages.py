"""One fixed and one arbitrary value of every message, made from its type hints alone."""

import types
import typing
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec
from hypothesis import strategies as st

from opensqt.domain.messages import TRAVELLING, Message

INT64_MAX = 2**63 - 1
INT32_MAX = 2**31 - 1
SMALL = frozenset({"attempt", "interval_hours"})  # int32 on the wire

DECIMALS = st.integers(min_value=0, max_value=18).flatmap(
    lambda places: st.decimals(
        min_value=Decimal(-(10**12)),
        max_value=Decimal(10**12),
        allow_nan=False,
        allow_infinity=False,
        places=places,
    )
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def kinds() -> list[type[Message]]:
    """Every message that travels, in the order of the alphabet."""
    return [TRAVELLING[name] for name in sorted(TRAVELLING)]


def sample(kind: type[Message]) -> Message:
    """The fixed value: every field set, each different from its default."""
    hints = typing.get_type_hints(kind)
    return kind(**{name: _sample(name, hints[name]) for name in kind.__struct_fields__})


def arbitrary(kind: type[Message]) -> st.SearchStrategy[Message]:
    """Any value of a message."""
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{name: _any(name, hints[name]) for name in kind.__struct_fields__})


def plain(annotation: Any) -> tuple[str, Any]:
    """Split a field's annotation into its shape (one, maybe, many) and what it holds."""
    if typing.get_origin(annotation) is tuple:
        return "many", typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in {types.UnionType, typing.Union}:
        (inner,) = (one for one in typing.get_args(annotation) if one is not types.NoneType)
        return "maybe", inner
    return "one", annotation


def _sample(name: str, annotation: Any) -> Any:
    shape, held = plain(annotation)
    if held is Decimal:
        value: Any = Decimal("-1.5") if name.startswith("realized") else Decimal("0.00000001")
    elif held is bool:
        value = True
    elif held is int:
        value = (7 if name in SMALL else 1_700_000_000_000) + len(name)
    elif held is str:
        value = f"{name}: BTC/USDT:USDT é"
    elif issubclass(held, StrEnum):
        value = list(held)[-1]
    elif issubclass(held, msgspec.Struct):
        value = sample(held)
    else:
        raise TypeError(f"{name}: no sample for {annotation}")
    return (value, value) if shape == "many" else value


def _any(name: str, annotation: Any) -> st.SearchStrategy[Any]:
    shape, held = plain(annotation)
    if held is Decimal:
        found: st.SearchStrategy[Any] = DECIMALS
    elif held is bool:
        found = st.booleans()
    elif held is int:
        most = INT32_MAX if name in SMALL else INT64_MAX
        found = st.integers(min_value=-most, max_value=most)
    elif held is str:
        found = TEXTS
    elif issubclass(held, StrEnum):
        found = st.sampled_from(list(held))
    else:
        found = arbitrary(held)
    if shape == "many":
        return st.lists(found, max_size=3).map(tuple)
    return st.none() | found if shape == "maybe" else found
