"""Opens the public feed of a venue from configuration and environment; needs no credentials."""

import random
from collections.abc import Mapping, Sequence

from opensqt.domain.instruments import market_of
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.all import Config
from opensqt.venues.engine.feed import VenueFeed
from opensqt.venues.engine.rate_limit import FEED_PART
from opensqt.venues.engine.rest import Credentials, VenueRest
from opensqt.venues.feed_port import Feed
from opensqt.venues.registry import dialect_of
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
    rest = VenueRest(
        dialect_of(venue),
        session=open_session(environ, config.run.profile),
        clock=clock,
        config=config.venues[venue],
        credentials=Credentials(api_key="", secret=""),
        markets=frozenset(market_of(symbol) for symbol in symbols),
        jitter=jitter,
        part=FEED_PART,
    )
    return VenueFeed(rest)
