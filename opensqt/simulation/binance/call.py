"""One request to the venue: its parameters, who sent it, and how parameters are read. It never answers."""

import re
from decimal import Decimal, InvalidOperation

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.binance.errors import BAD_SYMBOL, VenueError, illegal, missing

NUMBER = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request after routing and, where needed, authentication; `account` is empty for public calls.

    Faults: reads do not see orders younger than `hidden_ms`, and see everything as it was `stale_ms` ago (market ms).
    """

    market: Market
    method: str
    path: str
    params: dict[str, str]
    account: str = ""
    hidden_ms: int = 0
    stale_ms: int = 0

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        return self.params.get(name, default)

    def required(self, name: str) -> str:
        """A parameter that must be there."""
        value = self.params.get(name, "")
        if not value:
            raise missing(name)
        return value

    def integer(self, name: str, default: int | None = None) -> int | None:
        """A whole number, or the default."""
        value = self.params.get(name)
        if value is None or value == "":
            return default
        if not re.fullmatch(r"-?\d{1,19}", value):
            raise illegal(name, r"^[0-9]{1,20}$")
        return int(value)

    def decimal(self, name: str) -> Decimal:
        """A mandatory decimal."""
        value = self.required(name)
        if re.fullmatch(NUMBER, value) is None:
            raise illegal(name, NUMBER)
        try:
            return Decimal(value)
        except InvalidOperation as error:
            raise illegal(name, NUMBER) from error

    def flag(self, name: str) -> bool:
        """A boolean parameter, false by default."""
        return self.params.get(name, "false").lower() == "true"


class Directory(msgspec.Struct, frozen=True):
    """Which instruments the venue has, by its own ids."""

    by_id: dict[tuple[Market, str], InstrumentRules]

    def rules(self, call: Call) -> InstrumentRules:
        """The instrument that a call names in `symbol`."""
        return self.find(call.market, call.required("symbol"))

    def find(self, market: Market, venue_symbol: str) -> InstrumentRules:
        """The instrument with this id; raise `VenueError` -1121 where there is none."""
        rules = self.by_id.get((market, venue_symbol.upper()))
        if rules is None:
            raise VenueError(*BAD_SYMBOL)
        return rules

    def of(self, market: Market) -> list[InstrumentRules]:
        """All instruments of a market."""
        return [rules for (owner, _), rules in self.by_id.items() if owner is market]


def directory(instruments: tuple[InstrumentRules, ...]) -> Directory:
    """Index instruments by market and venue id."""
    return Directory({(rules.market, rules.venue_symbol): rules for rules in instruments})
