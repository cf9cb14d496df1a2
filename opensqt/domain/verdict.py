"""Verdicts on intents and the latches of the desk."""

import msgspec

from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent


class RiskInput(msgspec.Struct, frozen=True, kw_only=True):
    """One figure that a verdict was based on."""

    name: str
    value: str


class RiskApproved(msgspec.Struct, frozen=True, kw_only=True):
    """The one verdict on an intent: it may be sent. Exactly one of place and cancel is set."""

    intent_id: str
    place: PlaceIntent | None = None
    cancel: CancelIntent | None = None
    reduce_only: bool  # set the venue's reduce-only flag
    risk_epoch: int
    basis: Basis  # what risk itself had folded
    config_version: str
    inputs: tuple[RiskInput, ...] = ()
    time_ms: int


class RiskRefused(msgspec.Struct, frozen=True, kw_only=True):
    """The one verdict on an intent: it must not be sent."""

    intent_id: str
    place: PlaceIntent | None = None
    cancel: CancelIntent | None = None
    reason: str  # a code of the limits table, e.g. tick_stale
    detail: str
    risk_epoch: int
    basis: Basis
    config_version: str
    inputs: tuple[RiskInput, ...] = ()
    time_ms: int


class IntentConflict(msgspec.Struct, frozen=True, kw_only=True):
    """An intent under an id that was judged with other content. It is refused; the verdict that was given stands."""

    intent_id: str
    place: PlaceIntent | None = None  # what was said second
    cancel: CancelIntent | None = None
    detail: str  # the fields that differ, judged and said
    risk_epoch: int
    basis: Basis
    config_version: str
    inputs: tuple[RiskInput, ...] = ()
    time_ms: int


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """An approved intent on its way to the executor."""

    approval: RiskApproved


Verdict = RiskApproved | RiskRefused
RiskEvent = Verdict | IntentConflict
