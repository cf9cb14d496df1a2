"""What closed candles tell a grid: range, volatility, strength, turnover. None is what they cannot tell yet. Pure."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal

import msgspec

from opensqt.domain.decimals import BPS, EXACT, ZERO, canonical
from opensqt.domain.market import Candle
from opensqt.strategies.grid.levels import GridLevels
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.indicators import (
    average_true_range,
    mean_turnover,
    relative_strength,
    return_volatility,
)


class MarketReading(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the last closed candles, each None while there are too few."""

    atr_price: Decimal | None = None  # quote units
    volatility: Decimal | None = None  # of the return of a candle, as a share
    strength: Decimal | None = None  # RSI, 0 to 100
    turnover_quote: Decimal | None = None  # of a candle


def read(candles: Sequence[Candle], told: GridSettings) -> MarketReading:
    """Return the figures that these settings ask for."""
    count = told.candles
    return MarketReading(
        atr_price=average_true_range(candles, count) if told.step_atr_scale else None,
        volatility=return_volatility(candles, count) if told.asks_volatility else None,
        strength=relative_strength(candles, count) if told.regime_filter else None,
        turnover_quote=mean_turnover(candles, count) if told.thin_turnover_quote else None,
    )


def stride_of(told: GridSettings, reading: MarketReading, lattice: GridLevels) -> int:
    """Return the interval in force, as a whole number of steps: max(step, ATR * scale), wider where it is wild.

    What the candles cannot tell yet widens nothing: the interval is the step.
    """
    step = lattice.step_price
    wanted = max(step, (reading.atr_price or ZERO) * told.step_atr_scale)
    wild = told.high_volatility_bps * BPS
    if wild and (reading.volatility or ZERO) > wild:
        wanted *= told.high_volatility_step_scale
    steps = EXACT.divide(wanted, step).to_integral_value(ROUND_CEILING)
    return min(int(steps), told.stride_max)


def words_of(told: GridSettings, reading: MarketReading, lattice: GridLevels) -> str:
    """Say how wide the interval is and by what figures the grid opens; nothing where it reads no candles."""
    if not told.lookback_ms:
        return ""
    figures = {
        "ATR": (told.step_atr_scale, reading.atr_price),
        "volatility in bps": (told.asks_volatility, reading.volatility),
        "RSI": (told.regime_filter, reading.strength),
        "turnover": (told.thin_turnover_quote, reading.turnover_quote),
    }
    words = [f"interval {canonical(lattice.step_price * lattice.stride)}"]
    for name, (asked, figure) in figures.items():
        if asked:
            shown = figure / BPS if figure is not None and name.startswith("vol") else figure
            words.append(f"{name} {'not known yet' if shown is None else f'{shown:.2f}'}")
    return ", ".join(words)
