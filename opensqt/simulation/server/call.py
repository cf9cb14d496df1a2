"""One request to the venue: its parameters, who sent it, and how parameters are read. It never answers."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.binance.errors import BAD_SYMBOL, VenueError, illegal, missing

NUMBER = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"


class ApiCall(msgspec.Struct, frozen=True, kw_only=True):
    """A request after routing and, where needed, authentication; `account` is empty for public calls.

    Faults: reads do not see orders younger than `hidden_ms`, and see everything as it was `stale_ms` ago (market ms);
    `skew_ms` is how far the venue's clock is ahead, `closed` that the venue is in maintenance.
    """

    market: Market
    method: str
    path: str
    params: dict[str, str]
    account: str = ""
    hidden_ms: int = 0
    stale_ms: int = 0
    skew_ms: int = 0
    closed: bool = False

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


class SymbolMap(msgspec.Struct, frozen=True):
    """Which instruments the venue has, by its own ids, with the rules of this moment."""

    known: Mapping[str, InstrumentRules]
    by_id: dict[tuple[Market, str], str]

    def rules(self, call: ApiCall) -> InstrumentRules:
        """The instrument that a call names in `symbol`."""
        return self.find(call.market, call.required("symbol"))

    def find(self, market: Market, venue_symbol: str) -> InstrumentRules:
        """The instrument with this id; raise `VenueError` -1121 where there is none."""
        symbol = self.by_id.get((market, venue_symbol.upper()))
        if symbol is None:
            raise VenueError(*BAD_SYMBOL)
        return self.known[symbol]

    def of(self, market: Market) -> list[InstrumentRules]:
        """All instruments of a market."""
        return [rules for rules in self.known.values() if rules.market is market]


def directory(known: Mapping[str, InstrumentRules]) -> SymbolMap:
    """Index instruments by market and venue id; `known` may change its rules, not its symbols."""
    ids = {(rules.market, rules.venue_symbol): symbol for symbol, rules in known.items()}
    return SymbolMap(known, ids)
