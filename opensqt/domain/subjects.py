"""Subjects: the one place that knows where a message is published and how a symbol becomes a token."""

import functools
import re
from collections.abc import Sequence
from typing import assert_never

from opensqt.domain import control, market
from opensqt.domain.account import (
    BalanceChanged,
    Deposit,
    FundingPaid,
    PositionStated,
    VenueSnapshot,
)
from opensqt.domain.control import ControlEvent
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.market import MarketEvent
from opensqt.domain.messages import Event, FeedEvent
from opensqt.domain.order_events import OrderEvent
from opensqt.domain.recon_events import (
    Adjustment,
    AutoDeleveraged,
    Discrepancy,
    Halted,
    InstrumentChanged,
    Liquidated,
    OrderContradicted,
    ReconEvent,
    Resumed,
    Settled,
    Transferred,
    VenueEvent,
    VenueStatus,
)
from opensqt.domain.strategy_events import StrategyEvent
from opensqt.domain.verdict import IntentConflict, RiskApproved, RiskRefused

TIME = "evt.time"
KILL = "ctl.kill"
LATCH = "ctl.latch"
STRATEGIES = "ctl.strategies"
BY_HAND = "evt.hand"
FEED_GENERATION = "ctl.feed"
HEARTBEAT = "ctl.heartbeat"
SWITCHES = "evt.recon.desk"  # halts and their ends
RISK_ALIVE = "ctl.alive.risk"

REMEMBERED_MAX = 4096  # names and subjects; a desk has some hundreds

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_ODD = re.compile(r"[^A-Za-z0-9]")
_ODD_AT_THE_END = re.compile(r"[^A-Za-z0-9-]")

_MARKET_KIND: dict[type[MarketEvent], str] = {
    market.Tick: "tick",
    market.Trade: "trade",
    market.BookTop: "book",
    market.Candle: "candle",
    market.Funding: "funding",
    market.Mark: "mark",
    market.FeedStatus: "status",
    InstrumentRules: "rules",
}
# Named here: a union that is written inside a function is built at every call.
_DeskEvent = ControlEvent | FeedEvent
_ReconcilerEvent = ReconEvent | VenueEvent
_DESK_KIND: dict[type[_DeskEvent], str] = {
    market.Time: TIME,
    control.FeedGeneration: FEED_GENERATION,
    control.Heartbeat: HEARTBEAT,
    control.KillLatched: LATCH,
    control.KillReleased: LATCH,
    control.LimitChanged: "ctl.limit",
    control.CallAudited: "ctl.call",
    control.AlertDelivery: "ctl.alert",
    control.OrderedByHand: BY_HAND,
    control.DeskGeneration: "ctl.desk",
    control.StrategyRegistered: STRATEGIES,
    control.StrategyRetiring: STRATEGIES,
    control.StrategyDeregistered: STRATEGIES,
}


@functools.lru_cache(maxsize=REMEMBERED_MAX)
def token(name: str) -> str:
    """Return a name as one subject token: `BTC/USDT:USDT` becomes `BTC-USDT-USDT`.

    Two symbols never share a token. Of a symbol's parts letters and digits of ASCII stand as they are, and the `-` of a
    settlement's date; any other character stands as its number in hex between underscores: `币` is `_5e01_`.
    """
    base, slash, rest = name.partition("/")
    if not slash:
        if _TOKEN.fullmatch(name) is None:
            raise ValueError(f"{name!r} cannot be a subject token (letters, digits, _ -)")
        return name
    quote, colon, settle = rest.partition(":")
    pair = f"{_escaped(base, _ODD)}-{_escaped(quote, _ODD)}"
    return f"{pair}-{_escaped(settle, _ODD_AT_THE_END)}" if colon else pair


def _escaped(part: str, odd: re.Pattern[str]) -> str:
    return odd.sub(lambda found: f"_{ord(found.group()):x}_", part)


def order_events(venue: str, account_name: str, symbol: str = "*") -> str:
    """Return the subject of the order events of a symbol (or the filter for all symbols)."""
    return f"evt.order.{token(venue)}.{token(account_name)}.{_or_any(symbol)}"


def market_events(venue: str, symbol: str, kind: str = "*") -> str:
    """Return the subject (or filter) of the market data of a symbol."""
    return f"md.{token(venue)}.{_or_any(symbol)}.{kind}"


def strategy_events(name: str) -> str:
    """Return the subject of a strategy's own events."""
    return f"evt.strategy.{token(name)}"


def intent_subject(intent: PlaceIntent | CancelIntent) -> str:
    """Return the subject of an intent on its way to risk."""
    return f"intent.{token(intent.strategy)}.{_place(intent.venue, intent.account, intent.symbol)}"


def command_subject(intent: PlaceIntent | CancelIntent, *, is_exit: bool) -> str:
    """Return the subject of an approved intent: openings and exits have queues of their own."""
    queue = "exit" if is_exit else "open"
    return f"cmd.{queue}.{_place(intent.venue, intent.account, intent.symbol)}"


def subject_of(event: Event) -> str:
    """Return the FEED subject of an event; raise `ValueError` for one that names what cannot be a subject."""
    if isinstance(event, MarketEvent):
        return market_events(event.venue, event.symbol, _MARKET_KIND[type(event)])
    if isinstance(event, OrderEvent):
        return order_events(event.ref.venue, event.ref.account, event.ref.symbol)
    if isinstance(event, StrategyEvent):
        return strategy_events(event.strategy)
    if isinstance(event, _DeskEvent):
        return _DESK_KIND[type(event)]
    if isinstance(event, _ReconcilerEvent):
        return _of_reconciler(event)
    match event:
        case RiskApproved() | RiskRefused() | IntentConflict():
            intent = event.place or event.cancel
            if intent is None:
                raise ValueError(f"{type(event).__name__} {event.intent_id} carries no intent")
            return f"evt.risk.{token(intent.strategy)}"
        case PositionStated():
            return f"evt.position.{_place(event.venue, event.account, event.symbol)}"
        case VenueSnapshot() | BalanceChanged() | FundingPaid() | Deposit():
            return f"evt.account.{token(event.venue)}.{token(event.account)}"
        case _:
            assert_never(event)


def _of_reconciler(event: _ReconcilerEvent) -> str:
    match event:
        case Halted() | Resumed():
            return SWITCHES
        case InstrumentChanged() | VenueStatus():
            return f"evt.recon.{token(event.venue)}.desk"
        case Discrepancy() | Adjustment() | OrderContradicted() | Transferred():
            return f"evt.recon.{token(event.venue)}.{token(event.account)}"
        case Liquidated() | AutoDeleveraged() | Settled():
            return f"evt.recon.{token(event.venue)}.{token(event.account)}"


def matches(pattern: str, subject: str) -> bool:
    """Tell whether a filter (`*` one token, `>` the rest) accepts a subject."""
    wanted, found = pattern.split("."), subject.split(".")
    for index, part in enumerate(wanted):
        if part == ">":
            return len(found) > index
        if index >= len(found) or part not in ("*", found[index]):
            return False
    return len(wanted) == len(found)


class Interest:
    """Filters, and what they said to each subject; none of them means all subjects."""

    def __init__(self, filters: Sequence[str]) -> None:
        self._filters = tuple(filters)
        self._known: dict[str, bool] = {}

    def wants(self, subject: str) -> bool:
        """Tell whether one of the filters accepts a subject."""
        known = self._known.get(subject)
        if known is None:
            filters = self._filters
            known = not filters or any(matches(pattern, subject) for pattern in filters)
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            self._known[subject] = known
        return known


def overlaps(one: str, other: str) -> bool:
    """Tell whether some subject is accepted by both filters."""
    ours, theirs = one.split("."), other.split(".")
    for mine, yours in zip(ours, theirs, strict=False):
        if ">" in {mine, yours}:
            return True
        if mine != yours and "*" not in {mine, yours}:
            return False
    return len(ours) == len(theirs)


def widest(filters: Sequence[str]) -> list[str]:
    """Return the filters without those that another one covers, in order; servers refuse overlaps."""
    distinct = list(dict.fromkeys(filters))
    return [
        mine
        for mine in distinct
        if not any(other != mine and _covers(other, mine) for other in distinct)
    ]


def _covers(wide: str, narrow: str) -> bool:
    ours, theirs = wide.split("."), narrow.split(".")
    for index, part in enumerate(ours):
        if part == ">":
            return len(theirs) > index
        if index >= len(theirs) or theirs[index] == ">":
            return False
        if part not in ("*", theirs[index]):
            return False
    return len(ours) == len(theirs)


def _place(venue: str, account_name: str, symbol: str) -> str:
    return f"{token(venue)}.{token(account_name)}.{token(symbol)}"


def _or_any(symbol: str) -> str:
    return symbol if symbol == "*" else token(symbol)
