"""The numbers of the synthetic market, fitted to recordings. Data and draws only: it keeps no state."""

import math
from random import Random

import msgspec

from opensqt.domain.instruments import Market

# A quantile table: (probability, value), probabilities ascending from 0 to 1.
Quantiles = tuple[tuple[float, float], ...]

REFERENCE_PRICE = 61_800.0
PRICES = {
    "BTC": REFERENCE_PRICE,
    "ETH": 2_680.0,
    "BNB": 512.0,
    "SOL": 158.0,
    "XRP": 0.612,
    "ADA": 0.347,
    "DOGE": 0.1073,
    "LTC": 61.4,
}

JUMPS_CALM_PER_S = 0.4
JUMPS_BURST_PER_S = 3.0
JUMP_CALM_BPS = 0.6
JUMP_BURST_BPS = 1.4
CALM_S = 22.0
BURST_S = 2.0
ACTIVITY_CALM = 0.65
ACTIVITY_BURST = 4.8

BASIS_MEAN_BPS = 1.5
BASIS_SD_BPS = 0.56
BASIS_STEPS_PER_S = 0.5
BASIS_MEMORY = 0.37


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How one market of BTC behaves. Quantities are in BTC, depths in bps, rates per second of market time."""

    market_orders_per_s: float
    prints_more: float
    touches_per_s: float
    depth_period_ms: float
    depth_changes: Quantiles
    print_sizes: Quantiles
    top_sizes: Quantiles
    level_size: float
    refill_share: float
    close_share: float
    refill_ms: float


SPOT = Profile(
    market_orders_per_s=9.4,
    prints_more=2.0,
    touches_per_s=25.0,
    depth_period_ms=100.0,
    depth_changes=((0.0, 3.0), (0.1, 6.0), (0.5, 16.0), (0.9, 40.0), (1.0, 60.0)),
    print_sizes=(
        (0.0, 0.00009),
        (0.1, 0.00009),
        (0.25, 0.00011),
        (0.5, 0.0006),
        (0.75, 0.0133),
        (0.9, 0.0557),
        (0.99, 0.324),
        (1.0, 1.2),
    ),
    top_sizes=((0.0, 0.001), (0.1, 0.016), (0.25, 0.176), (0.5, 1.2), (0.75, 2.92), (1.0, 6.0)),
    level_size=0.17,
    refill_share=0.85,
    close_share=0.8,
    refill_ms=2.5,
)

PERP = Profile(
    market_orders_per_s=15.6,
    prints_more=3.0,
    touches_per_s=35.0,
    depth_period_ms=53.0,
    depth_changes=((0.0, 3.0), (0.1, 8.0), (0.5, 17.0), (0.9, 40.0), (1.0, 60.0)),
    print_sizes=(
        (0.0, 0.002),
        (0.1, 0.002),
        (0.25, 0.003),
        (0.5, 0.016),
        (0.75, 0.081),
        (0.9, 0.265),
        (0.99, 1.15),
        (1.0, 6.0),
    ),
    top_sizes=((0.0, 0.002), (0.1, 0.08), (0.25, 0.695), (0.5, 2.68), (0.75, 4.96), (1.0, 12.0)),
    level_size=0.5,
    refill_share=0.95,
    close_share=0.95,
    refill_ms=2.0,
)

PROFILES = {Market.SPOT: SPOT, Market.PERP: PERP}


def draw(table: Quantiles, rng: Random) -> float:
    """Draw a value from a quantile table, log-linear between its points."""
    chance = rng.random()
    low, low_value = table[0]
    for high, high_value in table[1:]:
        if chance <= high:
            share = (chance - low) / (high - low)
            return low_value * math.pow(high_value / low_value, share)
        low, low_value = high, high_value
    return low_value


def start_price(base: str, seed: str) -> float:
    """Return the first price of a base asset (quote units): known, or drawn from seed and name."""
    known = PRICES.get(base)
    if known is not None:
        return known
    return float(f"{math.pow(10, Random(f'{seed}:{base}:price').uniform(-1, 3)):.4g}")
