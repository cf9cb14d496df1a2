"""The relay seals what it relays: when it stops, the file beside the journal goes as far as the journal."""

from pathlib import Path

import pytest

from opensqt.domain.seals import row_faults
from opensqt.runtime.seal_keys import SealKeys, is_signed
from opensqt.runtime.sealing import Sealer, SealFile
from services.relay.service import Relay
from tests.conditions import until
from tests.journals import entry, event
from tests.relays import SETTINGS, feed, memory_house, running


@pytest.mark.row("J12")
async def test_a_relay_that_stops_has_sealed_what_is_there(tmp_path: Path) -> None:
    """Signed by the key of its folder, over every row."""
    house, keys = memory_house(), SealKeys(tmp_path / "keys")
    file = SealFile(tmp_path / "seals.jsonl")
    relay = Relay(
        clock=house.clock,
        bus=house.bus,
        journal=house.journal,
        leases=house.leases,
        checkpoints=house.checkpoints,
        holder="one",
        beside=[Sealer(house.journal, house.clock, file, keys)],
        settings=SETTINGS,
    )
    await house.journal.append(entry(event("first")))
    async with running(relay):
        await house.journal.append(entry(event("second")))

        async def is_relayed() -> bool:
            return bool(await feed(house.bus))

        await until(is_relayed)
    rows = await house.journal.read(0, 100)
    (seal,) = file.read()
    assert (seal.first, seal.last) == (1, rows[-1].position)
    assert is_signed(keys.public()[seal.key], seal.signature, seal.body)
    assert list(row_faults(seal, rows)) == []


@pytest.mark.row("J12", "K04")
@pytest.mark.parametrize("spoilt", [b'{"number": 1, "fir', b"\xff\xfe\n"])
async def test_a_spoilt_file_of_seals_stops_nothing_but_the_sealing(
    tmp_path: Path, spoilt: bytes
) -> None:
    """A torn line is told and left for a person; the relay goes on."""
    house, keys = memory_house(), SealKeys(tmp_path / "keys")
    path = tmp_path / "seals.jsonl"
    path.write_bytes(spoilt + b"\n" + spoilt)
    await house.journal.append(entry(event("first")))
    sealer = Sealer(house.journal, house.clock, SealFile(path), keys)
    assert await sealer.seal() == 0
    assert path.read_bytes() == spoilt + b"\n" + spoilt
