"""Safety lines of the bus and of those who judge by what they read from it, switched off one at a time."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from opensqt.domain.switches import Switches
from opensqt.execution import absence
from opensqt.execution import admission as decide
from opensqt.risk import limits
from opensqt.runtime.bus import feed_pass
from opensqt.runtime.bus.chain import Chain, Link, Verdict
from opensqt.runtime.bus.port import Stream
from services.reconciler.decide import Judge
from services.relay import generation
from services.relay import service as relay
from services.relay.decide import Standing
from services.relay.decide import standing as compared
from services.relay.state import Place, Sent
from services.relay.state import advance as advance_surely
from services.risk import service as gate
from services.risk.docket import Docket
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.journal import MemoryStore
from tests.world.faults import Kind
from tests.world.mutants import Mutant, Patch


def _prev_ignored() -> list[Patch]:
    real = Chain.judge

    def judge(chain: "Chain[Any]", link: Link) -> Verdict:
        found = real(chain, link)
        return Verdict.DELIVER if found is Verdict.HOLD else found

    return [(Chain, "judge", judge)]


def _shared_durable() -> list[Patch]:
    real = MemoryBus.queue

    async def queue(bus: MemoryBus, stream: Stream, _: str, filters: Sequence[str]) -> Any:
        return await real(bus, stream, "shared", filters)

    return [(MemoryBus, "queue", queue), (MemoryBus, "drop_queues", _idle)]


def _unacked_counted() -> list[Patch]:
    """The relay counts whatever it sent as delivered."""
    real = advance_surely

    def advance(place: Place, sent: tuple[Sent, ...]) -> Place:
        done = real(place, sent)
        return msgspec.structs.replace(done, position=sent[-1].position)

    return [(relay, "advance", advance)]


def _never_shorter() -> list[Patch]:
    """The relay takes every FEED for the one it knows."""
    real = compared

    def standing(place: Place | None, *words: Any) -> Standing:
        return real(place, *words) if place is None else Standing.SAME

    return [(generation, "standing", standing), (relay, "contradicts", lambda *_: False)]


def _believed() -> list[Patch]:
    """A source that does not see what it must see counts as healthy."""
    real = absence.judge

    def judge(search: Any, look: Any) -> Any:
        return real(search, msgspec.structs.replace(look, witness_seen=True))

    return [(absence, "judge", judge)]


def _repriced() -> list[Patch]:
    real = decide.request_of

    def request_of(*words: Any, **more: Any) -> Any:
        request = real(*words, **more)
        return msgspec.structs.replace(request, price=request.price * 2)

    return [(decide, "request_of", request_of)]


def _hasty() -> list[Patch]:
    """The reconciler does not wait for what the executor reads after a snapshot."""
    real = Judge.__init__

    def begin(judge: Judge, **words: Any) -> None:
        real(judge, **(words | {"grace_ms": 0}))

    return [(Judge, "__init__", begin)]


async def _idle(*_: Any, **__: Any) -> None:
    return None


async def _reached(*_: Any) -> bool:
    return True


def _one(owner: Any, name: str, value: Any) -> Callable[[], list[Patch]]:
    return lambda: [(owner, name, value)]


def _nothing(*_: Any, **__: Any) -> None:
    return None


_silent = _one(feed_pass, "_generation_said", lambda *_: 0)
LOST = (Kind.PUBLISH_LOST,) * 4
SHORT = (Kind.FEED_TAIL,) * 3
STUCK = (Kind.STORE_DOWN,) * 3
BLIND = (*(Kind.PLACE_ACK_LOST,) * 3, *(Kind.STREAM_MUTE,) * 4, *(Kind.READS_BLIND,) * 4)
M = Mutant
OF_THE_BUS = (
    M(name="prev ignored by the reader", patches=_prev_ignored, focus=LOST, in_house=True),
    M(name="durable shared with the successor", patches=_shared_durable, focus=(Kind.STORE_DOWN, Kind.CRASH) * 4),
    M(name="unacked rows count as published", patches=_unacked_counted, focus=LOST),
    M(name="shorter FEED not noticed by the relay", patches=_never_shorter, focus=SHORT),
    M(name="new feed generation ignored", patches=_silent, focus=SHORT * 3, in_house=True),
    M(name="basis ignored", patches=_one(Docket, "_reach", _reached), focus=SHORT, in_house=True),
    M(name="gate opens at once", patches=_one(gate, "HORIZON_MS", 0), focus=(Kind.CRASH,) * 3),
    M(name="valid_until ignored at the append", patches=_one(MemoryStore, "_late", _nothing), focus=STUCK),
    M(name="absence without a healthy source", patches=_believed, focus=BLIND),
    M(name="own orders may cross", patches=_one(limits, "_self_trade", _nothing)),
    M(name="executor changes the price", patches=_repriced),
    M(name="age of ticks ignored", patches=_one(limits, "_freshness", _nothing), focus=(Kind.MARKET_SILENT,) * 2),
    M(name="halt ignored by the gate", patches=_one(Switches, "halt", _nothing), focus=(Kind.HALT,) * 3),
    M(name="snapshot judged at once", patches=_hasty, focus=(Kind.STREAM_MUTE, Kind.CRASH) * 4, in_house=True),
)  # fmt: skip
