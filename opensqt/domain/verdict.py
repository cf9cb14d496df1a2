"""Verdicts on intents, with the figures that they were given by."""

import msgspec

from opensqt.domain.grounds import Conclusion, Grounds, Moment
from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent


class ApprovalProof(msgspec.Struct, frozen=True, kw_only=True):
    """That the holder of one of risk's keys gave an approval: its signature (Base64) over all the rest of it."""

    key_id: str
    signature: str


class RiskApproved(msgspec.Struct, frozen=True, kw_only=True):
    """The one verdict on an intent: it may be sent. Exactly one of place and cancel is set.

    `moment` is absent in journals from before figures were typed, `proof` in those from before approvals were proved;
    `grounds` and `conclusion` are of places only.
    """

    intent_id: str
    place: PlaceIntent | None = None
    cancel: CancelIntent | None = None
    reduce_only: bool  # set the venue's reduce-only flag
    risk_epoch: int
    basis: Basis  # what risk itself had folded
    config_version: str
    time_ms: int
    moment: Moment | None = None
    grounds: Grounds | None = None
    conclusion: Conclusion | None = None
    proof: ApprovalProof | None = None


class RiskRefused(msgspec.Struct, frozen=True, kw_only=True):
    """The one verdict on an intent: it must not be sent."""

    intent_id: str
    place: PlaceIntent | None = None
    cancel: CancelIntent | None = None
    reason: str  # the code of the rule that it broke, e.g. tick_stale
    detail: str
    risk_epoch: int
    basis: Basis
    config_version: str
    time_ms: int
    moment: Moment | None = None
    grounds: Grounds | None = None
    conclusion: Conclusion | None = None


class IntentConflict(msgspec.Struct, frozen=True, kw_only=True):
    """An intent under an id that was judged with other content. It is refused; the verdict that was given stands."""

    intent_id: str
    place: PlaceIntent | None = None  # what was said second
    cancel: CancelIntent | None = None
    detail: str  # every field that differs: name, judged -> said
    risk_epoch: int
    basis: Basis
    config_version: str
    time_ms: int


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """An approved intent on its way to the executor."""

    approval: RiskApproved


Verdict = RiskApproved | RiskRefused
RiskEvent = Verdict | IntentConflict
