"""What no message can mean, although its bytes are sound: prices of zero, times of another age. Pure.

It judges what anybody may say on the bus and what the next word replaces. A kill is refused for a scope
that means nobody, which would stop nothing and have no release, and for nothing else that it says.
"""

import unicodedata
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from opensqt.domain.clean_text import cleaned
from opensqt.domain.control import KillLatched
from opensqt.domain.decimals import ONE
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.market import (
    BookLevel,
    BookTop,
    Candle,
    FeedStatus,
    Funding,
    Mark,
    Tick,
    Time,
    Trade,
)
from opensqt.domain.messages import Message
from opensqt.domain.scope import can_be_killed
from opensqt.domain.subjects import token

TEXT_MAX = 4096
NUMBER_MAX = Decimal(10) ** 20
COUNT_MAX = 1 << 62
TIMES_MS_MAX = 253_402_300_799_999  # the year 9999: later ones are no dates
AHEAD_MS_MAX = 86_400_000  # market time before our own; clocks differ by seconds
# Of what makes a strategy's `now`. Its time never goes back, so that one such message from the future would make all
# that come after it look old until that time has come. In wall ms: that far apart may the clocks of two machines be.
CLOCKS_APART_MS_MAX = 5_000
_TELLS_TIME = (Tick, Trade, BookTop, Candle, Funding, Mark, InstrumentRules, FeedStatus, Time)

# What divides, or multiplies money: zero or less of it means nothing.
_ABOVE_ZERO: dict[type[msgspec.Struct], tuple[str, ...]] = {
    Tick: ("bid_price", "ask_price"),
    Trade: ("price", "quantity"),
    BookLevel: ("price",),
    Candle: ("open", "high", "low", "close"),
    Mark: ("mark_price",),
    Funding: ("interval_hours",),
    InstrumentRules: ("tick_size", "quantity_step"),
    PlaceIntent: ("quantity",),
}
_NOT_BELOW_ZERO: dict[type[msgspec.Struct], tuple[str, ...]] = {
    Tick: ("bid_quantity", "ask_quantity"),
    Candle: ("volume",),
    InstrumentRules: ("quantity_min", "quantity_max", "notional_min"),
    PlaceIntent: ("price",),
}
# What names a subject: whoever took one that cannot would fail at telling of it.
_NAMES: dict[type[msgspec.Struct], tuple[str, ...]] = {
    PlaceIntent: ("strategy", "venue", "account"),
}


def absurdity(message: Message, now_ms: int, speed: Decimal = ONE) -> str:
    """Return the first field whose value means nothing, with the value and what was expected; else nothing.

    `now_ms` is our market time, and `speed` how many seconds of it pass in one of wall time.
    """
    if isinstance(message, KillLatched):
        if can_be_killed(cleaned(message.scope)):
            return ""
        return f"KillLatched.scope is {_shown(message.scope)}, expected desk or strategy/NAME"
    ahead_ms = AHEAD_MS_MAX
    if isinstance(message, _TELLS_TIME):
        ahead_ms = int(CLOCKS_APART_MS_MAX * max(speed, ONE))
    return next(_absurdities(message, now_ms, ahead_ms), "")


def _absurdities(said: msgspec.Struct, now_ms: int, ahead_ms: int) -> Iterator[str]:
    kind, values = type(said), msgspec.structs.asdict(said)
    for name, value in values.items():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, msgspec.Struct):
                yield from _absurdities(one, now_ms, ahead_ms)
            elif why := _wrong(name, one, now_ms, ahead_ms):
                yield f"{kind.__name__}.{name} is {_shown(one)}, {why}"
    for names, expected, low in (
        (_ABOVE_ZERO.get(kind, ()), "expected more than 0", True),
        (_NOT_BELOW_ZERO.get(kind, ()), "expected 0 or more", False),
    ):
        for name in names:
            number = values[name]
            if number < 0 or (low and number == 0):
                yield f"{kind.__name__}.{name} is {number}, {expected}"
    for name in _NAMES.get(kind, ()):
        try:
            token(values[name])
        except ValueError as error:
            yield f"{kind.__name__}.{name}: {error}"


def _wrong(name: str, value: object, now_ms: int, ahead_ms: int) -> str:
    match value:
        case str():
            if len(value) > TEXT_MAX:
                return f"expected at most {TEXT_MAX} characters"
            if any(unicodedata.category(one) in ("Cc", "Cs") for one in value):
                return "expected text without control characters"
        case bool():
            return ""
        case int():
            if name == "time_ms" and value > now_ms + ahead_ms:
                return f"expected a time about {now_ms}, at most {ahead_ms} ms after it"
            if name.endswith("_ms") and not 0 <= value <= TIMES_MS_MAX:
                return "expected a time or a span in ms"
            if abs(value) > COUNT_MAX:
                return f"expected at most {COUNT_MAX}"
        case Decimal():
            if abs(value) > NUMBER_MAX:
                return f"expected at most {NUMBER_MAX}"
        case _:
            pass
    return ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "…"
