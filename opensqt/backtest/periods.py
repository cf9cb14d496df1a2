"""What a run brought by month, and its deepest falls. Values only."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from opensqt.backtest.recorder import Sample
from opensqt.domain.decimals import ZERO
from opensqt.simulation.engine.audit import rfc3339

MS_PER_S = 1000


def months_of(samples: Sequence[Sample], capital: Decimal) -> list[dict[str, Any]]:
    """Return what each month brought, and as a fraction of what there was at its beginning."""
    ends: dict[str, Decimal] = {}
    for one in samples:
        ends[datetime.fromtimestamp(one.time_ms / MS_PER_S, tz=UTC).strftime("%Y-%m")] = one.net_pnl
    before, found = ZERO, []
    for month, after in ends.items():
        held = capital + before
        share = float((after - before) / held) if held > 0 else None
        found.append({"month": month, "net_pnl": after - before, "return": share})
        before = after
    return found


def falls_of(samples: Sequence[Sample], capital: Decimal) -> list[dict[str, Any]]:
    """Return the five deepest falls: from a highest value until it is reached again."""
    found: list[dict[str, Any]] = []
    high, begun, low = ZERO, samples[0].time_ms, ZERO

    def fell(end: str) -> None:
        deep = float(low / (capital + high)) if capital + high > 0 else None
        if low < 0:
            found.append({"begin": rfc3339(begun), "end": end, "quote": low, "depth": deep})

    for one in samples:
        if one.net_pnl >= high:
            fell(rfc3339(one.time_ms))
            high, begun, low = one.net_pnl, one.time_ms, ZERO
        low = min(low, one.net_pnl - high)
    fell("")
    return sorted(found, key=lambda row: row["quote"])[:5]
