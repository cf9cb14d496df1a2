"""Opens the public feed of a venue from configuration and environment; needs no credentials."""

import random
from collections.abc import Mapping, Sequence

from opensqt.domain.instruments import market_of
from opensqt.runtime.clock import Clock
from opensqt.runtime.config import Config, ConfigError
from opensqt.runtime.feed.binance import BinanceFeed
from opensqt.runtime.feed.port import Feed
from opensqt.runtime.venue.binance_gate import BinanceGate, Credentials
from opensqt.runtime.venue.binance_rules import VENUE
from opensqt.runtime.venue.opening import FEED_PART
from opensqt.runtime.venue.session import open_session


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
    gate = BinanceGate(
        session=open_session(environ, config.run.profile),
        clock=clock,
        config=config.venues[venue],
        credentials=Credentials(api_key="", secret=""),
        markets=frozenset(market_of(symbol) for symbol in symbols),
        jitter=jitter,
        part=FEED_PART,
    )
    return BinanceFeed(gate)
