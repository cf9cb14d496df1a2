"""What one carry was told: its legs, when it enters and leaves, how large and how long. Values only."""

from decimal import Decimal

import msgspec

from opensqt.strategies.tracked_intent import RetryPolicy

# A live book is heard every 100 ms, and its tick goes out within 50. Prices of two legs that lie further apart than two
# such rounds are of two moments: their difference is a basis that never was.
LEGS_APART_MS_MAX = 250


class CarrySetup(msgspec.Struct, frozen=True, kw_only=True):
    """What a carry was told to do; times in market ms."""

    strategy: str
    venue: str
    account: str
    spot: str
    perp: str
    entry_apr_min: Decimal
    exit_apr_max: Decimal
    notional_quote_max: Decimal
    order_notional_quote: Decimal
    slippage_bps_max: Decimal
    holding_hours: Decimal
    basis_bps_min: Decimal
    return_bps_min: Decimal
    leg_timeout_ms: int = 3_000
    tick_age_ms_max: int = 3_000
    funding_age_ms_max: int = 120_000
    legs_apart_ms_max: int = LEGS_APART_MS_MAX
    timing: RetryPolicy = RetryPolicy()

    @property
    def symbols(self) -> tuple[str, str]:
        """Both legs, spot first."""
        return self.spot, self.perp
