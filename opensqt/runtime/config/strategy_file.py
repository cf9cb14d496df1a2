"""`strategies.json` in the data folder: the strategies that were added and removed while the desk ran.

A copy of what the journal says, for processes that start before the journal can be read. `up` alone writes it.
"""

from pathlib import Path

import msgspec

from opensqt.runtime.config.reader import ConfigError
from opensqt.runtime.config.strategy_changes import NO_CHANGES, StrategyChanges

FILE = "strategies.json"


def read_changes(data: Path | None) -> StrategyChanges:
    """Return the changes of a folder, none where there is no copy; raise `ConfigError` where it is damaged."""
    if data is None:
        return NO_CHANGES
    path = data / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=StrategyChanges)
    except (FileNotFoundError, NotADirectoryError):
        return NO_CHANGES
    except (ValueError, RecursionError, OSError) as error:
        raise ConfigError(
            f"{path} cannot be read ({error}): delete it, `opensqt up` makes it anew from the journal"
        ) from error
