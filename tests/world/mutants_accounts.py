"""What keeps two accounts of one desk apart, switched off: only a World with a second account shows it."""

from collections.abc import Callable
from typing import Any

from opensqt.risk import state
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


def _every_account(_: str, orders: Any) -> Any:
    return [one for one in orders if one.placed]


def _one(owner: Any, name: str, value: Any) -> Callable[[], list[Patch]]:
    return lambda: [(owner, name, value)]


M = Mutant
OF_ACCOUNTS = (
    M(name="commands of another account taken", patches=_any_command, with_side=True),
    M(name="exposure of another account counted", patches=_one(state, "_of", _every_account), with_side=True),
)  # fmt: skip
