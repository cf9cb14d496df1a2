"""What proves that a journal was not changed: a Merkle root for each piece of it, chained and signed. Pure.

A seal also names each row by a few bytes of its hash, so that a piece that no longer fits can be told apart row by row.
"""

import difflib
import hashlib
from collections.abc import Iterator, Sequence

import msgspec

from opensqt.domain.journal import Recorded

ROWS_PER_SEAL = 1000
NAME_BYTES = 8  # of a row's hash, to name the row
FIRST = ""  # what stands before the first seal
_LEAF, _NODE = b"\0", b"\1"  # so that no row can pass for a node


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of a journal, sealed. A piece that was not full is sealed again when it has grown."""

    number: int  # of the piece, from 0
    first: int  # journal position
    last: int
    root: str  # hex
    names: str  # hex, 8 bytes for each row
    previous: str  # digest of the last seal of the piece before
    sealed_ms: int  # wall
    key: str  # id of the key that signed it
    signature: str = ""  # hex

    @property
    def body(self) -> bytes:
        """What is signed."""
        return msgspec.json.encode(msgspec.structs.replace(self, signature=""))

    @property
    def digest(self) -> str:
        """What the next seal is chained to."""
        return hashlib.sha256(self.body).hexdigest()


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was sealed."""

    kind: str  # changed, removed, inserted, truncated, seal
    position: int
    detail: str


def row_hash(row: Recorded) -> bytes:
    """Return the hash of a row's content; where it stands is the tree's business."""
    parts = (
        *(row.event_id, row.stream, row.version, row.type, row.schema_version, row.subject),
        *(row.data.hex(), row.data_hash.hex(), row.actor, row.correlation_id, row.causation_id),
        *(row.traceparent, row.venue_time_ms, row.occurred_at_ms, row.recorded_at_ms, row.epoch),
    )
    return hashlib.sha256(_LEAF + msgspec.json.encode(parts)).digest()


def merkle_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over these rows; one that has no partner goes up alone."""
    level = list(hashes) or [hashlib.sha256(b"").digest()]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [
            hashlib.sha256(_NODE + b"".join(pair)).digest() if len(pair) > 1 else pair[0]
            for pair in pairs
        ]
    return level[0]


def piece_of(position: int) -> tuple[int, int]:
    """Return number and first position of the piece that a position belongs to."""
    number = (position - 1) // ROWS_PER_SEAL
    return number, number * ROWS_PER_SEAL + 1


def sealed(rows: Sequence[Recorded], previous: str, sealed_ms: int, key: str) -> Seal:
    """Return the seal of consecutive rows from the beginning of a piece, not signed yet."""
    hashes = [row_hash(row) for row in rows]
    number, first = piece_of(rows[0].position)
    return Seal(
        number=number,
        first=first,
        last=rows[-1].position,
        root=merkle_root(hashes).hex(),
        names="".join(one[:NAME_BYTES].hex() for one in hashes),
        previous=previous,
        sealed_ms=sealed_ms,
        key=key,
    )


def row_faults(seal: Seal, rows: Sequence[Recorded]) -> Iterator[Fault]:
    """Yield each row of a sealed piece that was changed, removed, inserted or cut off.

    `rows` are what stands there now, with some of what follows: where rows were numbered anew, the piece has moved.
    """
    here = [row for row in rows if row.position <= seal.last]
    numbered = [row.position for row in here] == list(range(seal.first, seal.last + 1))
    if numbered and merkle_root([row_hash(row) for row in here]).hex() == seal.root:
        return
    width = 2 * NAME_BYTES
    names = [seal.names[at : at + width] for at in range(0, len(seal.names), width)]
    found = [row_hash(row)[:NAME_BYTES].hex() for row in rows]
    faults = list(_named(seal, rows, names, found))
    if not faults:
        moved = f"positions {seal.first} to {seal.last} are not numbered as they were sealed"
        faults = [Fault(kind="changed", position=seal.first, detail=moved)]
    yield from faults


def _named(
    seal: Seal, rows: Sequence[Recorded], names: Sequence[str], found: Sequence[str]
) -> Iterator[Fault]:
    matcher = difflib.SequenceMatcher(None, names, found, autojunk=False)
    for tag, a0, a1, b0, b1 in matcher.get_opcodes():
        if tag == "equal" or a0 == a1 == len(names):
            continue  # the same, or what follows the piece
        common = min(a1 - a0, b1 - b0)
        for row in rows[b0 : b0 + common]:
            yield Fault(kind="changed", position=row.position, detail=_told(row))
        for position in range(seal.first + a0 + common, seal.first + a1):
            cut = b1 == len(found)
            lost = "is cut off, with what followed" if cut else "is missing"
            detail = f"the row that was sealed at {position} {lost}"
            yield Fault(kind="truncated" if cut else "removed", position=position, detail=detail)
            if cut:
                return
        if a1 < len(names):
            for row in rows[b0 + common : b1]:
                yield Fault(kind="inserted", position=row.position, detail=_told(row))


def chain_faults(seals: Sequence[Seal]) -> Iterator[Fault]:
    """Yield where the chain of the last seals of all pieces is broken: one is missing, or was replaced."""
    previous, number = FIRST, 0
    for seal in seals:
        if seal.number != number:
            lost = f"seals {number} to {seal.number - 1} are missing"
            yield Fault(kind="seal", position=seal.first, detail=lost)
        elif seal.previous != previous:
            other = f"seal {seal.number} follows another seal than stands before it"
            yield Fault(kind="seal", position=seal.first, detail=other)
        previous, number = seal.digest, seal.number + 1


def _told(row: Recorded) -> str:
    return f"{row.type} of stream {row.stream}, event {row.event_id}"
