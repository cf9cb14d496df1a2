"""Figures of values that never change: worked out when first asked for, then remembered. Pure.

Never use it where what it is worked out from can change. The value's class needs `dict=True`; copies remember nothing.
"""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")
Figure = TypeVar("Figure")


class cached(Generic[Value, Figure]):  # noqa: N801  # reads like `property`
    """A property that is computed once for each value; like `functools.cached_property`, at half its price."""

    def __init__(self, compute: Callable[[Value], Figure]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, value: None, owner: object = None) -> Self: ...

    @overload
    def __get__(self, value: Value, owner: object = None) -> Figure: ...

    def __get__(self, value: Any, owner: object = None) -> Any:
        if value is None:
            return self
        found = value.__dict__[self._name] = self._compute(value)
        return found
