"""The venue's audit as a judge: what was accepted, filled and left open, counted from the file alone."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

FILE_NAME = "venue-audit.jsonl"
Row = dict[str, Any]


def rows(data: Path) -> list[Row]:
    """Return what the venue has written down; a line that is still being written is left out."""
    path = data / FILE_NAME
    if not path.exists():
        return []
    whole = path.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def fills(data: Path, market: str) -> list[Row]:
    """Return the fills of one market (spot or perp)."""
    return [row for row in rows(data) if row["kind"] == "fill" and row["market"] == market]


def places(data: Path) -> list[Row]:
    """Return all requests to place, accepted or not."""
    return [row for row in rows(data) if row["kind"] == "place"]


def open_orders(data: Path) -> set[str]:
    """Return the orders that are accepted and not cancelled, expired or filled."""
    return open_of(rows(data))


def open_of(found: list[Row]) -> set[str]:
    """Return the orders that are still open after these rows, by market and venue order id."""
    left: dict[str, Decimal] = {}
    for row in found:
        key = f"{row['market']}/{row['venue_order_id']}"
        if row["kind"] == "place" and row["result"] == "accepted":
            left[key] = Decimal(row["quantity"])
        elif row["kind"] == "fill" and key in left:
            left[key] -= Decimal(row["quantity"])
        elif row["kind"] == "expire" or (row["kind"] == "cancel" and row["result"] == "accepted"):
            left.pop(key, None)
    return {key for key, quantity in left.items() if quantity > 0}


def cancel_times_s(data: Path, since_s: float) -> list[float]:
    """Return when cancels were accepted (epoch seconds), from an instant on."""
    times = [
        datetime.fromisoformat(row["time"]).timestamp()
        for row in rows(data)
        if row["kind"] == "cancel" and row["result"] == "accepted"
    ]
    return [time_s for time_s in times if time_s >= since_s]


def doubled(data: Path) -> list[str]:
    """Name every client order id that the venue accepted more than once."""
    accepted: dict[tuple[str, str], int] = {}
    for row in places(data):
        if row["result"] == "accepted":
            key = (row["market"], row["client_order_id"])
            accepted[key] = accepted.get(key, 0) + 1
    return [f"{market} {name} x{count}" for (market, name), count in accepted.items() if count > 1]
