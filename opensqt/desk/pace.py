"""Whether a desk is quick enough to trade: what the venue's budget leaves to orders while they are wanted. Pure.

Judged are the executors as they are: how often they look, what a look weighs, and how long an intent may be sent.
"""

import math
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from opensqt.domain.instruments import Market, market_of
from opensqt.runtime.config.all import Config, VenueConfig
from opensqt.venues.binance.policy import RATES
from opensqt.venues.binance.rules import VENUE
from opensqt.venues.binance.weights import (
    CANCEL_WEIGHT,
    HEAVIEST_WEIGHTS,
    OPEN_ORDERS_WEIGHTS,
    PLACE_WEIGHTS,
    TRADES_WEIGHTS,
)
from opensqt.venues.engine.rate_limit import Limit, executor_part, limits_of
from services.executor.account_sync import SNAPSHOT_S, SWEEP_S

MS_PER_S = 1000
HUNDREDTHS = 100  # in which a share is told


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What an account wants of one market: symbols that are looked at, and how long its intents live (wall)."""

    market: Market
    symbols: int
    valid_for_s: float


def too_slow(config: Config) -> Iterator[str]:
    """Yield why the share of Binance's budget is too small for the orders that are wanted there.

    A venue that counts its requests in another way is not judged.
    """
    accounts = [name for name, account in config.accounts.items() if account.venue == VENUE]
    if not accounts:
        return
    venue = config.venues[VENUE]
    demands = [demand for account in accounts for demand in _demands(config, account)]
    share = max((_needed(venue, len(accounts), demand) for demand in demands), default=0.0)
    if share <= float(venue.rate_budget_share_max):
        return
    least = Decimal(math.ceil(share * HUNDREDTHS)) / HUNDREDTHS
    way = f"expected at least {least}"
    if least > 1:
        way = "expected higher limits of the venue, a longer valid_for_ms, or fewer accounts"
    yield (
        f'venues.{VENUE}.rate_budget_share_max = "{venue.rate_budget_share_max}": an order cannot be placed and'
        f" cancelled in time behind the executor's own looks at the venue; {way}"
    )


def _demands(config: Config, account: str) -> Iterator[Demand]:
    for market in Market:
        mine = [
            (symbol, strategy.valid_for_ms)
            for strategy in config.strategies.values()
            if strategy.account == account
            for symbol in strategy.symbols
            if market_of(symbol) is market
        ]
        if mine:
            yield Demand(
                market=market,
                symbols=len({symbol for symbol, _ in mine}),
                valid_for_s=min(valid_ms for _, valid_ms in mine) / MS_PER_S,
            )


def _needed(venue: VenueConfig, accounts: int, demand: Demand) -> float:
    """Return the least share of the budget; all limits grow with it."""
    limit = limits_of(venue, RATES, executor_part(accounts))[demand.market.value]
    share = float(venue.rate_budget_share_max)
    return share * max(_behind_a_look(limit, demand), _among_looks(limit, demand))


def _behind_a_look(limit: Limit, demand: Demand) -> float:
    """Return how often the limit is needed so that a place and its cancel can follow the heaviest look in time."""
    weight = HEAVIEST_WEIGHTS[demand.market] + PLACE_WEIGHTS[demand.market] + CANCEL_WEIGHT
    return weight / (limit.burst + limit.rate_per_s * demand.valid_for_s)


def _among_looks(limit: Limit, demand: Demand) -> float:
    """Return how often the limit is needed so that looks leave room for places, or few places wait too long for one.

    Places and looks wait in one queue. Where looks alone take all that flows, a place waits for half a look on average.
    """
    if PLACE_WEIGHTS[demand.market] == 0:
        return 0.0
    look = TRADES_WEIGHTS[demand.market]
    sweep = (look + OPEN_ORDERS_WEIGHTS[demand.market]) * demand.symbols
    saturated = sweep * (1 / SWEEP_S + 1 / SNAPSHOT_S) / limit.rate_per_s
    late = look / 2 / (limit.rate_per_s * demand.valid_for_s)
    return min(saturated, late)
