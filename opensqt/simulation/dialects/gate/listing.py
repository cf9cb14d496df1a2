"""An instrument as Gate lists it, how many base units a contract is, and how ids and sizes are written. Pure."""

import zlib
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ONE, ceil_to
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.engine.orders import VenueOrder
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.numbers import plain

NAME = "gate"
SETTLE = "USDT"
SECTIONS = {Market.SPOT: "spot", Market.PERP: "futures"}
NAMED_BY = {Market.SPOT: "currency_pair", Market.PERP: "contract"}
# As Gate lists them, where they divide the step of the market that is played; of others a contract is that step.
CONTRACT_SIZES = {"BTC": Decimal("0.0001"), "ETH": Decimal("0.01")}
CONTRACTS_MAX = Decimal(1_000_000)
QUANTITY_MAX = Decimal(1_000_000)
OPEN_ORDERS_MAX = 100
OWN_TEXT = "t-"
NO_TEXT = {Market.SPOT: "apiv4", Market.PERP: "api"}
SIZES_AS_TEXT = "x-gate-size-decimal"  # a header; a parameter of calls that came with it
USERS = 10_000_000


def listed(rules: InstrumentRules) -> InstrumentRules:
    """Return the rules under Gate's name and id: perpetuals count whole contracts and ask for no notional."""
    name = f"{rules.base}_{rules.quote}"
    if rules.market is Market.SPOT:
        most = rules.quantity_max or QUANTITY_MAX
        return msgspec.structs.replace(
            rules, venue=NAME, venue_symbol=name, settle="", quantity_max=most, orders_max=0
        )
    size = CONTRACT_SIZES.get(rules.base, rules.quantity_step)
    if rules.quantity_step % size:
        size = rules.quantity_step
    return msgspec.structs.replace(
        rules,
        venue=NAME,
        venue_symbol=name,
        settle=rules.settle or rules.quote,
        contract_size=size,
        quantity_step=size,
        quantity_min=max(size, ceil_to(rules.quantity_min, size)),
        quantity_max=rules.quantity_max or EXACT.multiply(CONTRACTS_MAX, size),
        notional_min=Decimal(0),
        orders_max=rules.orders_max or OPEN_ORDERS_MAX,
    )


def contracts(rules: InstrumentRules, quantity: Decimal) -> Decimal:
    """Return a quantity of base units as Gate counts it."""
    return EXACT.divide(quantity, rules.contract_size)


def in_base_units(rules: InstrumentRules, number: Decimal) -> Decimal:
    """Return what Gate counts in base units."""
    return EXACT.multiply(number, rules.contract_size)


def sized(call: ApiCall, rules: InstrumentRules, quantity: Decimal) -> str | int:
    """Write a size: a number, or a text for who asks so by a header, as ccxt does."""
    size = contracts(rules, quantity)
    return plain(size) if call.text(SIZES_AS_TEXT) or size % ONE else int(size)


def text_of(order: VenueOrder) -> str:
    """The id that a client gave an order as Gate shows it; a word where he gave none."""
    if order.client_order_id == f"auto{order.order_id}":
        return NO_TEXT[order.market]
    return f"{OWN_TEXT}{order.client_order_id}"


def our_id(text: str) -> str:
    """The id of a client without its mark."""
    return text.removeprefix(OWN_TEXT)


def user_of(account: str) -> int:
    """The number of an account."""
    return USERS + zlib.crc32(account.encode()) % USERS
