"""Strategies that a person adds and removes while the desk runs: what the journal says of them, over the file. Pure.

A strategy that was registered counts as it was recorded, whatever a file says under its name; one that has left is not
there although the file names it.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from opensqt.domain.control import (
    StrategyChange,
    StrategyDeregistered,
    StrategyRegistered,
    StrategyRetiring,
)


class StrategyChanges(msgspec.Struct, frozen=True, kw_only=True):
    """The last word on each strategy that was ever changed at run time, by name."""

    registered: dict[str, StrategyRegistered] = {}
    retiring: dict[str, StrategyRetiring] = {}
    gone: dict[str, StrategyDeregistered] = {}

    def said(self, change: StrategyChange) -> "StrategyChanges":
        """Return what counts after one more change."""
        name = change.strategy
        registered, retiring = _without(self.registered, name), _without(self.retiring, name)
        gone = _without(self.gone, name)
        match change:
            case StrategyRegistered():
                registered[name] = change
            case StrategyRetiring():
                # Until it has left it goes on as it was told, or as the file says.
                registered = self.registered
                retiring[name] = change
            case StrategyDeregistered():
                gone[name] = change
        return StrategyChanges(registered=registered, retiring=retiring, gone=gone)

    def over(self, tables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the [strategies] tables of a file with these changes."""
        kept = {name: table for name, table in tables.items() if name not in self.gone}
        return kept | {name: table_of(one) for name, one in self.registered.items()}


NO_CHANGES = StrategyChanges()


def _without(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return a table without one of its names."""
    return {key: one for key, one in found.items() if key != name}


def text_of(table: Mapping[str, Any]) -> str:
    """Return a table as it is recorded: JSON of what the file says, nothing added."""
    return msgspec.json.encode(table, order="sorted").decode()


def table_of(registered: StrategyRegistered) -> dict[str, Any]:
    """Return the table that was recorded."""
    return msgspec.json.decode(registered.settings, type=dict[str, Any])
