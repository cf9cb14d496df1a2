"""What keeps two accounts of one desk apart, switched off: only a World with a second account shows it."""

from typing import Any

from opensqt.risk.stakes import Stakes
from tests.support.fakes import bus as memory
from tests.support.fakes.bus import MemoryBus
from tests.world.mutants import Mutant, Patch


def _any_command() -> list[Patch]:
    """An executor takes commands of every account."""
    real = MemoryBus.queue

    async def queue(bus: MemoryBus, stream: Any, durable: str, filters: Any) -> Any:
        wide = [".".join((*one.split(".")[:2], ">")) for one in filters]
        return await real(bus, stream, durable, wide)

    return [(MemoryBus, "queue", queue), (memory, "_refuse_overlap", lambda *_: None)]


def _every_account() -> list[Patch]:
    """The gate counts the orders of a symbol whatever their account."""
    put, at = Stakes._put, Stakes.at

    def joint(place: Any) -> Any:
        return ("", place[1])

    return [
        (Stakes, "_put", lambda self, place, *more: put(self, joint(place), *more)),
        (Stakes, "at", lambda self, place, owed: at(self, joint(place), owed)),
    ]


M = Mutant
OF_ACCOUNTS = (
    M(name="commands of another account taken", patches=_any_command, with_side=True),
    M(name="exposure of another account counted", patches=_every_account, with_side=True),
)  # fmt: skip
