"""Exact decimal numbers: the canonical text on the wire and rounding to a venue's grid. Never a float."""

import functools
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

DIGITS_MAX = 38
REMEMBERED_MAX = 4096  # texts that were read; the same few prices and sizes come again and again
CANONICAL = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")

ZERO = Decimal(0)
ONE = Decimal(1)
BPS = Decimal("0.0001")

# Wide enough that no product of two canonical numbers is ever rounded.
EXACT = Context(prec=80)


class NotADecimal(ValueError):
    """A text that is not a canonical decimal number."""


@functools.lru_cache(maxsize=REMEMBERED_MAX)
def parse(text: str) -> Decimal:
    """Read a canonical decimal; raise `NotADecimal` for exponents, NaN, signs or more than 38 digits."""
    if len(text) > DIGITS_MAX + 2 or CANONICAL.fullmatch(text) is None:
        raise NotADecimal(f"{text!r} is not a canonical decimal (expected digits like -12.50)")
    number = Decimal(text)
    if len(text) > DIGITS_MAX and len(number.as_tuple().digits) > DIGITS_MAX:
        raise NotADecimal(f"{text!r} has more than {DIGITS_MAX} digits")
    return number


def canonical(number: Decimal) -> str:
    """Write a decimal without exponent; trailing zeros are kept, minus zero is not."""
    if not number.is_finite():
        raise NotADecimal(f"{number} is not finite")
    text = format(number, "f")
    return text.removeprefix("-") if number.is_zero() else text


def from_foreign(value: object) -> Decimal:
    """Read a number of a foreign library (text, int or Decimal); a float is refused, it is not exact."""
    if isinstance(value, float):
        raise NotADecimal(f"{value!r} is a float; expected text, int or Decimal")
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise NotADecimal(f"{value!r} is not a number") from error
    if not number.is_finite():
        raise NotADecimal(f"{value!r} is not finite")
    return number


def floor_to(number: Decimal, step: Decimal) -> Decimal:
    """Round down to a multiple of `step` (> 0)."""
    return _to_step(number, step, ROUND_FLOOR)


def ceil_to(number: Decimal, step: Decimal) -> Decimal:
    """Round up to a multiple of `step` (> 0)."""
    return _to_step(number, step, ROUND_CEILING)


def nearest_to(number: Decimal, step: Decimal) -> Decimal:
    """Round to the nearest multiple of `step` (> 0), ties to the even multiple."""
    return _to_step(number, step, ROUND_HALF_EVEN)


def _to_step(number: Decimal, step: Decimal, rounding: str) -> Decimal:
    if step <= 0:
        raise NotADecimal(f"step {step} must be above zero")
    multiple = EXACT.divide(number, step).to_integral_value(rounding=rounding)
    return EXACT.multiply(multiple, step)
