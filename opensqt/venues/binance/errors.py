"""Binance's errors by name, for the engine's judge: the code, and the exact text where the code alone says nothing."""

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import Refusal
from opensqt.venues.binance import refusals as table
from opensqt.venues.binance.codes import doubts_of
from opensqt.venues.engine.dialect import AnswerRow, ErrorTable


class _ErrorBody(msgspec.Struct, frozen=True):
    code: int
    msg: str = ""


_ERROR = msgspec.json.Decoder(_ErrorBody)


def row_of(raw: bytes) -> AnswerRow:
    """Read an answer, or a row of one: an order has no code."""
    try:
        error = _ERROR.decode(raw)
    except (ValueError, RecursionError):
        return AnswerRow(data=raw)
    if error.code >= 0:
        return AnswerRow(data=raw)
    name = f"{error.code} {error.msg}" if error.code in table.TEXTS else str(error.code)
    return AnswerRow(code=str(error.code), text=error.msg, name=name, data=raw)


def errors_of(market: Market) -> ErrorTable:
    """Return what each error of a market proves."""
    codes = dict(table.GENERAL)
    unknown_to_look = set(table.NOT_FOUND_LOOK)
    if market is Market.PERP:
        codes |= {**table.PERP, table.DUPLICATE_PERP: Refusal.DUPLICATE}
    else:
        unknown_to_look.add(table.ARCHIVED_SPOT)
    refusals = {str(code): refusal for code, refusal in codes.items() if code not in table.TEXTS}
    for code, texts in table.TEXTS.items():
        refusals |= {f"{code} {text}": refusal for text, refusal in texts.items()}
    return ErrorTable(
        refusals=refusals,
        unknown_to_cancel=frozenset(
            f"{code} {text}" for code, text in table.NOT_FOUND_CANCEL.items()
        ),
        unknown_to_look=frozenset(map(str, unknown_to_look)),
        throttles=frozenset(map(str, table.THROTTLE_CODES)),
        throttle_statuses=table.THROTTLE_STATUSES,
        throttle_ms=table.RETRY_AFTER_MS,
        doubts={str(code): why for code, why in doubts_of(market).items()},
    )
