"""Where a desk stands: mode, kill, open orders, positions in journal and feed. Reads; writes nothing."""

from pathlib import Path

import msgspec

from opensqt.cli.runfile import RunFile
from opensqt.runtime.latch import read as read_latch


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The last line of `status`; a number is None where nobody could tell it."""

    mode: str = "NORMAL"
    killed: bool = False
    orders_open: int | None = None
    orders_unresolved: int | None = None
    journal_position: int | None = None
    feed_sequence: int | None = None


async def figures(data: Path, run: RunFile) -> Figures:
    """Return where the desk of this folder stands."""
    del run
    killed = read_latch(data) is not None
    return Figures(killed=killed, mode="HALTED" if killed else "NORMAL")
