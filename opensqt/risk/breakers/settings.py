"""The tables of `[breakers]`. A breaker whose limit is not stated is off. Spans in seconds and ms are wall time."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from opensqt.domain.decimals import ZERO
from opensqt.domain.ranges import ConfigTable, NotNegative, Range

ShareOrOff = Annotated[Decimal, Range(least="0", most="1")]
MsOrOff = Annotated[int, Range(least="0", most="600000")]
Cooldown = Annotated[int, Range(least="1", most="86400")]


class Trigger(StrEnum):
    """How many of the watched symbols must show the anomaly."""

    ANY = "any"
    ALL = "all"


class MarketSettings(ConfigTable, frozen=True, kw_only=True):
    """Stops the desk while the market falls on high volume, by candles of a minute.

    A symbol is abnormal when its volume is above `volume_factor` times the mean of the last `window_candles` closed
    candles and its price below the mean of their closes. `symbols` empty: all that the desk trades;
    `recovered_symbols_min` 0: all that are watched.
    """

    volume_factor: Annotated[Decimal, Range(least="0", most="1000")] = ZERO  # 0: off
    window_candles: Annotated[int, Range(least="2", most="240")] = 20
    trigger: Trigger = Trigger.ALL
    symbols: tuple[str, ...] = ()
    recovered_symbols_min: Annotated[int, Range(least="0", most="1000")] = 0


class LossSettings(ConfigTable, frozen=True, kw_only=True):
    """Stops a scope that loses: amounts in the currency of `[risk]`, `drawdown_share_max` of capital and peak.

    `cooldown_s` 0: only a person closes it.
    """

    losses_in_a_row_max: Annotated[int, Range(least="0", most="1000")] = 0  # 0: off
    drawdown_quote_max: NotNegative = ZERO  # below the peak since the last clearing; 0: off
    drawdown_share_max: ShareOrOff = ZERO  # the same, of capital and peak; 0: off
    capital_quote: NotNegative = ZERO
    window_loss_quote_max: NotNegative = ZERO  # below the peak within the window; 0: off
    window_hours: Annotated[int, Range(least="1", most="720")] = 24  # market time
    cooldown_s: Annotated[int, Range(least="0", most="2592000")] = 0

    @property
    def is_on(self) -> bool:
        """Tell whether any limit is stated."""
        limits = (self.drawdown_quote_max, self.drawdown_share_max, self.window_loss_quote_max)
        return self.losses_in_a_row_max > 0 or any(limits)


class LatencySettings(ConfigTable, frozen=True, kw_only=True):
    """Stops an account whose venue answers orders slowly: one answer in a hundred of the last `window_s`."""

    answer_ms_p99_max: MsOrOff = 0  # 0: off
    window_s: Annotated[int, Range(least="1", most="3600")] = 60
    answers_min: Annotated[int, Range(least="1", most="10000")] = 20
    cooldown_s: Cooldown = 60


class FeedAgeSettings(ConfigTable, frozen=True, kw_only=True):
    """Stops a symbol whose price, or newest candle, is old, until it was fresh for `cooldown_s`."""

    age_ms_max: MsOrOff = 0  # 0: off
    cooldown_s: Cooldown = 10


class RejectSettings(ConfigTable, frozen=True, kw_only=True):
    """Stops an account of whose orders the venue refuses too many: a share of the answers of the last `window_s`."""

    refused_share_max: ShareOrOff = ZERO  # 0: off
    window_s: Annotated[int, Range(least="1", most="3600")] = 60
    answers_min: Annotated[int, Range(least="1", most="10000")] = 20
    cooldown_s: Cooldown = 300


class BreakerSettings(ConfigTable, frozen=True, kw_only=True):
    """All breakers; each is off until its limit is stated."""

    market: MarketSettings = MarketSettings()
    desk_loss: LossSettings = LossSettings()
    symbol_loss: LossSettings = LossSettings()
    latency: LatencySettings = LatencySettings()
    feed_age: FeedAgeSettings = FeedAgeSettings()
    candle_age: FeedAgeSettings = FeedAgeSettings()
    rejects: RejectSettings = RejectSettings()
