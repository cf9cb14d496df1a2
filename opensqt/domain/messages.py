"""Every message of the platform: the closed unions that folds match, and the names that codec and journal share.

A fold matches an `Event` or one of its parts and ends in `assert_never`, or names what is not its business:
`case _: _not_mine: MarketEvent | FeedEvent = event`. So the type checker refuses a new kind of event until each fold
has said what it does with it.
"""

import typing

import msgspec

from opensqt.domain import (
    account,
    control,
    grounds,
    instruments,
    intent,
    market,
    order_events,
    recon_events,
    strategy_events,
)
from opensqt.domain import verdict as risk
from opensqt.domain.account import AccountEvent
from opensqt.domain.control import ControlEvent, FeedGeneration, Heartbeat
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.market import MarketEvent, Time
from opensqt.domain.order_events import OrderEvent
from opensqt.domain.recon_events import ReconEvent, VenueEvent
from opensqt.domain.strategy_events import StrategyEvent
from opensqt.domain.verdict import Command, RiskEvent

# What the feed says of itself.
FeedEvent = Time | FeedGeneration | Heartbeat

# What happened. Folds take in events; the journal holds those that cannot be had again.
Event = (
    MarketEvent
    | OrderEvent
    | RiskEvent
    | AccountEvent
    | ReconEvent
    | VenueEvent
    | StrategyEvent
    | ControlEvent
    | FeedEvent
)

# What one process asks of another. It has not happened, and no fold takes it in.
Instruction = PlaceIntent | CancelIntent | Command

Message = Event | Instruction  # what travels on the bus

MODULES = {
    "market": (market, instruments),
    "intent": (intent,),
    "risk": (risk, grounds),
    "order": (order_events,),
    "account": (account,),
    "recon": (recon_events,),
    "strategy": (strategy_events,),
    "control": (control,),
}

# Parts of messages; they never travel alone.
PARTS = frozenset(
    {
        "ApprovalProof",
        "AssetAmount",
        "AdoptedSlot",
        "Basis",
        "BookLevel",
        "CarryOutlook",
        "OrderRef",
    }
    | {"Aggregate", "Conclusion", "Exposure", "Grounds", "Moment", "Quote", "StrategyLimits"}
    | {"Funds", "Worth"}
    | {"SnapshotBalance", "SnapshotOrder", "SnapshotPosition"}
)

# Their shape is fixed and read; no version says them yet. What shows transfers and maintenance will.
RESERVED = frozenset({"BalanceChanged", "Transferred", "InstrumentChanged", "VenueStatus"})

# A reader that does not know one of these may count and skip it; any other unknown type halts it.
IGNORABLE: frozenset[str] = frozenset({"BookTop", "Candle", "Trade", "FeedStatus", "Heartbeat"})


def _catalogue() -> dict[str, type[msgspec.Struct]]:
    found: dict[str, type[msgspec.Struct]] = {}
    for modules in MODULES.values():
        for module in modules:
            for name, value in vars(module).items():
                own = getattr(value, "__module__", "") == module.__name__
                if own and isinstance(value, type) and issubclass(value, msgspec.Struct):
                    found[name] = value
    return found


CATALOGUE: dict[str, type[msgspec.Struct]] = _catalogue()
TRAVELLING: dict[str, type[Message]] = {kind.__name__: kind for kind in typing.get_args(Message)}


_OF_SYMBOL = (
    (account.PositionStated | account.FundingPaid | recon_events.Discrepancy)
    | (recon_events.Adjustment | recon_events.OrderContradicted | recon_events.Liquidated)
    | (recon_events.AutoDeleveraged | recon_events.Settled | recon_events.InstrumentChanged)
    | (strategy_events.AnchorSet | strategy_events.PositionAdopted)
)


def symbol_of(event: Event) -> str:
    """Return the symbol that an event is about, or nothing where it names none."""
    if isinstance(event, MarketEvent):
        return event.symbol
    if isinstance(event, OrderEvent):
        return event.ref.symbol
    if isinstance(event, _OF_SYMBOL):
        return event.symbol
    _names_none: (
        (RiskEvent | ControlEvent | FeedEvent | account.VenueSnapshot | account.BalanceChanged)
        | (account.Deposit | recon_events.Halted | recon_events.Resumed | recon_events.Transferred)
        | (recon_events.VenueStatus | strategy_events.StrategyStarted)
        | (strategy_events.StrategyFaulted | strategy_events.SagaStep)
        | strategy_events.StrategyFlattened
    ) = event
    return ""


def name_of(message: Message) -> str:
    """Return the type name that stands in envelopes and journal rows."""
    return type(message).__name__
