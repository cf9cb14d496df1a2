"""By what a grid adapts to the market. Every default leaves it as it is. Pure."""

from decimal import Decimal
from typing import Annotated

from opensqt.domain.decimals import ONE, ZERO
from opensqt.domain.ranges import NotNegative, Range, Share
from opensqt.strategies.settings import SettingError, Settings

MINUTE_MS = 60_000
RSI_SMOOTHING = 7  # times `candles`: the first plain mean weighs nothing any more

Percent = Annotated[Decimal, Range(least="0", most="100")]


class AdaptiveSettings(Settings, frozen=True, kw_only=True):
    """The settings of a grid that look at closed candles."""

    candles: Annotated[int, Range(least="2", most="240")] = 14
    step_atr_scale: NotNegative = ZERO
    step_bps_max: NotNegative = ZERO
    high_volatility_bps: NotNegative = ZERO
    high_volatility_step_scale: Annotated[Decimal, Range(least="1", most="100")] = Decimal("1.5")
    quantity_volatility_scale: NotNegative = ZERO
    quantity_share_min: Share = Decimal("0.1")
    regime_filter: bool = False
    rsi_high: Percent = Decimal(70)
    rsi_low: Percent = Decimal(30)
    thin_turnover_quote: NotNegative = ZERO

    @property
    def share_least(self) -> Decimal:
        """The share of a full order that the wildest market leaves of it."""
        return self.quantity_share_min if self.quantity_volatility_scale > 0 else ONE

    @property
    def asks_volatility(self) -> bool:
        """True when the volatility of the candles decides on something."""
        return self.quantity_volatility_scale > 0 or self.high_volatility_bps > 0

    @property
    def lookback_ms(self) -> int:
        """How much of closed candles it needs (market ms); 0: it reads none."""
        if self.regime_filter:
            return RSI_SMOOTHING * self.candles * MINUTE_MS
        asks = self.step_atr_scale > 0 or self.asks_volatility or self.thin_turnover_quote > 0
        return self.candles * MINUTE_MS if asks else 0

    def check_adaptive(self) -> None:
        """Raise `SettingError` where these settings contradict each other."""
        if self.rsi_low >= self.rsi_high:
            raise SettingError("rsi_low", self.rsi_low, f"below rsi_high = {self.rsi_high}")
