"""What of the bus does not work, as the processes of a desk tell it in their `/status`. Pure; asks nobody."""

from collections.abc import Mapping
from typing import Any

RELAY = "relay"
MISSING = "streams_missing"


def words_for(missing: tuple[str, ...]) -> str:
    """Say which streams the bus has lost, or nothing."""
    return f"the bus lost {', '.join(missing)}; being made again" if missing else ""


def bus_trouble(statuses: Mapping[str, Mapping[str, Any]]) -> str:
    """Return why nothing that is approved reaches anybody, or why nobody learns of it; nothing when all is well.

    A relay that does not answer is not judged here: it is among the processes that are not ready.
    """
    for said in statuses.values():
        if missing := said.get(MISSING):
            return words_for(tuple(str(name) for name in missing))
    relay = statuses.get(RELAY)
    if relay is None or relay.get("ready"):
        return ""
    return f"the relay carries nothing: {relay.get('why') or 'not ready'}"
