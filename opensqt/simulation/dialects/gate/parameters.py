"""Reading the parameters of a call as Gate does, with its labels for what is missing or malformed; pages of lists."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.gate.errors import NO_INSTRUMENT, fault, wrong
from opensqt.simulation.dialects.gate.listing import NAMED_BY, SIZES_AS_TEXT, our_id
from opensqt.simulation.engine.records import Window
from opensqt.simulation.server.call import ApiCall, VenueError, text_of
from opensqt.simulation.server.context import VenueContext

NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
BODIES = msgspec.json.Decoder(float_hook=str)  # numbers keep their text
BATCH = "[]"  # under which the orders of a batch stand
BATCH_MAX, CANCELS_MAX = 10, 20
LIST_MAX = 1000
ALL = 1_000_000_000
Row = TypeVar("Row")


def read_body(body: str) -> dict[str, str]:
    """Return the parameters of a JSON body; the rows of a list stand under one name. Raises `VenueError`."""
    try:
        sent = BODIES.decode(body) if body else {}
    except (msgspec.DecodeError, RecursionError) as error:
        raise fault("INVALID_REQUEST_BODY", "Invalid request body") from error
    if isinstance(sent, list):
        return {BATCH: body}
    return (
        {str(name): text_of(value) for name, value in sent.items()}
        if isinstance(sent, dict)
        else {}
    )


def legs(call: ApiCall) -> list[ApiCall]:
    """Take a batch apart into the calls of its orders, or of the ids that it cancels; raise `VenueError`."""
    sent = BODIES.decode(call.text(BATCH) or "[]")
    cancels = call.path.endswith("cancel_batch_orders") or call.path.endswith("batch_cancel_orders")
    if not isinstance(sent, list) or not 0 < len(sent) <= (CANCELS_MAX if cancels else BATCH_MAX):
        raise fault("INVALID_REQUEST_BODY", "Invalid number of orders")
    found = []
    for one in sent:
        row = one if isinstance(one, dict) else {"order_id": one}
        told = {str(name): text_of(value) for name, value in row.items()}
        told |= {SIZES_AS_TEXT: call.text(SIZES_AS_TEXT)}
        told |= {"order_id": told["id"]} if cancels and "id" in told else {}
        found.append(msgspec.structs.replace(call, params=told))
    return found


def decimal(call: ApiCall, name: str) -> Decimal:
    """A mandatory decimal, which may be negative."""
    if NUMBER.fullmatch(call.text(name)) is None:
        raise wrong(name)
    return Decimal(call.text(name))


def integer(call: ApiCall, name: str, default: int = 0) -> int:
    """A whole number."""
    text = call.text(name)
    if text and not text.isdecimal():
        raise wrong(name)
    return int(text) if text else default


def instrument(context: VenueContext, call: ApiCall) -> InstrumentRules:
    """The instrument that a call names; raise `VenueError` where there is none."""
    found = context.directory.find(call.market, call.text(NAMED_BY[call.market]))
    if found is None:
        raise fault(*NO_INSTRUMENT[call.market])
    return found


def instruments(context: VenueContext, call: ApiCall) -> list[InstrumentRules]:
    """The instrument that a call names, else all of its market."""
    if call.text(NAMED_BY[call.market]):
        return [instrument(context, call)]
    return context.directory.of(call.market)


def ids_of(call: ApiCall) -> tuple[int | None, str]:
    """The id that a path or a row names: the venue's, else a client's without its mark."""
    named = call.text("order_id")
    return (int(named), "") if named.isdecimal() else (None, our_id(named))


def window_of(call: ApiCall) -> Window:
    """The seconds between which a list is asked for."""
    start_ms, end_ms = integer(call, "from") * 1000, integer(call, "to") * 1000
    return Window(start_ms=start_ms, end_ms=end_ms + 999 if end_ms else 0, limit=ALL)


def page(call: ApiCall, newest_first: Sequence[Row]) -> list[Row]:
    """One page of a list: spot counts pages, perpetuals rows."""
    limit = min(integer(call, "limit", 100), LIST_MAX)
    start = integer(call, "offset")
    if call.market is Market.SPOT:
        start = (max(1, integer(call, "page", 1)) - 1) * limit
    return list(newest_first[start : start + limit])


def unknown_route(_context: VenueContext, call: ApiCall) -> VenueError:
    """The answer where there is no such endpoint."""
    return fault("NOT_FOUND", f"the paper venue has no {call.method} {call.path}", 404)
