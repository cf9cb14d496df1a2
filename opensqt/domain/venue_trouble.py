"""Which venue says nothing, as the processes of a desk tell it in their `/status`. Pure; asks nobody."""

from collections.abc import Mapping
from typing import Any

SILENT = "venue_silent"


def venue_trouble(statuses: Mapping[str, Mapping[str, Any]]) -> str:
    """Return why nothing may be opened: a venue neither answers nor shows a price; nothing when all speak."""
    for name, said in sorted(statuses.items()):
        if silent := said.get(SILENT):
            return f"{name}: {silent}"
    return ""
