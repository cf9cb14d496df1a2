"""Seals the journal while the relay leads: every piece of a thousand rows, and each five minutes the piece that grows.

A seal stands in a file beside the database and, as evidence, in it. It never changes a row and holds nobody up.
"""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from opensqt.domain.journal import Recorded
from opensqt.domain.seals import FIRST, ROWS_PER_SEAL, Seal, piece_of, row_faults, sealed
from opensqt.runtime.clock import Clock
from opensqt.runtime.journal.port import Journal, JournalDown
from opensqt.runtime.seal_keys import NoSealKey, SealKeys
from opensqt.runtime.telemetry.logs import Log

FILE = Path("audit") / "seals.jsonl"
EVIDENCE = "seal"
EVERY_S = 300.0
FIX = "stop the desk, keep its folder, and run `opensqt audit verify`"

_log = Log("sealer")


class SealFile:
    """The seals of one data folder, a line each; only ever appended to. Methods block."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Seal]:
        """Return every seal, in the order in which they were made; a last line that was cut short is none."""
        try:
            lines = self.path.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return [msgspec.json.decode(line, type=Seal) for line in lines if line.endswith(b"\n")]

    def append(self, seal: Seal) -> None:
        """Write one seal, on disk before this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            if file.tell() and not self.path.read_bytes().endswith(b"\n"):
                file.truncate(self.path.read_bytes().rfind(b"\n") + 1)
            file.write(msgspec.json.encode(seal) + b"\n")
            file.flush()
            os.fsync(file.fileno())


def newest(seals: Sequence[Seal]) -> list[Seal]:
    """Return the last seal of each piece, in order: it covers what the earlier ones of that piece do."""
    return [one for _, one in sorted({seal.number: seal for seal in seals}.items())]


class Sealer:
    """Seals from where the file ends."""

    def __init__(self, journal: Journal, clock: Clock, file: SealFile, keys: SealKeys) -> None:
        self._journal = journal
        self._clock = clock
        self._file = file
        self._keys = keys

    async def run(self) -> None:
        """Seal every five minutes until cancelled, and once more then."""
        try:
            while True:
                await self._clock.sleep(EVERY_S)
                await self.seal()
        finally:
            await self.seal()

    async def seal(self) -> int:
        """Seal what is not sealed yet; return up to which position. What fails is told and tried again."""
        try:
            return await self._seal()
        except (JournalDown, NoSealKey, OSError, ValueError, msgspec.MsgspecError) as error:
            _log.warning("the journal is not sealed", detail=str(error))
            return 0

    async def _seal(self) -> int:
        seals = newest(await asyncio.to_thread(self._file.read))
        last = seals[-1].last if seals else 0
        if seals:  # the file comes first: a process may have ended before the database had it
            await self._journal.keep(EVIDENCE, msgspec.json.encode(seals[-1]))
        while rows := await self._rows(last):
            grown = [one for one in seals if one.first == rows[0].position]
            if fault := next((one for seal in grown for one in row_faults(seal, rows)), None):
                # Sealing it would bless what somebody did to it.
                _log.error(
                    "the journal was changed", position=fault.position, detail=fault.detail, fix=FIX
                )
                return last
            before = [one for one in seals if one.number < piece_of(rows[0].position)[0]]
            seal = await asyncio.to_thread(self._sealed, rows, before)
            await asyncio.to_thread(self._file.append, seal)
            await self._journal.keep(EVIDENCE, msgspec.json.encode(seal))
            seals, last = [*before, seal], seal.last
        return last

    async def _rows(self, last: int) -> list[Recorded]:
        """Return the rows of the first piece that is not sealed up to its end, none when nothing was added."""
        _, first = piece_of(last + 1)
        rows = await self._journal.read(first - 1, ROWS_PER_SEAL)
        return rows if rows and rows[-1].position > last else []

    def _sealed(self, rows: Sequence[Recorded], before: Sequence[Seal]) -> Seal:
        name, key = self._keys.sealing()
        previous = before[-1].digest if before else FIRST
        seal = sealed(rows, previous, self._clock.wall_ms(), name)
        return msgspec.structs.replace(seal, signature=key.sign(seal.body).hex())
