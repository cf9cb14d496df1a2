"""Reading the parameters of a call as Bybit does, with its codes for what is missing or malformed."""

import re
from decimal import Decimal

from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.dialects.bybit.errors import BAD_SYMBOL, fault, wrong
from opensqt.simulation.dialects.bybit.listing import MARKETS
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import VenueContext

NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")


def required(call: ApiCall, name: str) -> str:
    """A parameter that must be there."""
    if not call.text(name):
        raise wrong(f"{name} is missing")
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
    """The instrument that a call names; raise `VenueError` where there is none."""
    found = context.directory.find(call.market, required(call, "symbol"))
    if found is None:
        raise fault(*BAD_SYMBOL[call.market])
    return found


def instruments(context: VenueContext, call: ApiCall) -> list[InstrumentRules]:
    """The instrument that a call names, or those of its market (that settle in a coin, if it names one)."""
    if call.text("category", "linear") not in MARKETS:
        return []  # options and inverse contracts are not played here
    if call.text("symbol"):
        return [instrument(context, call)]
    coin = call.text("settleCoin")
    return [
        rules for rules in context.directory.of(call.market) if not coin or rules.settles_in == coin
    ]
