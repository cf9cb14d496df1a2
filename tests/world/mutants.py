"""Safety lines switched off one at a time: each World of a mutant must sooner or later break an invariant."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from opensqt.domain.journal import Appended, Conflict, Duplicate
from opensqt.domain.venue import InDoubt, NotSent
from opensqt.domain.verdict import RiskRefused
from opensqt.execution import absence, admission, caps, events, evidence
from opensqt.execution.state import ExecutionState
from opensqt.risk.state import RiskState as GateState
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.lease import LeaseKeeper
from services.executor import command_consumer, sender, service
from services.executor.account import ExecutorAccount
from services.executor.account_sync import AccountSync
from services.executor.resolver import OrderResolver
from services.executor.sender import OrderSender
from tests.support.fakes.journal import MemoryStore
from tests.world.faults import Kind

Patch = tuple[Any, str, Any]


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One safety line less; `focus` are faults that every World of it has beside its own."""

    name: str
    patches: Callable[[], list[Patch]]
    focus: tuple[Kind, ...] = ()
    in_house: bool = False  # only a full house shows it
    with_side: bool = False  # only a second account shows it

    @contextlib.contextmanager
    def alive(self) -> Iterator[None]:
        """Let the mutant live for a while."""
        undo: list[Patch] = []
        for owner, name, value in self.patches():
            undo.append((owner, name, vars(owner)[name]))
            setattr(owner, name, value)
        try:
            yield
        finally:
            for owner, name, value in reversed(undo):
                setattr(owner, name, value)


def _nothing(*_: Any, **__: Any) -> None:
    return None


async def _idle(*_: Any, **__: Any) -> None:
    return None


async def _sweepless(*_: Any) -> list[Any]:
    return []


class Forgetful(set[Any]):
    """A set that knows nothing of what it holds."""

    def __contains__(self, _: object) -> bool:
        return False


def _forgetful(name: str) -> Patch:
    """Let the executor's books forget one of their sets."""
    start = ExecutionState.__init__

    def begin(state: ExecutionState, account: str) -> None:
        start(state, account)
        setattr(state, name, Forgetful())

    return (ExecutionState, "__init__", begin)


def _commit_answers() -> list[Patch]:
    """A commit that was there already counts as a fresh one, and verdicts are not remembered."""
    real = ExecutorAccount.commit_surely

    async def commit(account: ExecutorAccount, entry: Any) -> Any:
        outcome = await real(account, entry)
        return Appended(positions=outcome.positions) if isinstance(outcome, Duplicate) else outcome

    return [(ExecutorAccount, "commit_surely", commit), _forgetful("judged")]


def _answer_lost() -> list[Patch]:
    async def commit(account: ExecutorAccount, entry: Any) -> Any:
        try:
            return await account.commit(entry)
        except JournalDown:
            return Conflict(stream="", expected=0, actual=0)

    return [(ExecutorAccount, "commit_surely", commit)]


def _resent() -> list[Patch]:
    real = OrderSender._request

    async def request(self: OrderSender, submits: Any, group: Any) -> Any:
        outcomes = await real(self, submits, group)
        doubtful = any(isinstance(outcome, InDoubt) for outcome in outcomes)
        return await real(self, submits, group) if doubtful else outcomes

    return [(OrderSender, "_request", request)]


def _again_in_doubt() -> list[Patch]:
    real = OrderSender._request

    async def request(self: OrderSender, submits: Any, group: Any) -> Any:
        outcomes = await real(self, submits, group)
        unsent = NotSent(cause="timeout")
        return tuple(unsent if isinstance(one, InDoubt) else one for one in outcomes)

    return [(OrderSender, "_request", request)]


def _refused_in_doubt() -> list[Patch]:
    real = evidence.after_place

    def after(author: Any, ref: Any, outcome: Any, evidence: str, terms: Any) -> Any:
        if isinstance(outcome, InDoubt):
            return (events.rejected(author, ref, "timeout", "", evidence, terms.now_ms),)
        return real(author, ref, outcome, evidence, terms)

    return [(sender, "after_place", after)]


def _sent_first() -> list[Patch]:
    real = ExecutorAccount.commit_surely

    async def place(self: command_consumer.CommandConsumer, approval: Any, intent: Any) -> None:
        account = self._account
        terms, fence = account.terms(intent.valid_until_ms), account.lease.fence
        chosen = admission.admit_place(account.state, account.author, approval, fence, terms)
        if isinstance(chosen, admission.SendOrder):
            await account.venue.place(chosen.request)
            await real(account, chosen.entry)

    return [(command_consumer.CommandConsumer, "_place", place)]


def _ref(**changes: int) -> Callable[[], list[Patch]]:
    def patches() -> list[Patch]:
        real = events.ref_of

        def ref_of(author: Any, intent: Any, attempt: int) -> Any:
            alike = msgspec.structs.replace(intent, cycle=changes.get("cycle", intent.cycle))
            ref = real(author, alike, changes.get("attempt", attempt))
            return msgspec.structs.replace(ref, attempt=attempt)

        journal = (MemoryStore, "_conflict", _nothing), (MemoryStore, "_known", _nothing)
        return [(events, "ref_of", ref_of), *journal]

    return patches


def _no_generation() -> list[Patch]:
    real = events.ref_of

    def ref_of(author: Any, intent: Any, attempt: int) -> Any:
        return real(msgspec.structs.replace(author, generation=""), intent, attempt)

    return [(events, "ref_of", ref_of)]


def _no_fence() -> list[Patch]:
    real = absence.begin

    def begin(**_: int) -> Any:
        return real(deadline_ms=0, lag_ms=0, skew_ms=0)

    return [(absence, "begin", begin)]


def _no_deadline() -> list[Patch]:
    real = admission.request_of

    def request_of(*words: Any, **more: Any) -> Any:
        return msgspec.structs.replace(real(*words, **more), deadline_ms=2**52)

    return [(admission, "request_of", request_of)]


def _no_tombstone() -> list[Patch]:
    return [_forgetful("tombstones")]


def _fills_twice() -> list[Patch]:
    real, count = events.fill, iter(range(10**9))

    def fill(*words: Any) -> Any:
        return msgspec.structs.replace(real(*words), event_id=f"fill {next(count)}")

    return [(events, "fill", fill), (ExecutionState, "knows_trade", lambda *_: False)]


def _no_guard() -> list[Patch]:
    real = admission.admit_place

    def admit(*words: Any) -> Any:
        chosen = real(*words)
        if isinstance(chosen, admission.SendOrder):
            entry = msgspec.structs.replace(chosen.entry, guards=())
            return msgspec.structs.replace(chosen, entry=entry)
        return chosen

    return [(command_consumer, "admit_place", admit)]


def _late_too() -> list[Patch]:
    real = caps.obstacle

    def obstacle(state: ExecutionState, intent: Any, terms: Any, **words: Any) -> str:
        return real(state, intent, msgspec.structs.replace(terms, now_ms=0), **words)

    return [(admission, "obstacle", obstacle), (MemoryStore, "_late", _nothing)]


def _cancelled_once() -> list[Patch]:
    async def cancel(self: OrderResolver, name: str) -> None:
        order = self._account.state.orders[name]
        if order.placed is not None:
            await self._cancel_once(order, order.placed.ref)

    return [(OrderResolver, "_cancel", cancel)]


def _verdict_twice() -> list[Patch]:
    """The journal keeps neither versions nor ids, and the gate forgets what it judged."""
    real = GateState.fold

    def fold(state: GateState, message: Any) -> None:
        real(state, message)
        if isinstance(message, RiskRefused):
            state.verdicts.clear()

    return [
        (MemoryStore, "_known", _nothing),
        (MemoryStore, "_conflict", _nothing),
        (GateState, "fold", fold),
    ]


def _one(owner: Any, name: str, value: Any) -> Callable[[], list[Patch]]:
    return lambda: [(owner, name, value)]


_held = property(lambda keeper: keeper._lease is not None)
PLACES = (Kind.PLACE_ACK_LOST, Kind.PLACE_LOST)
LATE = (Kind.PLACE_ACK_LATE, Kind.PLACE_ACK_LATE, Kind.PLACE_ACK_LATE)
TAKEN_OVER = (Kind.STANDBY, Kind.STANDBY)
M = Mutant
MUTANTS = (
    M(name="epoch not checked by the journal", patches=_one(MemoryStore, "_fenced", _nothing), focus=TAKEN_OVER),
    M(name="lease not checked before the send", patches=_one(LeaseKeeper, "held", _held), focus=TAKEN_OVER),
    M(name="fence not waited out", patches=_one(service, "MS_PER_S", 10**9), focus=(Kind.CRASH,)),
    M(name="verdict twice", patches=_verdict_twice, focus=(Kind.COMMAND_AGAIN, Kind.ANSWER_LOST)),
    M(name="repeated command sent again", patches=_commit_answers, focus=(Kind.COMMAND_AGAIN,) * 3),
    M(name="no tombstone", patches=_no_tombstone),
    M(name="resend on timeout", patches=_resent, focus=PLACES),
    M(name="new attempt on timeout", patches=_again_in_doubt, focus=PLACES),
    M(name="timeout is a refusal", patches=_refused_in_doubt, focus=PLACES),
    M(name="commit after send", patches=_sent_first),
    M(name="id without attempt", patches=_ref(attempt=1), focus=(Kind.PLACE_NOT_SENT, Kind.PLACE_THROTTLED)),
    M(name="id without desk generation", patches=_no_generation, focus=(Kind.RESTORE,)),
    M(name="id without cycle", patches=_ref(cycle=1)),
    M(name="absence without fence", patches=_no_fence, focus=LATE),
    M(name="request without deadline", patches=_no_deadline, focus=LATE),
    M(
        name="kill ignored",
        patches=_one(ExecutionState, "killed_for", _nothing),
        focus=(Kind.KILL, Kind.PLACE_THROTTLED),
    ),
    M(name="fills not unique", patches=_fills_twice, focus=(Kind.STREAM_REPEATS,)),
    M(name="risk epoch not guarded", patches=_no_guard, focus=(Kind.CRASH, Kind.FREEZE) * 10),
    M(name="late command admitted", patches=_late_too, focus=(Kind.FREEZE, Kind.STORE_DOWN)),
    M(name="cancel sent only once", patches=_cancelled_once, focus=(Kind.CANCEL_LOST,) * 2),
    M(name="lost answer is no commit", patches=_answer_lost, focus=(Kind.ANSWER_LOST,) * 2),
    M(name="trades not read by REST", patches=_one(AccountSync, "read_trades", _idle), focus=(Kind.STREAM_LOSES,) * 2),
    M(name="open orders not read by REST", patches=_one(AccountSync, "sweep", _sweepless), focus=(Kind.STREAM_MUTE,)),
    M(name="history not read", patches=_one(service.Executor, "_bootstrap", _idle), focus=(Kind.CRASH,)),
    M(name="unknown orders not pursued", patches=_one(OrderResolver, "_resolve", _idle), focus=PLACES),
    M(name="approvals not reserved", patches=_one(GateState, "reserve", _nothing), focus=(Kind.CRASH,) * 2),
)  # fmt: skip
