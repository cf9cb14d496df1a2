"""What a strategy was told: the table of the configuration that every kind extends. Pure."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Self

import msgspec

from opensqt.domain.instruments import Side
from opensqt.domain.ranges import ConfigTable, Positive, ValidForMs
from opensqt.strategies.prospect import MarketView, Prospect, size_findings

ASSET = r"[^\W_a-z]+"  # letters and digits of any script, as venues list them; small letters of ASCII are a slip
SPOT_SYMBOL = re.compile(f"{ASSET}/{ASSET}")
PERP_SYMBOL = re.compile(f"{ASSET}/{ASSET}:{ASSET}")
SIDES = 2


class SettingError(ValueError):
    """A setting that cannot be used: which one, its value, and what was expected."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(f'{field} = "{value}": expected {expected}')


class Settings(ConfigTable, frozen=True, kw_only=True):
    """The settings of one strategy; a kind adds its own fields, with units in their names.

    What is a property or a method here is asked by desk and risk, and may be told more exactly by a kind.
    """

    kind: str
    account: str
    order_notional_quote: Positive
    valid_for_ms: ValidForMs = 2000  # an intent that nobody has sent by then is dropped

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that it trades: every setting that is written like one."""
        return tuple(dict.fromkeys(_symbols(msgspec.structs.asdict(self))))

    @property
    def own_values(self) -> dict[str, Any]:
        """The settings that only this kind has."""
        given = msgspec.structs.asdict(self)
        return {name: given[name] for name in given if name not in Settings.__struct_fields__}

    @property
    def words(self) -> str:
        """What it was told, for people; units stand in the names."""
        given = {name: one for name, one in self.own_values.items() if not any(_symbols(one))}
        told = {"order_notional_quote": self.order_notional_quote, **given}
        words = ", ".join(f"{name} {value}" for name, value in told.items())
        return f"{self.kind} on {' and '.join(self.symbols)}: {words}"

    @property
    def orders_open_max(self) -> int:
        """How many orders it keeps open at once."""
        return SIDES * len(self.symbols)

    @property
    def lookback_ms(self) -> int:
        """How much of closed candles these settings need (market ms); 0: none."""
        return 0

    @property
    def held_quote_max(self) -> Decimal | None:
        """The most that risk lets it hold of a symbol, in quote units; None: no bound but the desk's."""
        most = self.setting("inventory_notional_quote_max")
        return most if isinstance(most, Decimal) and most > 0 else None

    def setting(self, name: str) -> Any:
        """Return the value of a setting, or None where this kind has none of that name."""
        return getattr(self, name, None)

    def resolved(self, order_quote_max: Decimal) -> Self:
        """Return the settings with their defaults resolved; raise `SettingError` where they contradict each other."""
        del order_quote_max
        return self

    def traded_quote_max(self, symbol: str, side: Side) -> Decimal:
        """Return how much (quote units) it would buy or sell of a symbol, starting from nothing."""
        del symbol, side
        return self.held_quote_max or self.order_notional_quote

    def prospect(self, market: MarketView) -> Prospect:
        """Return what it means in money on this market, and why it could not trade there."""
        return Prospect(
            text=self.words,
            findings=tuple(
                found
                for symbol in self.symbols
                for found in size_findings(market, symbol, self.order_notional_quote)
            ),
        )


class PluginSettings(Settings, frozen=True, kw_only=True):
    """The settings of a kind whose code this process does not run: risk, executor and feed know only what all have."""

    values: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def own_values(self) -> dict[str, Any]:
        """The settings that only this kind has, as they are written."""
        return self.values

    def setting(self, name: str) -> Any:
        """Return a value as it is written in the configuration; an amount becomes a number."""
        found = self.values.get(name)
        return Decimal(found) if isinstance(found, str) and _NUMBER.fullmatch(found) else found


_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def check_symbol(field: str, symbol: str, *, perp: bool) -> None:
    """Raise `SettingError` unless a symbol is written as a spot market or as a perpetual is."""
    pattern, example = (PERP_SYMBOL, "BTC/USDT:USDT") if perp else (SPOT_SYMBOL, "BTC/USDT")
    if pattern.fullmatch(symbol) is None:
        raise SettingError(field, symbol, f"a symbol like {example}")


def _symbols(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if SPOT_SYMBOL.fullmatch(value) or PERP_SYMBOL.fullmatch(value):
            yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _symbols(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _symbols(one)
