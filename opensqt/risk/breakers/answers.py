"""Breakers for an account whose venue answers orders slowly, or refuses too many of them. Pure."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Container, Iterator
from decimal import Decimal
from typing import NamedTuple

from opensqt.domain.decimals import EXACT
from opensqt.domain.messages import Event
from opensqt.domain.order_index import Change
from opensqt.domain.order_state import Order
from opensqt.domain.recon_events import Halted
from opensqt.domain.scope import Scope
from opensqt.risk.breakers.breaker import Trip
from opensqt.risk.breakers.settings import LatencySettings, RejectSettings


class VenueAnswer(NamedTuple):
    """The first answer of a venue to one order."""

    scope: str  # of the account
    after_ms: int  # market
    refused: bool
    time_ms: int


def answer_of(change: Change) -> VenueAnswer | None:
    """Return the answer that a fact brought, None where it brought none."""
    order, before = change.order, change.before
    if order is None or order.placed is None or order.submitting is None:
        return None
    if (said := _said(order)) is None or (before is not None and _said(before) is not None):
        return None
    ref = order.placed.ref
    return VenueAnswer(
        scope=str(Scope(venue=ref.venue, account=ref.account)),
        after_ms=max(said - order.submitting.time_ms, 0),
        refused=order.accepted is None,
        time_ms=said,
    )


def _said(order: Order) -> int | None:
    said = order.accepted or order.rejected
    return said.time_ms if said is not None else None


class AnswerWindow:
    """The answers of one account within a span of market time."""

    def __init__(self, span_ms: int) -> None:
        self._span_ms = span_ms
        self._answers: deque[VenueAnswer] = deque()
        self._sorted: list[int] = []  # how long each took
        self.refused = 0

    def add(self, answer: VenueAnswer) -> None:
        """Take in an answer."""
        self._answers.append(answer)
        insort(self._sorted, answer.after_ms)
        self.refused += answer.refused

    def count(self, now_ms: int) -> int:
        """Return how many came within the span, and forget the others."""
        while self._answers and self._answers[0].time_ms <= now_ms - self._span_ms:
            old = self._answers.popleft()
            del self._sorted[bisect_left(self._sorted, old.after_ms)]
            self.refused -= old.refused
        return len(self._answers)

    @property
    def p99_ms(self) -> int:
        """What one answer in a hundred was slower than, or the slowest; 0 without any."""
        return self._sorted[-1 - len(self._sorted) // 100] if self._sorted else 0

    @property
    def slowest_ms(self) -> int:
        """The slowest answer, 0 without any."""
        return self._sorted[-1] if self._sorted else 0


class AnswerBreaker:
    """What breakers of answers have in common: a window for each account, and a trial by new answers."""

    def __init__(self, settings: LatencySettings | RejectSettings, speed: Decimal) -> None:
        self._answers_min = settings.answers_min
        self._span_ms = int(settings.window_s * 1000 * speed)
        self.cooldown_ms = int(settings.cooldown_s * 1000 * speed)
        self._windows: dict[str, AnswerWindow] = {}

    def fold(self, _event: Event, change: Change) -> None:
        """Take in an answer."""
        answer = answer_of(change)
        if answer is not None:
            self._windows.setdefault(answer.scope, AnswerWindow(self._span_ms)).add(answer)

    def trips(self, now_ms: int, trials: Container[str]) -> Iterator[Trip]:
        """Yield the accounts whose answers are beyond the limit."""
        for scope, window in self._windows.items():
            count, on_trial = window.count(now_ms), scope in trials
            if reason := self.broken(window, count, on_trial):
                yield Trip(scope, reason)

    def broken(self, window: AnswerWindow, count: int, on_trial: bool, /) -> str:
        """Say what is beyond the limit, or an empty text."""
        raise NotImplementedError

    def recovered(self, _halt: Halted, _now_ms: int) -> str:
        """Say nothing: nobody knows what the venue would answer while it is asked nothing."""
        return ""

    def proved(self, scope: str, now_ms: int) -> str:
        """Say that the answers of a trial were good, when there are enough."""
        window = self._windows.get(scope)
        count = window.count(now_ms) if window is not None else 0
        if window is None or count < self._answers_min:
            return ""
        return "" if self.broken(window, count, True) else f"{count} good answers"

    def begin_anew(self, scope: str, _time_ms: int, _by_person: bool) -> None:
        """Judge by new answers only."""
        self._windows.pop(scope, None)


class LatencyBreaker(AnswerBreaker):
    """Opens for an account whose venue answers slowly; on trial, at the first slow answer."""

    name = "latency"

    def __init__(self, settings: LatencySettings, speed: Decimal) -> None:
        super().__init__(settings, speed)
        self._settings, self._speed = settings, speed

    def broken(self, window: AnswerWindow, count: int, on_trial: bool) -> str:
        """Say how slow one answer in a hundred was, or one of a trial."""
        if not on_trial and count < self._answers_min:
            return ""
        what, after_ms = "one answer in a hundred", window.p99_ms
        if on_trial:
            what, after_ms = "an answer of the trial", window.slowest_ms
        wall_ms, allowed_ms = int(after_ms / self._speed), self._settings.answer_ms_p99_max
        return f"{what} took {wall_ms} ms, allowed {allowed_ms}" if wall_ms > allowed_ms else ""

    def anew(self) -> "LatencyBreaker":
        """Return the same without answers."""
        return LatencyBreaker(self._settings, self._speed)


class RejectBreaker(AnswerBreaker):
    """Opens for an account of whose orders the venue refuses too many."""

    name = "rejects"

    def __init__(self, settings: RejectSettings, speed: Decimal) -> None:
        super().__init__(settings, speed)
        self._settings, self._speed = settings, speed

    def broken(self, window: AnswerWindow, count: int, _on_trial: bool) -> str:
        """Say how many were refused; a trial is judged as all else, by answers enough."""
        if count < self._answers_min:
            return ""
        if window.refused <= EXACT.multiply(self._settings.refused_share_max, Decimal(count)):
            return ""
        return f"{window.refused} of {count} orders refused, allowed {self._settings.refused_share_max}"

    def anew(self) -> "RejectBreaker":
        """Return the same without answers."""
        return RejectBreaker(self._settings, self._speed)
