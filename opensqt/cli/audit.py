"""`opensqt audit`: whether the journal is what was sealed, row by row; and another key for what comes."""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from opensqt.cli.reading import Source, fetch, read
from opensqt.desk.error import GOOD, JUDGED_FALSE, CliError
from opensqt.domain.seals import ROWS_PER_SEAL, Fault, Seal, chain_faults, row_faults
from opensqt.runtime.environment import SEAL_KEYS, seal_keys_folder
from opensqt.runtime.journal.port import JournalRows
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.seal_keys import PRIVATE, NoSealKey, SealKeys, is_signed
from opensqt.runtime.sealing import EVIDENCE, FILE, SealFile, newest

Trusted = Mapping[str, Ed25519PublicKey]
MOVED_ROWS_MAX = 100  # how far rows may have moved and still be named


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What was judged: the last seal of each piece, how far they go, and what does not fit them."""

    seals: int
    sealed_to: int
    head: int
    faults: tuple[Fault, ...]

    @property
    def holds(self) -> bool:
        """Whether something is sealed and all of it is as it was."""
        return self.seals > 0 and not self.faults


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `audit`."""
    parser.add_argument(
        "what", choices=("verify", "rotate"), help="judge the journal, or seal with a new key"
    )


def run(args: argparse.Namespace) -> int:
    """Print what was found; return 0, or 1 when anything is not as it was sealed."""
    folder = seal_keys_folder(os.environ)
    if folder is None:
        raise CliError(f"no folder of keys is known: name one with {SEAL_KEYS}")
    keys = SealKeys(folder)
    if args.what == "rotate":
        return _rotate(keys, as_json=args.json)
    audit = read(args.data, lambda source: judged(source, keys))
    for fault in audit.faults:
        line = {"type": "fault", **msgspec.to_builtins(fault)}
        print(
            json.dumps(line)
            if args.json
            else f"{fault.kind.upper()} at {fault.position}: {fault.detail}"
        )
    print(json.dumps(_line(audit)) if args.json else _words(audit))
    return GOOD if audit.holds else JUDGED_FALSE


def _rotate(keys: SealKeys, *, as_json: bool) -> int:
    try:
        name, _ = keys.rotate()
    except NoSealKey as error:
        raise CliError(str(error)) from error
    place = keys.folder / PRIVATE
    told = f"key {name} in {place} seals from now on; earlier seals are judged by the public keys beside it"
    print(json.dumps({"type": "rotated", "key": name, "path": str(place)}) if as_json else told)
    return GOOD


async def judged(source: Source, keys: SealKeys) -> Audit:
    """Judge the journal by every seal of ours, also by those that were sealed over again."""
    kept = await fetch(source, "SELECT data FROM evidence WHERE kind = $1", EVIDENCE)
    stored = [msgspec.json.decode(row["data"], type=Seal) for row in kept]
    beside = SealFile(source.folder / FILE).read()
    trusted = keys.public()
    faults = _unsigned([*beside, *stored], keys.folder, trusted)
    sound = {one.digest: one for one in (*stored, *beside) if _is_sound(one, trusted)}
    faults += _apart(beside, stored)
    faults += chain_faults(newest([one for one in beside or stored if one.digest in sound]))
    pieces: dict[int, list[Seal]] = {}
    for seal in sorted(sound.values(), key=lambda one: one.last):
        pieces.setdefault(seal.first, []).append(seal)
    journal = await PostgresJournal.connect(source.dsn)
    try:
        head = (await journal.head()).position
        faults += await _row_faults(journal, pieces)
    finally:
        await journal.close()
    last = max((seal.last for seal in sound.values()), default=0)
    return Audit(seals=len(pieces), sealed_to=last, head=head, faults=tuple(faults))


async def _row_faults(journal: JournalRows, pieces: Mapping[int, Sequence[Seal]]) -> list[Fault]:
    faults: dict[tuple[str, int], Fault] = {}
    for first in sorted(pieces):
        rows = await journal.read(first - 1, ROWS_PER_SEAL + MOVED_ROWS_MAX)
        for seal in pieces[first]:
            for fault in row_faults(seal, rows):
                faults.setdefault((fault.kind, fault.position), fault)
        if any(kind != "changed" for kind, _ in faults):
            break  # what follows has moved
    return list(faults.values())


def _is_sound(seal: Seal, trusted: Trusted) -> bool:
    key = trusted.get(seal.key)
    return key is not None and is_signed(key, seal.signature, seal.body)


def _unsigned(seals: Sequence[Seal], folder: Path, trusted: Trusted) -> list[Fault]:
    """Return the seals that no key of ours made."""
    found: dict[str, Fault] = {}
    for seal in seals:
        if not _is_sound(seal, trusted):
            lacks = f"names key {seal.key}, which {folder} lacks"
            why = "is not what was signed" if seal.key in trusted else lacks
            detail = f"seal {seal.number} of {seal.first} to {seal.last} {why}"
            found[detail] = Fault(kind="seal", position=seal.first, detail=detail)
    return list(found.values())


def _apart(beside: Sequence[Seal], stored: Sequence[Seal]) -> list[Fault]:
    """Return the seals that stand on one side only, in the file or in the database; the file comes first."""
    found: list[Fault] = []
    for only, other, where in ((beside, stored, "the database"), (stored, beside, str(FILE))):
        known = {one.digest for one in other}
        for seal in newest(sorted(only, key=lambda one: (one.sealed_ms, one.last))):
            is_under_way = only is beside and seal == only[-1]
            if seal.digest not in known and not is_under_way:
                detail = f"seal {seal.number} of {seal.first} to {seal.last} is missing in {where}"
                found.append(Fault(kind="seal", position=seal.first, detail=detail))
    return found


def _line(audit: Audit) -> dict[str, object]:
    return {
        "type": "audit",
        "seals": audit.seals,
        "sealed_to": audit.sealed_to,
        "journal_position": audit.head,
        "faults": len(audit.faults),
        "holds": audit.holds,
    }


def _words(audit: Audit) -> str:
    if not audit.seals:
        return "audit: nothing is sealed by a key of ours, so nothing is proved"
    told = f"{audit.seals} seals up to position {audit.sealed_to}, the journal ends at {audit.head}"
    return f"audit: {'holds' if audit.holds else f'FALSE, {len(audit.faults)} faults'}: {told}"
