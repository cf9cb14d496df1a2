"""Bybit's errors by name, for the engine's judge: they stand in good answers, of a request or of a batch's rows."""

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.bybit import refusals as table
from opensqt.venues.engine.dialect import AnswerRow, ErrorTable

UNLISTED = "unlisted"  # an empty list: no order of this id is shown


class AnswerEnvelope(msgspec.Struct, frozen=True, rename="camel"):
    """Every answer of v5; `time` is the venue's."""

    ret_code: int
    ret_msg: str = ""
    result: msgspec.Raw = msgspec.Raw(b"{}")
    ret_ext_info: msgspec.Raw = msgspec.Raw(b"{}")
    time: int = 0


ENVELOPE = msgspec.json.Decoder(AnswerEnvelope)


def row_of(code: int, text: str, data: bytes, client_order_id: str = "") -> AnswerRow:
    """Return what a code says of one order, which it may name; 0 is good."""
    if code == 0:
        return AnswerRow(data=data)
    name = f"{code} {text}" if text in table.TEXTS.get(code, {}) else str(code)
    return AnswerRow(
        code=str(code), text=text, name=name, data=data, client_order_id=client_order_id
    )


def errors_of(market: Market) -> ErrorTable:
    """Return what each error of a market proves."""
    own = table.PERP if market is Market.PERP else table.SPOT
    refusals = {str(code): refusal for code, refusal in {**table.GENERAL, **own}.items()}
    for code, texts in table.TEXTS.items():
        refusals |= {f"{code} {text}": refusal for text, refusal in texts.items()}
    return ErrorTable(
        refusals=refusals,
        unknown_to_cancel=frozenset(map(str, table.NOT_FOUND_CANCEL)),
        unknown_to_look=frozenset({UNLISTED}),
        throttles=frozenset(map(str, table.THROTTLES)),
        throttle_statuses=table.THROTTLE_STATUSES,
        throttle_ms=table.THROTTLE_MS,
        doubts={str(code): why for code, why in table.DOUBTS.items()},
    )
