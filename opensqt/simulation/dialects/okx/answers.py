"""The envelope around every answer of OKX, and lists that come newest first. Shapes only."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.okx.errors import NO_INSTRUMENT
from opensqt.simulation.dialects.okx.listing import KINDS
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import VenueContext

Json = dict[str, object]
LIST_MAX = 100
ALL = 1_000_000_000
MARKETS = {kind: market for market, kind in KINDS.items()}
Row = TypeVar("Row")


def good(rows: Sequence[object], code: str = "0") -> Json:
    """A good answer; `code` tells where orders of it failed."""
    return {"code": code, "msg": "", "data": rows}


def integer(call: ApiCall, name: str) -> int:
    """A whole number, 0 where it was not sent; raise `VenueError`."""
    text = call.text(name) or "0"
    if not text.isdigit():
        raise VenueError(51000, f"Parameter {name} error", 400)
    return int(text)


def page(call: ApiCall, found: Sequence[Row], key: Callable[[Row], int]) -> list[Row]:
    """Return the newest rows that `before`, `after` and `limit` let through, newest first; `found` is ascending."""
    newer, older = integer(call, "before"), integer(call, "after")
    chosen = [row for row in found if key(row) > newer and (not older or key(row) < older)]
    return chosen[::-1][: min(integer(call, "limit") or LIST_MAX, LIST_MAX)]


def instrument(context: VenueContext, call: ApiCall) -> InstrumentRules:
    """The instrument that a read names in `instId`; raise `VenueError` where there is none."""
    found = context.directory.find(call.market, call.text("instId"))
    if found is None:
        raise VenueError(*NO_INSTRUMENT, 400)
    return found


def instruments(context: VenueContext, call: ApiCall) -> list[InstrumentRules]:
    """The instrument that a read names, else all of the type that it names, else all."""
    if call.text("instId") not in ("", "ANY"):
        return [instrument(context, call)]
    kind = call.text("instType")
    markets = list(Market) if kind in ("", "ANY") else [MARKETS[kind]] if kind in MARKETS else []
    return [rules for market in markets for rules in context.directory.of(market)]
