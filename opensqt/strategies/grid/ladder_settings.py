"""What a grid is told: its symbol, its levels, and the most it may hold. Pure."""

from decimal import ROUND_CEILING, Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self

import msgspec

from opensqt.domain.decimals import BPS, ONE, ZERO, NotADecimal, parse
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.ranges import Count, NotNegative, Positive, Range
from opensqt.strategies.grid.adaptive_settings import AdaptiveSettings
from opensqt.strategies.grid.levels import GridLevels, lattice_at, listed_lattice
from opensqt.strategies.settings import SettingError, check_symbol

PRICES_MIN = 3
STEP_BPS_MOST = Decimal(5000)
INTERVAL_STEPS_MAX = 10  # where nothing else is said


class LadderShape(StrEnum):
    """How the levels lie: evenly, each a share above the one below, or as they are listed."""

    ARITHMETIC = "arithmetic"
    GEOMETRIC = "geometric"
    CUSTOM = "custom"


class OutOfRange(StrEnum):
    """What a grid with a range does while the price is outside; what it holds is closed in any case."""

    HOLD = "hold"  # what rests stays, nothing new is opened
    TRAIL = "trail"  # the range goes as far as the price is beyond it, and comes back with it
    STOP = "stop"  # openings are cancelled until the price is back


class GridMode(StrEnum):
    """Long: buys below, sells what it bought. Neutral: both sides of an anchor (perpetuals only)."""

    LONG = "long"
    NEUTRAL = "neutral"


class LadderSettings(AdaptiveSettings, frozen=True, kw_only=True):
    """A grid of orders on one symbol; `anchor` is a price, or empty for the first price seen."""

    symbol: str
    mode: GridMode
    step_bps: Annotated[Decimal, Range(above="0", most=str(STEP_BPS_MOST))]
    levels_below: Count
    levels_above: Count
    order_notional_quote: Positive
    inventory_notional_quote_max: NotNegative = ZERO  # 0: what the levels of one side come to
    adopt: bool = True
    anchor: str = ""
    ladder: LadderShape = LadderShape.ARITHMETIC
    ladder_prices: tuple[Positive, ...] = ()
    skew_bps_per_order: NotNegative = ZERO
    skew_bps_max: NotNegative = Decimal(100)
    range_low: NotNegative = ZERO  # quote units; 0: no end
    range_high: NotNegative = ZERO
    out_of_range: OutOfRange = OutOfRange.HOLD
    funds_lock_ms: Annotated[int, Range(least="0", most="3600000")] = 0

    @property
    def symbols(self) -> tuple[str, ...]:
        """Its one symbol."""
        return (self.symbol,)

    @property
    def neutral(self) -> bool:
        """True when it opens sells above, too."""
        return self.mode is GridMode.NEUTRAL

    @property
    def perpetual(self) -> bool:
        """True when the symbol is a perpetual, so that the venue knows a position."""
        return ":" in self.symbol

    @property
    def anchor_price(self) -> Decimal | None:
        """The configured anchor in quote units, or None for the first price seen."""
        return parse(self.anchor) if self.anchor else None

    @property
    def stride_max(self) -> int:
        """The widest interval in steps; 1 where nothing widens it."""
        if not self.step_atr_scale and not self.high_volatility_bps:
            return 1
        if self.step_bps_max:
            return int(self.step_bps_max / self.step_bps)
        if self.step_atr_scale:
            return INTERVAL_STEPS_MAX
        return int(self.high_volatility_step_scale.to_integral_value(ROUND_CEILING))

    def lattice(self, price: Decimal, rules: InstrumentRules) -> GridLevels:
        """Return the lattice that a grid would have which sees this price first."""
        if self.ladder is LadderShape.CUSTOM:
            return listed_lattice(self.ladder_prices, rules)
        even = lattice_at(self.anchor_price or price, self.step_bps, rules)
        geometric = self.ladder is LadderShape.GEOMETRIC
        return msgspec.structs.replace(even, geometric=True) if geometric else even

    @property
    def orders_open_max(self) -> int:
        """One order for each level."""
        return sum(self.levels.values())

    @property
    def levels(self) -> dict[str, int]:
        """How many levels have orders, by the setting that says so."""
        found = {"levels_below": self.levels_below}
        return {**found, "levels_above": self.levels_above} if self.neutral else found

    def resolved(self, order_quote_max: Decimal) -> Self:
        """Return the grid with the most that it may hold: by default what the levels of one side come to."""
        del order_quote_max
        self._check()
        levels = max(self.levels.values())
        if not self.inventory_notional_quote_max:
            # Orders are bought on the way: the first one is worth more, or less, at the price of the last.
            widest_bps = self.step_bps * self.stride_max
            most = levels * self.order_notional_quote * (ONE + levels * widest_bps * BPS)
            return msgspec.structs.replace(self, inventory_notional_quote_max=most)
        if self.inventory_notional_quote_max < self.order_notional_quote:
            limit = (
                f"at least order_notional_quote = {self.order_notional_quote}, or 0 for the default"
            )
            raise SettingError(
                "inventory_notional_quote_max", self.inventory_notional_quote_max, limit
            )
        return self

    def _check(self) -> None:
        self.check_adaptive()
        self._check_prices()
        if 0 < self.range_high <= self.range_low:
            raise SettingError("range_high", self.range_high, f"above range_low = {self.range_low}")
        if 0 < self.step_bps_max < self.step_bps:
            limit = f"at least step_bps = {self.step_bps}, or 0 for {INTERVAL_STEPS_MAX} times that"
            raise SettingError("step_bps_max", self.step_bps_max, limit)
        check_symbol("symbol", self.symbol, perp=self.perpetual)
        if self.neutral and not self.perpetual:
            raise SettingError(
                "mode", self.mode, "long (spot cannot go short; neutral needs a perpetual)"
            )
        if self.levels_below + self.levels_above == 0:
            raise SettingError("levels_below and levels_above", "both 0", "one above 0")
        if not self.neutral and self.levels_below == 0:
            raise SettingError("levels_below", 0, "at least 1: a long grid buys below the price")
        if self.anchor and not _is_price(self.anchor):
            raise SettingError("anchor", self.anchor, 'a price above 0, or "" for the first price')

    def _check_prices(self) -> None:
        custom, prices = self.ladder is LadderShape.CUSTOM, self.ladder_prices
        rising = all(low < high for low, high in pairwise(prices))
        if custom != bool(prices) or (custom and (len(prices) < PRICES_MIN or not rising)):
            shown = ", ".join(map(str, prices))
            limit = f'at least {PRICES_MIN} rising prices with ladder = "custom", none without'
            raise SettingError("ladder_prices", shown, limit)


def _is_price(text: str) -> bool:
    try:
        return parse(text) > 0
    except NotADecimal:
        return False
