"""What a grid is told: its symbol, its levels, and the most it may hold. Pure."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

import msgspec

from opensqt.domain.decimals import BPS, ONE, ZERO, NotADecimal, parse
from opensqt.domain.ranges import Count, NotNegative, Positive, Range
from opensqt.strategies.grid.adaptive_settings import AdaptiveSettings
from opensqt.strategies.settings import SettingError, check_symbol

INTERVAL_STEPS_MAX = 10  # where nothing else is said


class GridMode(StrEnum):
    """Long: buys below, sells what it bought. Neutral: both sides of an anchor (perpetuals only)."""

    LONG = "long"
    NEUTRAL = "neutral"


class LadderSettings(AdaptiveSettings, frozen=True, kw_only=True):
    """A grid of orders on one symbol; `anchor` is a price, or empty for the first price seen."""

    symbol: str
    mode: GridMode
    step_bps: Annotated[Decimal, Range(above="0", most="5000")]
    levels_below: Count
    levels_above: Count
    order_notional_quote: Positive
    inventory_notional_quote_max: NotNegative = ZERO  # 0: what the levels of one side come to
    adopt: bool = True
    anchor: str = ""

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
        return int(self.step_bps_max / self.step_bps) or INTERVAL_STEPS_MAX

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


def _is_price(text: str) -> bool:
    try:
        return parse(text) > 0
    except NotADecimal:
        return False
