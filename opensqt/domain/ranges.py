"""The numbers that a field of a configuration may hold, and what a table of one is. Values only."""

from decimal import Decimal
from typing import Annotated

import msgspec


class Range(msgspec.Struct, frozen=True):
    """The numbers a field may hold; `above` and `below` are excluded, `least` and `most` are included."""

    above: str = ""
    least: str = ""
    below: str = ""
    most: str = ""

    def holds(self, number: Decimal | int) -> bool:
        """Say whether the number lies inside."""
        return not (
            (self.above and number <= Decimal(self.above))
            or (self.least and number < Decimal(self.least))
            or (self.below and number >= Decimal(self.below))
            or (self.most and number > Decimal(self.most))
        )

    def text(self) -> str:
        """Describe the range in words."""
        words = (
            ("above", self.above),
            ("at least", self.least),
            ("below", self.below),
            ("at most", self.most),
        )
        return " and ".join(f"{word} {limit}" for word, limit in words if limit)


Positive = Annotated[Decimal, Range(above="0")]
NotNegative = Annotated[Decimal, Range(least="0")]
Share = Annotated[Decimal, Range(above="0", most="1")]
Count = Annotated[int, Range(least="0", most="1000")]
SpanMs = Annotated[int, Range(least="1", most="3600000")]
# The `now` of a strategy moves in steps of 100 ms: a shorter life is over before anybody has judged the intent.
ValidForMs = Annotated[int, Range(least="200", most="3600000")]
PRICE_COLLAR_BPS_MOST = "5000"
PriceCollarBps = Annotated[Decimal, Range(above="0", most=PRICE_COLLAR_BPS_MOST)]


class ConfigTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the configuration; unknown keys are errors."""
