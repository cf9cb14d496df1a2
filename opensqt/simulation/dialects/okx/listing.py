"""An instrument as OKX lists it: its name here, and how many base units a contract of it is. Pure."""

from decimal import Decimal

from opensqt.domain.decimals import EXACT, ONE, ceil_to
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.server.numbers import plain

NAME = "okx"
KINDS = {Market.SPOT: "SPOT", Market.PERP: "SWAP"}
# As OKX lists them; of others a contract is one unit.
CONTRACT_SIZES = {
    "BTC": Decimal("0.01"),
    "ETH": Decimal("0.1"),
    "DOGE": Decimal(1000),
    "XRP": Decimal(100),
}
QUANTITY_MAX = Decimal(100_000_000)
OPEN_ORDERS_MAX = 500


def listed(rules: InstrumentRules) -> InstrumentRules:
    """Return the rules under OKX's name and id: no notional is asked for, no price is bounded."""
    perp = rules.market is Market.PERP
    names = [rules.base, rules.quote, *(["SWAP"] if perp else [])]
    size = CONTRACT_SIZES.get(rules.base, ONE) if perp else ONE
    return InstrumentRules(
        venue=NAME,
        symbol=rules.symbol,
        market=rules.market,
        venue_symbol="-".join(names),
        base=rules.base,
        quote=rules.quote,
        settle=rules.settle or (rules.quote if perp else ""),
        tick_size=rules.tick_size,
        quantity_step=rules.quantity_step,
        quantity_min=max(rules.quantity_step, ceil_to(rules.quantity_min, rules.quantity_step)),
        quantity_max=rules.quantity_max or QUANTITY_MAX,
        notional_min=Decimal(0),
        orders_max=rules.orders_max or OPEN_ORDERS_MAX,
        maker_fee=rules.maker_fee,
        taker_fee=rules.taker_fee,
        contract_size=size,
        time_ms=rules.time_ms,
    )


def counted(rules: InstrumentRules, quantity: Decimal) -> str:
    """Write a quantity of base units as OKX counts it."""
    return plain(EXACT.divide(quantity, rules.contract_size))


def in_base_units(rules: InstrumentRules, number: Decimal) -> Decimal:
    """Return what OKX counts in base units."""
    return EXACT.multiply(number, rules.contract_size)


def family(rules: InstrumentRules) -> str:
    """The family of an instrument, by which its index is named, too."""
    return f"{rules.base}-{rules.quote}"


def instrument_row(rules: InstrumentRules, *, closed: bool) -> dict[str, object]:
    """A row of GET public/instruments."""
    perp = rules.market is Market.PERP
    return {
        "instType": KINDS[rules.market],
        "instId": rules.venue_symbol,
        "instFamily": family(rules) if perp else "",
        "uly": family(rules) if perp else "",
        "category": "1",
        "baseCcy": "" if perp else rules.base,
        "quoteCcy": "" if perp else rules.quote,
        "settleCcy": rules.settles_in if perp else "",
        "ctVal": plain(rules.contract_size) if perp else "",
        "ctMult": "1" if perp else "",
        "ctValCcy": rules.base if perp else "",
        "ctType": "linear" if perp else "",
        "optType": "",
        "stk": "",
        "listTime": "1548133413000",
        "expTime": "",
        "lever": "100" if perp else "10",
        "tickSz": plain(rules.tick_size),
        "lotSz": counted(rules, rules.quantity_step),
        "minSz": counted(rules, rules.quantity_min),
        "maxLmtSz": counted(rules, rules.quantity_max),
        "maxMktSz": counted(rules, rules.quantity_max),
        "alias": "",
        "ruleType": "normal",
        "state": "suspend" if closed else "live",
    }
