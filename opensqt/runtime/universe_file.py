"""`reports/universe-VENUE.json` of a data folder: the last look at a venue's universe, and the pasts that it read.

It can be deleted: the next scan reads all anew.
"""

from pathlib import Path

import msgspec

from opensqt.portfolio.scan import PerpPast, Scan

FOLDER = "reports"


class KnownUniverse(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a venue: pasts of perpetuals by symbol, and the scan that was made of them last."""

    pasts: dict[str, PerpPast] = {}
    scan: Scan | None = None


def read_universe(data: Path | None, venue: str) -> KnownUniverse:
    """Return what is known; nothing where there is no file, or one that cannot be read."""
    if data is None:
        return KnownUniverse()
    try:
        return msgspec.json.decode(_path(data, venue).read_bytes(), type=KnownUniverse)
    except (OSError, ValueError, RecursionError):
        return KnownUniverse()


def write_universe(data: Path, venue: str, known: KnownUniverse) -> None:
    """Replace what is known in one step."""
    path = _path(data, venue)
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".json.new")
    fresh.write_bytes(msgspec.json.encode(known))
    fresh.replace(path)


def _path(data: Path, venue: str) -> Path:
    return data / FOLDER / f"universe-{venue}.json"
