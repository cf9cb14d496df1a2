"""The pace of market data, with units. Only the age of a tick is a trader's choice (`risk.tick_age_ms_max`)."""

import msgspec

NAME = "market_data"


class MarketDataSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Wall times; tests shorten them."""

    rules_every_s: float = 10.0  # within the look-back of every reader of FEED
    retry_s: float = 0.5
    idle_s: float = 0.5
