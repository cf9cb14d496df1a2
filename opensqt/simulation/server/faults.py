"""Faults of the venue's surroundings, scripted or seeded: lost and late answers, bad streams, stale reads, limits.

A rule applies to requests (`match.kind` is the kind of an endpoint: place, cancel, query ...; place means place_batch
too, and cancel cancel_batch) or to stream frames (private or public). Empty fields of a match fit everything. It never
touches the exchange itself.

| fault | what the client meets | what the venue did |
|---|---|---|
| lost_request, timeout_refused | no answer; 408 and -1007 | nothing |
| lost_ack, late_ack (`ms`), error_5xx_after_accept | no answer; a late one; 503 and -1007 | all of it |
| error_5xx_refused, 429, 418 (both for `ms`) | 503 and -1008; Retry-After | nothing |
| fill_before_cancel (`share`) | a cancel of less than it knows, or of a filled order | the fill, then the cancel |
| stale_reads, visibility_lag (`ms`) | reads of a world that is older; without what is new | goes on |
| clock_skew (`ms`, signed) | a venue whose clock is ahead (a new script is a step) | refuses by its own clock |
| maintenance | 503, no streams, an exchangeInfo that says so; the book goes on | nothing |
| precision_change (`tick_size`, `quantity_step`) | orders on the old grid are refused | expires what is off the step |
| disconnect, disconnect_storm (every `ms`) | cut streams, at once; again and again | goes on |
| duplicate_frame, dropped_frame, reordered_frame, mute | frames twice, never, late; a silent stream | goes on |
"""

import random
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.decimals import ONE, ZERO


class FaultName(StrEnum):
    """What may go wrong."""

    LOST_ACK = "lost_ack"
    LOST_REQUEST = "lost_request"
    TIMEOUT_REFUSED = "timeout_refused"
    LATE_ACK = "late_ack"
    ERROR_AFTER_ACCEPT = "error_5xx_after_accept"
    ERROR_REFUSED = "error_5xx_refused"
    LIMITED = "429"
    BANNED = "418"
    STALE_READS = "stale_reads"
    VISIBILITY_LAG = "visibility_lag"
    FILL_BEFORE_CANCEL = "fill_before_cancel"
    CLOCK_SKEW = "clock_skew"
    MAINTENANCE = "maintenance"
    PRECISION_CHANGE = "precision_change"
    DISCONNECT = "disconnect"
    DISCONNECT_STORM = "disconnect_storm"
    DUPLICATE_FRAME = "duplicate_frame"
    DROPPED_FRAME = "dropped_frame"
    REORDERED_FRAME = "reordered_frame"
    MUTE = "mute"


SPECIES = {
    "place_batch": "place",
    "cancel_batch": "cancel",
}  # a kind of endpoint that is also another


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule fits; an empty field fits everything."""

    kind: str = ""
    market: str = ""
    account: str = ""
    symbol: str = ""

    def fits(self, other: "Match") -> bool:
        """Whether an occasion is meant by this match."""
        if self.kind and self.kind not in (other.kind, SPECIES.get(other.kind)):
            return False
        pairs = (
            (self.market, other.market),
            (self.account, other.account),
            (self.symbol, other.symbol),
        )
        return all(not wanted or wanted == found for wanted, found in pairs)


class FaultRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault: how often (`count` times after `skip`, or with `probability` 0..1), how long or late.

    `ms` is wall time for late_ack, 429, 418 and disconnect_storm, market time for stale_reads, visibility_lag and
    clock_skew. `share` of what is left is filled before a cancel; a `tick_size` or `quantity_step` of 0 stays as it is.
    """

    fault: FaultName
    match: Match = Match()
    count: int | None = None
    skip: int = 0
    probability: float | None = None
    ms: int = 0
    share: Decimal = ONE
    tick_size: Decimal = ZERO
    quantity_step: Decimal = ZERO

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(
                f"share {self.share} of {self.fault.value}: expected above 0, at most 1"
            )
        if self.tick_size < 0 or self.quantity_step < 0:
            raise ValueError(f"tick_size or quantity_step of {self.fault.value} is below 0")
        if self.fault is FaultName.DISCONNECT_STORM and self.ms <= 0:
            raise ValueError(
                f"ms {self.ms} of {self.fault.value}: expected the ms between two cuts"
            )


class FaultScript(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rules and the seed of their chances; a new script replaces the old one."""

    rules: list[FaultRule] = []
    seed: int = 0


class Faults:
    """The rules in force and how often each was met."""

    def __init__(self, script: FaultScript | None = None) -> None:
        self.load(script or FaultScript())

    def load(self, script: FaultScript) -> None:
        """Replace all rules."""
        self.rules = list(script.rules)
        self._met = [0] * len(self.rules)
        self._chance = random.Random(script.seed)

    @property
    def met(self) -> list[int]:
        """How often each rule was applied."""
        return [
            max(0, met - rule.skip)
            if rule.count is None
            else min(rule.count, max(0, met - rule.skip))
            for rule, met in zip(self.rules, self._met, strict=True)
        ]

    def draw(self, names: Iterable[FaultName], occasion: Match) -> FaultRule | None:
        """The first rule of these names that applies now; counts it."""
        if not self.rules:
            return None
        wanted = tuple(names)
        for index, rule in enumerate(self.rules):
            if rule.fault not in wanted or not rule.match.fits(occasion):
                continue
            if rule.probability is not None and self._chance.random() >= rule.probability:
                continue
            if rule.count is not None and self._met[index] >= rule.count + rule.skip:
                continue
            self._met[index] += 1
            if self._met[index] > rule.skip:
                return rule
        return None
