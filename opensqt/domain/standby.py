"""How a process tells in its `/status` that it stands behind a living leader, ready to take over. Pure."""

from collections.abc import Mapping
from typing import Any

STANDBY = "standby"
ROLE = "role"  # as the relay says it


def stands_by(status: Mapping[str, Any]) -> bool:
    """Tell whether a process leaves its work to another one of its name."""
    return bool(status.get(STANDBY)) or status.get(ROLE) == STANDBY
