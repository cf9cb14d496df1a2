"""The envelope of every answer, pages of lists, and reading parameters as Bitget does. Shapes only."""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.bitget.errors import GOOD, NO_SYMBOL, wrong
from opensqt.simulation.dialects.bitget.listing import MARKETS, category_of
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import Handler, VenueContext

Json = dict[str, object]
NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
PAGE_MAX = 100
ALL = 1_000_000_000


def enveloped(endpoint: Callable[[VenueContext, ApiCall], object]) -> Handler:
    """Let an endpoint answer as all do."""

    def answer(context: VenueContext, call: ApiCall) -> object:
        data = endpoint(context, call)
        now_ms = context.now_ms() + call.skew_ms
        return {"code": GOOD, "msg": "success", "requestTime": now_ms, "data": data}

    return answer


def page(call: ApiCall, rows: Sequence[Json], name: str) -> Json:
    """One page of a list, newest first: the cursor is the id behind which it goes on, under this name in a row."""
    before = integer(call, "cursor", 0)
    named = sorted(((int(str(row[name])), row) for row in rows), key=lambda one: -one[0])
    older = [one for one in named if not before or one[0] < before]
    shown = older[: min(integer(call, "limit", PAGE_MAX), PAGE_MAX)]
    last = str(shown[-1][0]) if shown else None
    return {"list": [row for _, row in shown], "cursor": last}


def required(call: ApiCall, name: str) -> str:
    """A parameter that must be there."""
    if not call.text(name):
        raise wrong(f"{name} cannot be empty")
    return call.text(name)


def decimal(call: ApiCall, name: str) -> Decimal:
    """A mandatory decimal."""
    value = required(call, name)
    if NUMBER.fullmatch(value) is None:
        raise wrong(f"{name} {value}")
    return Decimal(value)


def integer(call: ApiCall, name: str, default: int) -> int:
    """A whole number."""
    value = call.text(name)
    if value and not re.fullmatch(r"\d{1,19}", value):
        raise wrong(f"{name} {value}")
    return int(value or default)


def instrument(context: VenueContext, call: ApiCall) -> InstrumentRules:
    """The instrument that a call names, of the category that it names (else of any); raise `VenueError`."""
    name, category = required(call, "symbol"), call.text("category")
    markets = [MARKETS[category]] if category in MARKETS else [] if category else list(Market)
    for market in reversed(markets):  # a symbol alone is that of a perpetual
        found = context.directory.find(market, name)
        if found is not None and category in ("", category_of(found)):
            return found
    raise VenueError(*NO_SYMBOL)


def instruments(context: VenueContext, call: ApiCall) -> list[InstrumentRules]:
    """The instrument that a call names, or those of its category, or all."""
    if call.text("symbol"):
        return [instrument(context, call)]
    category = call.text("category")
    return [
        rules for rules in context.directory.known.values() if category in ("", category_of(rules))
    ]
