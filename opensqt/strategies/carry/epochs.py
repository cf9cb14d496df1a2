"""Funding epochs: from one settlement to the next there is one entry, whatever is heard how often meanwhile. Pure.

An entry is all that is bought until the carry leaves or is flat again. One that bought nothing uses up no epoch.
"""

import msgspec

from opensqt.domain.strategy_events import SagaStep
from opensqt.strategies.carry.carry import settlement_ms


class Epochs(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal tells of entries, each epoch by the settlement that ends it (market time); 0: none."""

    begun_ms: int = 0  # of the last entry
    bought_ms: int = 0  # of the last entry that bought something
    over_ms: int = 0  # of the last one that bought something and is over


def stepped(epochs: Epochs, step: SagaStep) -> Epochs:
    """Fold one step of the saga."""
    change = msgspec.structs.replace
    if step.step == "entering" and step.outlook is not None:
        seen = step.outlook
        ends_ms = settlement_ms(seen.next_funding_ms, seen.interval_hours, step.time_ms)
        return change(epochs, begun_ms=ends_ms)
    if step.step in ("exiting", "flat"):
        return change(epochs, over_ms=epochs.bought_ms)
    return epochs


def bought(epochs: Epochs) -> Epochs:
    """Fold a buy of spot."""
    return msgspec.structs.replace(epochs, bought_ms=epochs.begun_ms)
