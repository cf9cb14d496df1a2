"""Faults of the venue's surroundings, scripted or seeded: lost and late answers, bad streams, stale reads, limits.

A rule applies to requests (`match.kind` is the kind of an endpoint: place, cancel, query ...) or to stream frames
(`match.kind` is private or public). Empty fields of a match fit everything. It never touches the exchange itself.
"""

import random
from collections.abc import Iterable
from enum import StrEnum

import msgspec


class FaultName(StrEnum):
    """What may go wrong."""

    LOST_ACK = "lost_ack"
    LOST_REQUEST = "lost_request"
    LATE_ACK = "late_ack"
    ERROR_AFTER_ACCEPT = "error_5xx_after_accept"
    ERROR_REFUSED = "error_5xx_refused"
    LIMITED = "429"
    BANNED = "418"
    STALE_READS = "stale_reads"
    VISIBILITY_LAG = "visibility_lag"
    DISCONNECT = "disconnect"
    DUPLICATE_FRAME = "duplicate_frame"
    DROPPED_FRAME = "dropped_frame"
    REORDERED_FRAME = "reordered_frame"
    MUTE = "mute"


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rule fits; an empty field fits everything."""

    kind: str = ""
    market: str = ""
    account: str = ""
    symbol: str = ""

    def fits(self, other: "Match") -> bool:
        """Whether an occasion is meant by this match."""
        pairs = (
            (self.kind, other.kind),
            (self.market, other.market),
            (self.account, other.account),
            (self.symbol, other.symbol),
        )
        return all(not wanted or wanted == found for wanted, found in pairs)


class FaultRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault: how often (`count` times after `skip`, or with `probability` 0..1), how long or late.

    `ms` is wall time for late_ack, market time for stale_reads and visibility_lag.
    """

    fault: FaultName
    match: Match = Match()
    count: int | None = None
    skip: int = 0
    probability: float | None = None
    ms: int = 0


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
