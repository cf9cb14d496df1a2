"""The grounds of a verdict: all that a place intent is judged by, as it is written into the verdict and read again.

Pure. A recorded verdict can be judged again from its record alone: what is not in here must not decide.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from opensqt.domain.decimals import ZERO, canonical
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.market import Tick
from opensqt.domain.verdict import RiskInput

RULE = "rule."  # before the names of the instrument's filters
# What a filter set says beside the filters; venue and symbol are the intent's.
UNJUDGED = frozenset({"venue", "symbol", "venue_symbol", "maker_fee", "taker_fee", "time_ms"})


_Part = TypeVar("_Part", bound=msgspec.Struct)


class StrategyLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The configured limits for one strategy and symbol; notionals in `currency`, `tick_age_ms_max` in market ms.

    `rate_stated` is what the configuration says that one unit of the symbol's quote asset is worth.
    """

    currency: str
    order_notional_quote_max: Decimal
    position_notional_quote_max: Decimal
    inventory_notional_quote_max: Decimal | None = None  # of this strategy, in the quote asset
    rate_stated: Decimal | None = None
    open_orders_max: int
    price_collar_bps: Decimal
    tick_age_ms_max: int


class Exposure(
    msgspec.Struct, frozen=True, kw_only=True, rename={"buys": "buys_open", "sells": "sells_open"}
):
    """What an account has at stake in one symbol if every live and unresolved order fills (base units).

    `nobodys` is the part of `net` that unknown orders filled: by hand, or ours that a restored journal has lost. `own`
    is the asking strategy's position; of its live orders on the intent's side `own_closing` take off a position and
    `own_opening` do not. `own_bid` and `own_ask` are the best prices of any live order of the account in the symbol,
    `orders_here` counts them.
    """

    net: Decimal
    buys: Decimal
    sells: Decimal
    orders_open: int
    orders_here: int
    nobodys: Decimal
    own: Decimal
    own_closing: Decimal
    own_opening: Decimal = ZERO  # absent in verdicts before it was told apart from `own_closing`
    own_bid: Decimal | None = None
    own_ask: Decimal | None = None


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """The best prices of the symbol and how old they are (market ms)."""

    bid: Decimal
    ask: Decimal
    tick_ms: int


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """What one unit of the quote asset is worth in the currency of the limits by a price of ours, and when it was."""

    rate: Decimal
    rate_ms: int


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """When it was judged (market ms), what was switched off then, and what the gate itself could not do."""

    now_ms: int
    opens_from_ms: int
    kill: str = ""
    halt_mode: str = ""
    halt_reason: str = ""
    basis_reached: bool = True
    queue: str = ""  # why the command could not be queued


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. Without rules or prices nothing is approved."""

    moment: Moment
    limits: StrategyLimits
    exposure: Exposure
    rules: InstrumentRules | None = None
    quote: Quote | None = None
    worth: Worth | None = None


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """What followed from the grounds: the worst price at which the order may trade, and whether it only reduces."""

    price: Decimal = ZERO
    reducing: bool = False


def quote_of(tick: Tick | None) -> Quote | None:
    """Return the prices of a tick."""
    if tick is None:
        return None
    return Quote(bid=tick.bid_price, ask=tick.ask_price, tick_ms=tick.time_ms)


def recorded(grounds: Grounds, conclusion: Conclusion) -> tuple[RiskInput, ...]:
    """Write both as the inputs of a verdict; what is unknown or empty is left out."""
    found: dict[str, Any] = {}
    parts = (grounds.moment, grounds.exposure, grounds.quote, grounds.worth, grounds.limits)
    for part in parts:
        if part is not None:
            found |= _fields(part)
    if grounds.rules is not None:
        found |= {f"{RULE}{name}": value for name, value in _filters(grounds.rules)}
    found |= _fields(conclusion)
    return tuple(RiskInput(name=name, value=_text(value)) for name, value in found.items())


def read(inputs: tuple[RiskInput, ...], intent: PlaceIntent) -> Grounds:
    """Read the grounds of a recorded verdict; raise `msgspec.ValidationError` naming what is not there."""
    found = {figure.name: figure.value for figure in inputs}
    rules = {name.removeprefix(RULE): found[name] for name in found if name.startswith(RULE)}
    known = {"venue": intent.venue, "symbol": intent.symbol, "venue_symbol": ""}
    return Grounds(
        moment=_read(found, Moment),
        exposure=_read(found, Exposure),
        limits=_read(found, StrategyLimits),
        quote=_read(found, Quote) if "tick_ms" in found else None,
        worth=_read(found, Worth) if "rate_ms" in found else None,
        rules=_read(rules | known, InstrumentRules) if rules else None,
    )


def concluded(inputs: tuple[RiskInput, ...]) -> Conclusion:
    """Read what followed in a recorded verdict."""
    return _read({figure.name: figure.value for figure in inputs}, Conclusion)


def _read(found: dict[str, str], kind: type[_Part]) -> _Part:
    return msgspec.convert(found, kind, strict=False)


def _fields(part: msgspec.Struct) -> dict[str, Any]:
    names = zip(part.__struct_fields__, part.__struct_encode_fields__, strict=True)
    values = {encoded: getattr(part, name) for name, encoded in names}
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _filters(rules: InstrumentRules) -> Iterator[tuple[str, Any]]:
    """Yield the filters that are set; one that the venue does not have is read back as its default."""
    for field in msgspec.structs.fields(rules):
        value = getattr(rules, field.name)
        if field.name not in UNJUDGED and value != field.default:
            yield field.name, value


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return canonical(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
