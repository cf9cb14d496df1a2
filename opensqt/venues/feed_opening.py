"""Opens the public feed of a venue from configuration and environment; needs no credentials."""

import random
from collections.abc import Mapping, Sequence

from opensqt.domain.instruments import market_of
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.all import Config, ConfigError
from opensqt.venues.binance.feed import BinanceFeed
from opensqt.venues.binance.rest import BinanceRest, Credentials
from opensqt.venues.binance.rules import VENUE
from opensqt.venues.feed_port import Feed
from opensqt.venues.opening import FEED_PART
from opensqt.venues.session import open_session


def open_feed(
    config: Config,
    venue: str,
    symbols: Sequence[str],
    *,
    clock: Clock,
    environ: Mapping[str, str],
    jitter: random.Random,
) -> Feed:
    """Return the feed of these symbols, not yet connected; raise `ConfigError` for an unknown venue.

    Needs a running event loop. `jitter` spreads retries.
    """
    if venue != VENUE:
        raise ConfigError(f"venue {venue!r} is not supported (known: {VENUE})")
    gate = BinanceRest(
        session=open_session(environ, config.run.profile),
        clock=clock,
        config=config.venues[venue],
        credentials=Credentials(api_key="", secret=""),
        markets=frozenset(market_of(symbol) for symbol in symbols),
        jitter=jitter,
        part=FEED_PART,
    )
    return BinanceFeed(gate)
