"""The venues that can be traded: those of the house and those that an installed package brings. Opens nothing."""

import importlib
from importlib.metadata import entry_points

from opensqt.runtime.config.all import ConfigError, Profile, VenueConfig
from opensqt.runtime.config.venue_names import VENUES, built_in_venues, installed_venues
from opensqt.venues.engine.dialect import Dialect, Tier


def dialect_of(venue: str) -> Dialect:
    """Return the dialect of a venue; raise `ConfigError` naming the known ones, or what is wrong with it."""
    if venue in built_in_venues():
        found: object = importlib.import_module(f"{VENUES}.{venue}.dialect").DIALECT
    elif venue in installed_venues():
        (point,) = (one for one in entry_points(group=VENUES) if one.name == venue)
        found = point.load()
    else:
        known = ", ".join((*built_in_venues(), *installed_venues()))
        raise ConfigError(f"venue {venue!r} is not supported (known: {known})")
    if not isinstance(found, Dialect):
        raise ConfigError(f"venue {venue!r}: its entry point is {found!r}, expected a Dialect")
    if found.name != venue:
        raise ConfigError(f"venue {venue!r}: its dialect calls itself {found.name!r}")
    return found


def require_proof(dialect: Dialect, config: VenueConfig, profile: Profile) -> None:
    """Raise `ConfigError` where real money would meet a dialect that nobody has shown to be right."""
    if profile is Profile.LIVE and dialect.tier is not Tier.WIRE and not config.unproven:
        raise ConfigError(
            f"venues.{dialect.name}: its dialect is {dialect.tier}, live needs one that is proved"
            f" over the {Tier.WIRE}; `unproven = true` trades it at your own risk"
        )
