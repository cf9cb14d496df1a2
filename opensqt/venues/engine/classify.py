"""What an answer means for a place, a cancel or a look, whatever the venue; pure.

Unknown is `InDoubt`, never a refusal: only a row of the venue's table of errors makes an answer definite.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import (
    Acknowledged,
    CancelOutcome,
    Held,
    InDoubt,
    LookOutcome,
    NotFound,
    NotSent,
    PlaceOutcome,
    Refusal,
    Refused,
    Throttled,
)
from opensqt.venues.engine.dialect import AnswerRow, Dialect, ErrorTable
from opensqt.venues.engine.instrument import Instrument, Symbols
from opensqt.venues.engine.request import Unreadable
from opensqt.venues.engine.response import Transmitted, VenueResponse

CLOCK_TROUBLE = Refusal.CLOCK.value
OF_ANOTHER = "the answer is about another order"
MS_PER_S = 1000

_Outcome = TypeVar("_Outcome")


class AskedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The order to which an answer, or a row of one, must speak."""

    dialect: Dialect
    at: Instrument
    symbols: Symbols
    client_order_id: str

    @property
    def table(self) -> ErrorTable:
        """The errors of its market."""
        return self.dialect.errors[self.at.market]


Judge = Callable[[AskedOrder, AnswerRow], _Outcome]


def judge_each(
    judge: Judge[_Outcome],
    dialect: Dialect,
    at: Instrument,
    response: VenueResponse,
    client_order_ids: Sequence[str],
    symbols: Symbols,
) -> tuple[_Outcome | Throttled | NotSent | InDoubt, ...]:
    """Judge what an answer says of each order, in their order; without a row for each it is about all of them."""
    outcome = unanswered(dialect, at.market, response)
    if outcome is not None:
        return (outcome,) * len(client_order_ids)
    rows = dialect.orders.rows(response, len(client_order_ids))
    if len(rows) != len(client_order_ids):
        whole = dialect.orders.said(response) or AnswerRow(data=response.evidence)
        rows = [whole] * len(client_order_ids)
    return tuple(
        InDoubt(cause=OF_ANOTHER, evidence=row.data)
        if row.client_order_id not in ("", name)
        else judge(AskedOrder(dialect=dialect, at=at, symbols=symbols, client_order_id=name), row)
        for row, name in zip(rows, client_order_ids, strict=True)
    )


def judge_place(asked: AskedOrder, row: AnswerRow) -> PlaceOutcome:
    """Judge what a place request was answered about one order."""
    if not row.code:
        held = _held(asked, row)
        promised = asked.dialect.policy.ack == "promises"
        if isinstance(held, Held) and held.order is None and promised:
            return Acknowledged(venue_order_id=held.venue_order_id, evidence=row.data)
        return held
    if asked.table.refusals.get(row.name) is Refusal.DUPLICATE:
        return Held(order=None, venue_order_id="", duplicate=True, evidence=row.data)
    return _refused(asked, row)


def judge_cancel(asked: AskedOrder, row: AnswerRow) -> CancelOutcome:
    """Judge what a cancel request was answered about one order."""
    if not row.code:
        return _held(asked, row)
    if row.name in asked.table.unknown_to_cancel:
        return NotFound(code=row.code, evidence=row.data)
    return _refused(asked, row)


def judge_look(asked: AskedOrder, row: AnswerRow) -> LookOutcome:
    """Judge what a query by our id was answered."""
    if not row.code:
        return _held(asked, row)
    if row.name in asked.table.unknown_to_look:
        return NotFound(code=row.code, evidence=row.data)
    return InDoubt(cause=f"{row.code} {row.text}", evidence=row.data)


def throttled_ms(dialect: Dialect, market: Market, response: VenueResponse) -> int | None:
    """Return how long a rate-limit answer asks to wait (wall ms), or None if it is none."""
    if response.status == 0:
        return None
    table = dialect.errors[market]
    said = dialect.orders.said(response)
    status_ms = table.throttle_statuses.get(response.status)
    if status_ms is None and (said is None or said.name not in table.throttles):
        return None
    named = response.headers.get("retry-after", "")
    if named.isdigit():
        return int(named) * MS_PER_S
    return table.throttle_ms if status_ms is None else status_ms


def trouble_of(dialect: Dialect, market: Market, response: VenueResponse) -> str:
    """Name what is wrong with the venue (or our way to it) in a word; refusing an order is its good right."""
    if response.status == 0:
        return "not_sent" if response.sent is Transmitted.NEVER else "no_answer"
    if throttled_ms(dialect, market, response) is not None:
        return "throttled"
    said = dialect.orders.said(response)
    if response.status >= 500 or said is None:
        return f"http_{response.status}"
    table = dialect.errors[market]
    if not said.code or said.name in table.unknown_to_cancel | table.unknown_to_look:
        return ""
    refusal = table.refusals.get(said.name)
    if refusal is None:
        return f"unlisted_{said.code.lstrip('-')}"
    return refusal.value if refusal in (Refusal.AUTH, Refusal.CLOCK) else ""


def unanswered(
    dialect: Dialect, market: Market, response: VenueResponse
) -> Throttled | NotSent | InDoubt | None:
    """Judge what is the same for every request: not sent, no answer, too fast, or an answer of the edge."""
    if response.sent is Transmitted.NEVER:
        return NotSent(cause=response.cause)
    if response.status == 0:
        return InDoubt(cause=response.cause or "no answer", evidence=response.evidence)
    wait_ms = throttled_ms(dialect, market, response)
    if wait_ms is not None and response.status < 500:
        return Throttled(retry_after_ms=wait_ms, evidence=response.evidence)
    said = dialect.orders.said(response)
    if response.status >= 500 or response.status == 408 or said is None:
        return InDoubt(cause=f"HTTP {response.status}", evidence=response.evidence)
    return None


def _held(asked: AskedOrder, row: AnswerRow) -> Held | InDoubt:
    try:
        shown = asked.dialect.orders.shown(row.data, asked.symbols, asked.at.market)
    except Unreadable as error:
        return InDoubt(cause=f"unreadable answer: {error}", evidence=row.data)
    if shown.client_order_id != asked.client_order_id:
        return InDoubt(cause=OF_ANOTHER, evidence=row.data)
    return Held(
        order=None if shown.order is None else asked.at.order(shown.order),
        venue_order_id=shown.venue_order_id,
        duplicate=False,
        evidence=row.data,
    )


def _refused(asked: AskedOrder, row: AnswerRow) -> Refused | Throttled | InDoubt:
    table = asked.table
    if row.name in table.throttles:
        return Throttled(retry_after_ms=table.throttle_ms, evidence=row.data)
    kind = table.refusals.get(row.name)
    if kind is None:
        why = table.doubts.get(row.name, "not documented")
        return InDoubt(cause=f"{row.code} {row.text} ({why})", evidence=row.data)
    reason = f"{kind.value}: {row.text}"
    return Refused(kind=kind, code=row.code, reason=reason, evidence=row.data)
