"""One request to the venue: as it came, as its dialect has read it, and the answer. It decides nothing."""

from collections.abc import Mapping

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request as it came; the names of `headers` are matched whatever their case."""

    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; `lost` means that the connection is dropped instead, `delay_ms` (wall) that it comes late."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    lost: bool = False
    delay_ms: int = 0


class VenueError(Exception):
    """A refusal in the words of a dialect: code (a number or a word) and text, with HTTP status and headers."""

    def __init__(
        self,
        code: int | str,
        message: str,
        status: int = 400,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}


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


def text_of(value: object) -> str:
    """Write a JSON value as a parameter."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


class SymbolMap(msgspec.Struct, frozen=True):
    """Which instruments the venue has, by its own ids, with the rules of this moment."""

    known: Mapping[str, InstrumentRules]
    by_id: dict[tuple[Market, str], str]

    def find(self, market: Market, venue_symbol: str) -> InstrumentRules | None:
        """The instrument with this id, None where there is none."""
        symbol = self.by_id.get((market, venue_symbol.upper()))
        return None if symbol is None else self.known[symbol]

    def of(self, market: Market) -> list[InstrumentRules]:
        """All instruments of a market."""
        return [rules for rules in self.known.values() if rules.market is market]


def directory(known: Mapping[str, InstrumentRules]) -> SymbolMap:
    """Index instruments by market and venue id; `known` may change its rules, not its symbols."""
    ids = {(rules.market, rules.venue_symbol): symbol for symbol, rules in known.items()}
    return SymbolMap(known, ids)
