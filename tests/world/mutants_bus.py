"""Safety lines of the bus and of those who judge by what they read from it, switched off one at a time."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from opensqt.domain.trading_controls import TradingControls
from opensqt.execution import absence, admission
from opensqt.risk import rules
from opensqt.runtime.bus import catch_up
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.bus.sequence_tracker import SequenceLink, SequenceTracker, SequenceVerdict
from services.reconciler.decide import Comparator
from services.relay import feed_recovery
from services.relay import service as relay
from services.relay.decide import FeedComparison
from services.relay.decide import standing as compared
from services.relay.state import FeedCursor, PublishedRow
from services.relay.state import advance as advance_surely
from services.risk import service as gate
from services.risk.intent_queue import IntentQueue
from tests.support.fakes.bus import MemoryBus
from tests.support.fakes.journal import MemoryStore
from tests.world.faults import Kind
from tests.world.mutants import Mutant, Patch


def _prev_ignored() -> list[Patch]:
    real = SequenceTracker.judge

    def judge(chain: "SequenceTracker[Any]", link: SequenceLink) -> SequenceVerdict:
        found = real(chain, link)
        return SequenceVerdict.DELIVER if found is SequenceVerdict.HOLD else found

    return [(SequenceTracker, "judge", judge)]


def _shared_durable() -> list[Patch]:
    real = MemoryBus.queue

    async def queue(bus: MemoryBus, stream: Stream, _: str, filters: Sequence[str]) -> Any:
        return await real(bus, stream, "shared", filters)

    return [(MemoryBus, "queue", queue), (MemoryBus, "drop_queues", _idle)]


def _unacked_counted() -> list[Patch]:
    """The relay counts whatever it sent as delivered."""
    real = advance_surely

    def advance(place: FeedCursor, sent: tuple[PublishedRow, ...]) -> FeedCursor:
        done = real(place, sent)
        return msgspec.structs.replace(done, position=sent[-1].position)

    return [(relay, "advance", advance)]


def _never_shorter() -> list[Patch]:
    """The relay takes every FEED for the one it knows."""
    real = compared

    def standing(place: FeedCursor | None, *words: Any) -> FeedComparison:
        return real(place, *words) if place is None else FeedComparison.SAME

    return [(feed_recovery, "standing", standing), (relay, "contradicts", lambda *_: False)]


def _believed() -> list[Patch]:
    """A source that does not see what it must see counts as healthy."""
    real = absence.judge

    def judge(search: Any, look: Any) -> Any:
        return real(search, msgspec.structs.replace(look, witness_seen=True))

    return [(absence, "judge", judge)]


def _repriced() -> list[Patch]:
    real = admission.request_of

    def request_of(*words: Any, **more: Any) -> Any:
        request = real(*words, **more)
        return msgspec.structs.replace(request, price=request.price * 2)

    return [(admission, "request_of", request_of)]


def _hasty() -> list[Patch]:
    """The reconciler does not wait for what the executor reads after a snapshot."""
    real = Comparator.__init__

    def begin(judge: Comparator, **words: Any) -> None:
        real(judge, **(words | {"grace_ms": 0}))

    return [(Comparator, "__init__", begin)]


async def _idle(*_: Any, **__: Any) -> None:
    return None


async def _reached(*_: Any) -> bool:
    return True


def _one(owner: Any, name: str, value: Any) -> Callable[[], list[Patch]]:
    return lambda: [(owner, name, value)]


def _nothing(*_: Any, **__: Any) -> None:
    return None


def _without(*codes: str) -> Callable[[], list[Patch]]:
    left = tuple(rule for rule in rules.RULES if rule.code not in codes)
    return _one(rules, "RULES", left)


_silent = _one(catch_up, "_generation_said", lambda *_: 0)
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
    M(name="new feed generation ignored", patches=_silent, focus=(Kind.RESTORE, *SHORT), in_house=True),
    M(name="basis ignored", patches=_one(IntentQueue, "_reach", _reached), focus=SHORT, in_house=True),
    M(name="gate opens at once", patches=_one(gate, "HORIZON_MS", 0), focus=(Kind.CRASH,) * 3),
    M(name="valid_until ignored at the append", patches=_one(MemoryStore, "_late", _nothing), focus=STUCK),
    M(name="absence without a healthy source", patches=_believed, focus=BLIND),
    M(name="own orders may cross", patches=_without("self_trade")),
    M(name="executor changes the price", patches=_repriced),
    M(name="age of ticks ignored", patches=_without("tick_missing", "tick_stale"), focus=(Kind.MARKET_SILENT,) * 2),
    M(name="halt ignored by the gate", patches=_one(TradingControls, "halt", _nothing), focus=(Kind.HALT,) * 3),
    M(name="snapshot judged at once", patches=_hasty, focus=(Kind.STREAM_MUTE, Kind.CRASH) * 4, in_house=True),
)  # fmt: skip
