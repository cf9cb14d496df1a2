"""Which dialects the simulated venue speaks: one for each folder beside this module."""

import importlib
import pkgutil

from opensqt.simulation import dialects
from opensqt.simulation.server.dialect import DialectEntry


def dialects_known() -> list[str]:
    """Return the venues that can be simulated, in the order of their names."""
    return sorted(module.name for module in pkgutil.iter_modules(dialects.__path__) if module.ispkg)


def dialect_entry(venue: str) -> DialectEntry:
    """Return the dialect of a venue; raise `LookupError` naming those that there are."""
    known = dialects_known()
    if venue not in known:
        raise LookupError(
            f"venue {venue!r} cannot be simulated (known: {', '.join(known)}): a dialect is a folder of"
            " opensqt/simulation/dialects"
        )
    entry = importlib.import_module(f"{dialects.__name__}.{venue}.dialect").DIALECT
    if not isinstance(entry, DialectEntry):
        raise TypeError(f"dialect {venue!r}: DIALECT is {entry!r}, expected a DialectEntry")
    return entry
