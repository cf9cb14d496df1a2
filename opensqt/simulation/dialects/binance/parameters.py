"""Reading the parameters of a call as Binance does, with its codes for what is missing or malformed."""

import re
from decimal import Decimal, InvalidOperation

from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.dialects.binance.errors import BAD_SYMBOL, illegal, missing
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import VenueContext

NUMBER = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"


def required(call: ApiCall, name: str) -> str:
    """A parameter that must be there."""
    value = call.text(name)
    if not value:
        raise missing(name)
    return value


def integer(call: ApiCall, name: str) -> int | None:
    """A whole number, None where it was not sent."""
    value = call.text(name)
    if not value:
        return None
    if not re.fullmatch(r"-?\d{1,19}", value):
        raise illegal(name, r"^[0-9]{1,20}$")
    return int(value)


def decimal(call: ApiCall, name: str) -> Decimal:
    """A mandatory decimal."""
    value = required(call, name)
    if re.fullmatch(NUMBER, value) is None:
        raise illegal(name, NUMBER)
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise illegal(name, NUMBER) from error


def flag(call: ApiCall, name: str) -> bool:
    """A boolean parameter, false by default."""
    return call.text(name, "false").lower() == "true"


def instrument(context: VenueContext, call: ApiCall) -> InstrumentRules:
    """The instrument that a call names in `symbol`; raise `VenueError` -1121 where there is none."""
    found = context.directory.find(call.market, required(call, "symbol"))
    if found is None:
        raise VenueError(*BAD_SYMBOL)
    return found


def instruments(context: VenueContext, call: ApiCall) -> list[InstrumentRules]:
    """The instrument that a call names, or all of its market."""
    return [instrument(context, call)] if call.text("symbol") else context.directory.of(call.market)
