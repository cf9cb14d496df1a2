"""Which venues there are: those of the house, a folder each, and those that an installed package brings. Loads none."""

import importlib.util
import pkgutil
from importlib.metadata import entry_points

VENUES = "opensqt.venues"  # the package, and the group of entry points
ENGINE = "engine"  # the one package among them that is no venue


def built_in_venues() -> tuple[str, ...]:
    """Return the venues of the house."""
    spec = importlib.util.find_spec(VENUES)
    places = () if spec is None else spec.submodule_search_locations or ()
    packages = (found.name for found in pkgutil.iter_modules(places) if found.ispkg)
    return tuple(sorted(name for name in packages if name != ENGINE))


def installed_venues() -> tuple[str, ...]:
    """Return the venues that installed packages bring."""
    return tuple(sorted(point.name for point in entry_points(group=VENUES)))
