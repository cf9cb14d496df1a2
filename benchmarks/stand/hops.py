"""From stamps to figures: how long each intent took from place to place, and the quantiles of many. Pure."""

from collections.abc import Sequence

import msgspec

from benchmarks.stand.author import Said
from benchmarks.stand.stamps import Tape

# The places in order; a hop is named for what happens between one and the next.
DESK_PLACES = (
    ("risk.arrived", "bus to risk"),
    ("risk.taken", "turn at the gate"),
    ("risk.judged", "judged (basis seen)"),
    ("risk.published", "verdict encoded"),
    ("executor.arrived", "bus to executor"),
    ("executor.taken", "turn of the reader"),
    ("executor.append", "decoded and admitted"),
    ("executor.commit", "turn of the writer"),
    ("executor.committed", "committed"),
    ("executor.asked", "folded, handed to the port"),
    ("executor.granted", "budget and request"),
    ("executor.signed", "signed by ccxt"),
    ("executor.wire", "written by aiohttp"),
    ("venue.request", "read by the venue"),
)
FLOOR_PLACES = (
    ("floor.heard", "bus to gate"),
    ("floor.published", "nothing"),
    ("floor.taken", "bus to sender"),
    ("floor.committed", "committed"),
    ("floor.wire", "signed and written"),
    ("venue.request", "read by the venue"),
)
PLACES = {"desk": DESK_PLACES, "floor": FLOOR_PLACES}
WIRE = {"desk": "executor.wire", "floor": "floor.wire"}
NS_PER_MS = 1e6
P999_COUNT_MIN = 2000


class Quantiles(msgspec.Struct, frozen=True, kw_only=True):
    """Of spans in ms; p99.9 only of enough spans."""

    count: int
    p50: float
    p99: float
    p999: float | None


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the intents of one lane: those that never got there, the whole way, and hop by hop."""

    said: int
    missing: int
    wire_ms: Quantiles | None
    by_kind_ms: dict[str, Quantiles]
    hops_ms: dict[str, Quantiles]


def quantiles(spans_ms: Sequence[float]) -> Quantiles:
    """Return the quantiles of at least one span (nearest rank)."""
    ordered = sorted(spans_ms)
    count = len(ordered)

    def rank(share: float) -> float:
        return round(ordered[min(count - 1, int(count * share))], 3)

    return Quantiles(
        count=count,
        p50=rank(0.5),
        p99=rank(0.99),
        p999=rank(0.999) if count >= P999_COUNT_MIN else None,
    )


def arrived(tape: Tape, lane: str, said: Sequence[Said]) -> int:
    """Count the intents that are on the wire."""
    return sum(tape.at_ns(WIRE[lane], one.keys) is not None for one in said)


def spans_ms(tape: Tape, lane: str, said: Sequence[Said]) -> list[float]:
    """Return the whole way of each intent that is on the wire."""
    ends = ((tape.at_ns(WIRE[lane], one.keys), one.published_ns) for one in said)
    return [(end - begin) / NS_PER_MS for end, begin in ends if end is not None]


def measure(tape: Tape, lane: str, said: Sequence[Said]) -> Measured:
    """Return what the stamps say of these intents; hops of places only, a cancel's way is shorter."""
    whole = spans_ms(tape, lane, said)
    kinds = {kind: [s for s in said if s.kind == kind] for kind in ("place", "cancel")}
    by_kind = {kind: spans_ms(tape, lane, some) for kind, some in kinds.items()}
    hops: dict[str, list[float]] = {}
    for one in kinds["place"]:
        before = one.published_ns
        for place, name in PLACES[lane]:
            at_ns = tape.at_ns(place, one.keys)
            if at_ns is None:
                break
            hops.setdefault(name, []).append((at_ns - before) / NS_PER_MS)
            before = at_ns
    return Measured(
        said=len(said),
        missing=len(said) - len(whole),
        wire_ms=quantiles(whole) if whole else None,
        by_kind_ms={kind: quantiles(found) for kind, found in by_kind.items() if found},
        hops_ms={name: quantiles(found) for name, found in hops.items()},
    )
