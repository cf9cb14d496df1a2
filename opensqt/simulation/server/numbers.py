"""How venues write numbers as text. It never computes."""

from decimal import ROUND_HALF_EVEN, Decimal

from opensqt.domain.decimals import EXACT


def digits(step: Decimal) -> int:
    """How many digits after the point a tick or step has."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def grid(number: Decimal, step: Decimal) -> str:
    """Write with as many digits after the point as a tick or step has."""
    grain = Decimal(1).scaleb(-digits(step))
    return format(number.quantize(grain, ROUND_HALF_EVEN, context=EXACT), "f")


def plain(number: Decimal) -> str:
    """Write without trailing zeros and without exponent."""
    return format(number.normalize(EXACT), "f") if number else "0"
