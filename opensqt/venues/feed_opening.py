"""Opens the public feed of a venue and the reader of all it lists, by configuration and environment; needs no key."""

import random
from collections.abc import Mapping, Sequence

from opensqt.domain.instruments import Market, market_of
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.all import Config
from opensqt.venues.engine.feed import VenueFeed
from opensqt.venues.engine.rate_limit import FEED_PART
from opensqt.venues.engine.rest import Credentials, VenueRest
from opensqt.venues.feed_port import Feed
from opensqt.venues.registry import dialect_of
from opensqt.venues.session import open_session
from opensqt.venues.universe import VenueUniverse


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
    markets = frozenset(market_of(symbol) for symbol in symbols)
    return VenueFeed(
        open_public(config, venue, markets, clock=clock, environ=environ, jitter=jitter)
    )


def open_universe(
    config: Config,
    venue: str,
    *,
    clock: Clock,
    environ: Mapping[str, str],
    jitter: random.Random,
) -> VenueUniverse:
    """Return the reader of everything that a venue lists, as `open_feed` returns a feed."""
    rest = open_public(
        config, venue, frozenset(Market), clock=clock, environ=environ, jitter=jitter
    )
    share = config.venues[venue].rate_budget_share_max * FEED_PART
    return VenueUniverse(rest, config.portfolio.universe, share)


def open_public(
    config: Config,
    venue: str,
    markets: frozenset[Market],
    *,
    clock: Clock,
    environ: Mapping[str, str],
    jitter: random.Random,
) -> VenueRest:
    """Return the way to what a venue tells anybody, not yet connected; raise `ConfigError` for an unknown venue."""
    return VenueRest(
        dialect_of(venue),
        session=open_session(environ, config.run.profile),
        clock=clock,
        config=config.venues[venue],
        credentials=Credentials(api_key="", secret=""),
        markets=markets,
        jitter=jitter,
        part=FEED_PART,
    )
