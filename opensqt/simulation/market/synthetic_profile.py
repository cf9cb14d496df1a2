"""The numbers of the synthetic market, fitted to recordings. Data and draws only: it keeps no state.

Measured with `synthetic_fit.fit`: the recordings of 2024-08-08 (spot and USDⓈ-M BTCUSDT, 342 s from 23:54:16 UTC)
beside two hours of `synthetic:7`. Volatility is the root mean square of the mid's moves over that time, scaled to one
minute.

                                      spot                 perp
                               recorded generated   recorded generated
    trades per s                   28.2      27.9       62.2      61.1
    market orders per s             9.9       9.3       15.2      15.5
    trade size p50, BTC         0.00061   0.00060      0.016     0.015
    trade size p90, BTC           0.056     0.049      0.267     0.235
    trade size p99, BTC           0.324     0.295       1.15      1.05
    trade size mean, BTC         0.0219    0.0215      0.114     0.097
    best bid p50, BTC              1.90      1.25       2.97      2.73
    spread p50 and p90, ticks      1, 1      1, 1       1, 1      1, 1
    spread mean, bps             0.0063    0.0037     0.0179    0.0193
    volatility of 0.1 s, bps        8.0       9.0       10.1       9.5
    volatility of 1 s, bps          8.6       8.9       10.0       9.5
    volatility of 10 s, bps         8.6       9.5        8.9       9.7
    move of 1 s p50, bps              0         0       0.15      0.19
    move of 1 s p90, bps           1.44      1.28       1.62      1.46
    move of 1 s p99, bps            5.1       5.5        7.9       5.6
    changes of the top per s         81        38        190        57
    frames per s                    119        76        271       137
    basis mean, sd, bps     -3.7, 0.59 recorded;  1.5, 0.56 generated

Where it departs from the recording on purpose: half the frames and fewer flickers of the top (a venue on two cores
must play it many times faster than real time); 160 levels a side for the recorded 1000, with the same quantity per
bp near the top; buyers and sellers in balance; and a basis that is a small premium, as most days have it, for the
recorded discount of a falling minute. Volatility is not raised: it is that of this evening, within a tenth.
"""

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


class MarketProfile(msgspec.Struct, frozen=True, kw_only=True):
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


SPOT = MarketProfile(
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
    refill_ms=2.0,
)

PERP = MarketProfile(
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
