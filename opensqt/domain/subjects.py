"""Subjects: the one place that knows where a message is published and how a symbol becomes a token."""

import functools
import re
from collections.abc import Sequence

from opensqt.domain import account, control, market, recon_events
from opensqt.domain import strategy_events as strategy
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.messages import Message
from opensqt.domain.verdict import IntentConflict, RiskApproved, RiskRefused

TIME = "evt.time"
KILL = "ctl.kill"
LATCH = "ctl.latch"
FEED_GENERATION = "ctl.feed"
HEARTBEAT = "ctl.heartbeat"
SWITCHES = "evt.recon.desk"  # halts and their ends
RISK_ALIVE = "ctl.alive.risk"

REMEMBERED_MAX = 4096  # names and subjects; a desk has some hundreds

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
_ODD = re.compile(r"[^A-Za-z0-9]")
_ODD_AT_THE_END = re.compile(r"[^A-Za-z0-9-]")

_MARKET_KIND: dict[type[Message], str] = {
    market.Tick: "tick",
    market.Trade: "trade",
    market.BookTop: "book",
    market.Candle: "candle",
    market.Funding: "funding",
    market.Mark: "mark",
    market.FeedStatus: "status",
    InstrumentRules: "rules",
}

_ACCOUNT = (account.VenueSnapshot, account.BalanceChanged, account.FundingPaid, account.Deposit)
_STRATEGY = (
    strategy.StrategyStarted,
    strategy.AnchorSet,
    strategy.PositionAdopted,
    strategy.StrategyFaulted,
    strategy.SagaStep,
)
_CONTROL: dict[type[Message], str] = {
    market.Time: TIME,
    control.FeedGeneration: FEED_GENERATION,
    control.Heartbeat: HEARTBEAT,
    control.KillLatched: LATCH,
    control.KillReleased: LATCH,
    control.LimitChanged: "ctl.limit",
    control.DeskGeneration: "ctl.desk",
    recon_events.Halted: SWITCHES,
    recon_events.Resumed: SWITCHES,
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


def subject_of(message: Message) -> str:
    """Return the FEED subject of a fact; raise `ValueError` for what does not travel on FEED."""
    kind = type(message)
    if kind in _CONTROL:
        return _CONTROL[kind]
    if kind in _MARKET_KIND:
        fields = message.venue, message.symbol  # type: ignore[attr-defined]
        return market_events(*fields, _MARKET_KIND[kind])
    if isinstance(message, _STRATEGY):
        return strategy_events(message.strategy)
    if isinstance(message, RiskApproved | RiskRefused | IntentConflict):
        intent = message.place or message.cancel
        if intent is None:
            raise ValueError(f"{kind.__name__} {message.intent_id} carries no intent")
        return f"evt.risk.{token(intent.strategy)}"
    if isinstance(message, account.PositionStated):
        return f"evt.position.{_place(message.venue, message.account, message.symbol)}"
    if isinstance(message, _ACCOUNT):
        return f"evt.account.{token(message.venue)}.{token(message.account)}"
    return _routed(message)


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


def _routed(message: Message) -> str:
    ref = getattr(message, "ref", None)
    if ref is not None:
        return order_events(ref.venue, ref.account, ref.symbol)
    venue, name = getattr(message, "venue", ""), getattr(message, "account", "desk")
    if type(message).__module__ == recon_events.__name__ and venue:
        return f"evt.recon.{token(venue)}.{token(name)}"
    raise ValueError(f"{type(message).__name__} does not travel on FEED")


def _place(venue: str, account_name: str, symbol: str) -> str:
    return f"{token(venue)}.{token(account_name)}.{token(symbol)}"


def _or_any(symbol: str) -> str:
    return symbol if symbol == "*" else token(symbol)
