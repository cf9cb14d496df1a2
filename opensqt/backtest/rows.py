"""Market data in columns: whole numbers of 1e-8, so that millions of rows are searched at once. Holds no order."""

from decimal import Decimal
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from opensqt.domain.decimals import EXACT
from opensqt.domain.instruments import Side
from opensqt.simulation.market.flow import BestQuotes, MarketTrade

DECIMALS = 8
UNITS = Decimal(10**DECIMALS)

Numbers = NDArray[np.int64]


class RowKind(IntEnum):
    """What a file's rows say of the market."""

    TRADE = 0
    QUOTE = 1


class Rows(NamedTuple):
    """Rows of one symbol in order of time; prices and quantities are whole numbers of 1e-8.

    A quote is a best bid and ask. A trade has the same price on both sides, and its quantity on the side that it took.
    """

    time_ms: Numbers
    bid: Numbers
    bid_quantity: Numbers
    ask: Numbers
    ask_quantity: Numbers

    def between(self, begin: int, end: int) -> "Rows":
        """Return a part of the rows."""
        return Rows(*(column[begin:end] for column in self))


@lru_cache(maxsize=65_536)
def decimal_of(units: int) -> Decimal:
    """Return a whole number of 1e-8 as a decimal without trailing zeros."""
    return EXACT.divide(Decimal(units), UNITS)


def units_of(number: Decimal) -> int:
    """Return a decimal as whole numbers of 1e-8, rounded down."""
    return int((number * UNITS).to_integral_value(rounding="ROUND_FLOOR"))


def quotes_at(rows: Rows, index: int, symbol: str) -> BestQuotes:
    """Return a quote row as a frame."""
    return BestQuotes(
        symbol=symbol,
        time_ms=int(rows.time_ms[index]),
        bid=(decimal_of(int(rows.bid[index])), decimal_of(int(rows.bid_quantity[index]))),
        ask=(decimal_of(int(rows.ask[index])), decimal_of(int(rows.ask_quantity[index]))),
    )


def trade_at(rows: Rows, index: int, symbol: str) -> MarketTrade:
    """Return a trade row as a frame."""
    bought = int(rows.ask_quantity[index])
    return MarketTrade(
        symbol=symbol,
        time_ms=int(rows.time_ms[index]),
        price=decimal_of(int(rows.bid[index])),
        quantity=decimal_of(bought or int(rows.bid_quantity[index])),
        taker=Side.BUY if bought else Side.SELL,
    )


def grain_of(units: Numbers) -> int:
    """Return the decimals that these numbers need."""
    common = int(np.gcd.reduce(units)) if len(units) else 0
    decimals = DECIMALS
    while decimals > 0 and common % 10 == 0:
        common //= 10
        decimals -= 1
    return decimals
