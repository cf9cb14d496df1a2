"""What a strategy decides: intents, facts about itself, and why it does not trade. Values only."""

from collections import Counter
from decimal import Decimal

import msgspec

from opensqt.domain.account import AssetAmount
from opensqt.domain.decimals import EXACT, canonical
from opensqt.domain.intent import CancelIntent, PlaceIntent, Purpose
from opensqt.domain.recon_events import Halted
from opensqt.domain.strategy_events import StrategyEvent

Cause = tuple[str | int, ...]


class JournalledChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A path-dependent choice for the journal; `cause` makes its event id, so that it is recorded once."""

    cause: Cause
    message: StrategyEvent | Halted  # a strategy halts nobody but itself


class SkippedSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A slot that has no order although the plan knows one, and why."""

    slot: str
    why: str  # as `status` counts it
    purpose: Purpose = Purpose.OPEN  # of the order that it lacks
    words: str = ""  # why, with the figures of this slot, where there are any
    bound: bool = False  # the owner's or the market's bounds keep it away: missed only while nothing else works


class WakeCondition(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy waits for: nothing changes while the price stays inside and the time has not come.

    A promise that a backtest uses to pass over all the prices in between: with the same orders at work the strategy
    would decide the same at each of them, whatever marks and repeated funding rates show meanwhile. Every event but
    these wakes it. None leaves a side open.
    """

    symbol: str
    price_min: Decimal | None = None  # quote units, of the mid: at it and below
    price_max: Decimal | None = None  # at it and above
    time_ms: int | None = None  # market


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one `decide`; an empty `reason` says that the strategy trades."""

    intents: tuple[PlaceIntent | CancelIntent, ...] = ()
    choices: tuple[JournalledChoice, ...] = ()
    reason: str = ""
    idle: bool = False  # the reason is that what it wants and may do has no effect
    gaps: tuple[SkippedSlot, ...] = ()
    dust: tuple[AssetAmount, ...] = ()  # held and too little for any order
    note: str = ""  # for people: by what it decides now
    wake: WakeCondition | None = None  # None: every event is a reason to look again


def shown(decision: Decision) -> dict[str, dict[str, int] | dict[str, str] | str]:
    """Return what people see of it: its note, how many slots have no order, by reason, and the dust by asset."""
    dust = {held.asset: canonical(held.amount.normalize(EXACT)) for held in decision.dust}
    skipped = dict(Counter(gap.why for gap in decision.gaps))
    return {"note": decision.note, "skipped": skipped, "dust": dust}
