"""Instrument rules of the paper markets: a table for the recorded ones, a rule for the rest.

Sources of the table: the decimals of the recorded frames, Binance's exchangeInfo (spot BTCUSDT: tick
0.01, step 0.00001, NOTIONAL 5; USDⓈ-M BTCUSDT: tick 0.1, step 0.001, MIN_NOTIONAL 100) and its
published base fees (spot 0.1 % both ways; USDⓈ-M 0.02 % maker, 0.05 % taker). It never asks a venue.
"""

import math
from decimal import Decimal

from opensqt.domain.decimals import EXACT, ONE
from opensqt.domain.instruments import InstrumentRules, Market

QUANTITY_STEPS_MAX = 10**9
SPOT_FEES = (Decimal("0.001"), Decimal("0.001"))
PERP_FEES = (Decimal("0.0002"), Decimal("0.0005"))
SPOT_NOTIONAL_MIN = Decimal(5)
PERP_NOTIONAL_MIN = Decimal(100)
PERP_NOTIONAL_MIN_OTHER = Decimal(20)

# symbol -> decimals of the price, decimals of the quantity
KNOWN_DECIMALS = {"BTC/USDT": (2, 5), "BTC/USDT:USDT": (1, 3)}


class UnknownSymbol(ValueError):
    """A symbol the paper markets cannot offer."""


def power_of_ten(decimals: int) -> Decimal:
    """Return 10^-decimals exactly."""
    return ONE.scaleb(-decimals, EXACT)


def market_of(symbol: str) -> Market:
    """Tell spot (`BTC/USDT`) from perp (`BTC/USDT:USDT`); raise `UnknownSymbol` for the rest."""
    pair, _, settle = symbol.partition(":")
    base, slash, quote = pair.partition("/")
    plain = base.isalnum() and quote.isalnum() and slash == "/" and pair == pair.upper()
    if not plain or (":" in symbol and settle != quote):
        raise UnknownSymbol(
            f"symbol {symbol!r} is not unified; expected one like BTC/USDT or BTC/USDT:USDT"
        )
    return Market.PERP if settle else Market.SPOT


def decimals_for(symbol: str, price: float) -> tuple[int, int]:
    """Choose decimals of price and quantity by the magnitude of a price (quote units)."""
    if symbol in KNOWN_DECIMALS:
        return KNOWN_DECIMALS[symbol]
    magnitude = math.floor(math.log10(price))
    quantity_decimals = magnitude + 1 if market_of(symbol) is Market.SPOT else magnitude - 1
    return max(0, 5 - magnitude), max(0, quantity_decimals)


def rules_for(symbol: str, price_decimals: int, quantity_decimals: int) -> InstrumentRules:
    """Build the rules of a symbol from the decimals of its price and quantity."""
    market = market_of(symbol)
    pair = symbol.partition(":")[0]
    base, _, quote = pair.partition("/")
    step = power_of_ten(quantity_decimals)
    maker_fee, taker_fee = SPOT_FEES if market is Market.SPOT else PERP_FEES
    notional_min = SPOT_NOTIONAL_MIN
    if market is Market.PERP:
        notional_min = PERP_NOTIONAL_MIN if base == "BTC" else PERP_NOTIONAL_MIN_OTHER
    return InstrumentRules(
        venue="",  # a dialect lists it under its own name
        symbol=symbol,
        market=market,
        venue_symbol=base + quote,
        base=base,
        quote=quote,
        settle=symbol.partition(":")[2],
        tick_size=power_of_ten(price_decimals),
        quantity_step=step,
        quantity_min=step,
        quantity_max=EXACT.multiply(step, Decimal(QUANTITY_STEPS_MAX)),
        notional_min=notional_min,
        maker_fee=maker_fee,
        taker_fee=taker_fee,
    )
