"""The report of a run as files: everything as JSON, and one page that needs no network. It computes nothing."""

from pathlib import Path

import msgspec

from opensqt.backtest.outcome import Outcome


def written(outcome: Outcome, folder: Path) -> Path:
    """Write `report.json` into a folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "report.json"
    path.write_bytes(as_json(outcome))
    return path


def as_json(outcome: Outcome) -> bytes:
    """Return the whole outcome as JSON: decimals are strings, times in ms UTC or RFC 3339."""
    return msgspec.json.format(msgspec.json.encode(outcome), indent=1)
