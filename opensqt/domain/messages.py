"""Every message of the platform by its name; the one list that codec, journal and decoder share."""

import msgspec

from opensqt.domain import (
    account,
    control,
    instruments,
    intent,
    market,
    order_events,
    recon_events,
    strategy_events,
)
from opensqt.domain import verdict as risk

MODULES = {
    "market": (market, instruments),
    "intent": (intent,),
    "risk": (risk,),
    "order": (order_events,),
    "account": (account,),
    "recon": (recon_events,),
    "strategy": (strategy_events,),
    "control": (control,),
}

# Parts of messages; they never travel alone.
PARTS = frozenset(
    {"AssetAmount", "AdoptedSlot", "Basis", "BookLevel", "CarryOutlook", "OrderRef", "RiskInput"}
    | {"SnapshotBalance", "SnapshotOrder", "SnapshotPosition"}
)

Message = msgspec.Struct

# A reader that does not know one of these may count and skip it; any other unknown type halts it.
IGNORABLE: frozenset[str] = frozenset({"BookTop", "Candle", "Trade", "FeedStatus", "Heartbeat"})


def _catalogue() -> dict[str, type[Message]]:
    found: dict[str, type[Message]] = {}
    for modules in MODULES.values():
        for module in modules:
            for name, value in vars(module).items():
                own = getattr(value, "__module__", "") == module.__name__
                if own and isinstance(value, type) and issubclass(value, msgspec.Struct):
                    found[name] = value
    return found


CATALOGUE: dict[str, type[Message]] = _catalogue()
TRAVELLING: dict[str, type[Message]] = {
    name: kind for name, kind in CATALOGUE.items() if name not in PARTS
}


def name_of(message: Message) -> str:
    """Return the type name that stands in envelopes and journal rows."""
    return type(message).__name__
