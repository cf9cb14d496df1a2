"""What an answer of Binance means for a place, a cancel or a look; pure. Unknown is `InDoubt`, never a refusal."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import (
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
from opensqt.venues.binance import refusals as table
from opensqt.venues.binance.codes import documented_doubt
from opensqt.venues.binance.parser import Unreadable, order_view, order_views
from opensqt.venues.binance.refusals import refusal_of
from opensqt.venues.engine.response import Transmitted, VenueResponse


class _ErrorBody(msgspec.Struct, frozen=True):
    code: int
    msg: str = ""


class _Time(msgspec.Struct, frozen=True, rename="camel"):
    server_time: int


CLOCK_TROUBLE = Refusal.CLOCK.value

_ERROR = msgspec.json.Decoder(_ErrorBody)
_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_Outcome = TypeVar("_Outcome")
Judge = Callable[[Market, VenueResponse, str, Mapping[str, str]], _Outcome]


def judge_place(
    market: Market, reply: VenueResponse, client_order_id: str, symbols: Mapping[str, str]
) -> PlaceOutcome:
    """Judge the answer to a place request; `symbols` maps the venue's symbols of this market to ours."""
    outcome = _unanswered(reply)
    if outcome is not None:
        return outcome
    error = _error(reply)
    if error is None:
        return _held(reply, client_order_id, symbols)
    refusal = refusal_of(market, error.code, error.msg)
    if refusal is Refusal.DUPLICATE:
        return Held(order=None, venue_order_id="", duplicate=True, evidence=reply.evidence)
    return _refused(market, error, refusal, reply)


def judge_cancel(
    market: Market, reply: VenueResponse, client_order_id: str, symbols: Mapping[str, str]
) -> CancelOutcome:
    """Judge the answer to a cancel request."""
    outcome = _unanswered(reply)
    if outcome is not None:
        return outcome
    error = _error(reply)
    if error is None:
        return _held(reply, client_order_id, symbols)
    if table.NOT_FOUND_CANCEL.get(error.code) == error.msg:
        return NotFound(code=str(error.code), evidence=reply.evidence)
    return _refused(market, error, refusal_of(market, error.code, error.msg), reply)


def judge_batch(
    judge: Judge[_Outcome],
    market: Market,
    reply: VenueResponse,
    client_order_ids: Sequence[str],
    symbols: Mapping[str, str],
) -> tuple[_Outcome, ...]:
    """Judge each order of a batch, in their order, as `judge` would have judged it alone.

    An answer of one row an order is taken row by row; any other answer (none, an error, other rows) is about all.
    """
    rows = _rows(reply)
    if len(rows) != len(client_order_ids):
        rows = [reply] * len(client_order_ids)
    return tuple(
        judge(market, row, name, symbols) for row, name in zip(rows, client_order_ids, strict=True)
    )


def judge_look(
    market: Market, reply: VenueResponse, client_order_id: str, symbols: Mapping[str, str]
) -> LookOutcome:
    """Judge the answer to a query by our id."""
    outcome = _unanswered(reply)
    if outcome is not None:
        return outcome
    error = _error(reply)
    if error is None:
        return _held(reply, client_order_id, symbols)
    archived = market is Market.SPOT and error.code == table.ARCHIVED_SPOT
    if error.code in table.NOT_FOUND_LOOK or archived:
        return NotFound(code=str(error.code), evidence=reply.evidence)
    return InDoubt(cause=_text(error), evidence=reply.evidence)


def judge_listing(
    reply: VenueResponse, client_order_id: str, symbols: Mapping[str, str]
) -> LookOutcome:
    """Judge a listing of all orders as the answer to a query by our id; the newest of that id counts."""
    outcome = _unanswered(reply)
    if outcome is not None:
        return outcome
    error = _error(reply)
    if error is not None:
        return InDoubt(cause=_text(error), evidence=reply.evidence)
    try:
        views = order_views(reply.evidence, symbols)
    except Unreadable as unreadable:
        return InDoubt(cause=f"unreadable answer: {unreadable}", evidence=reply.evidence)
    found = [view for view in views if view.client_order_id == client_order_id]
    if not found:
        return NotFound(code="unlisted", evidence=reply.evidence)
    order = max(found, key=lambda view: int(view.venue_order_id))
    return Held(
        order=order,
        venue_order_id=order.venue_order_id,
        duplicate=False,
        evidence=order.evidence,
    )


def retry_after_ms(reply: VenueResponse) -> int | None:
    """Return how long a rate-limit answer asks to wait (wall ms), or None if it is none."""
    error = _error(reply)
    throttled = reply.status in table.THROTTLE_STATUSES
    if not throttled and (error is None or error.code not in table.THROTTLE_CODES):
        return None
    named = reply.headers.get("retry-after", "")
    if named.isdigit():
        return int(named) * 1000
    return table.BAN_MS if reply.status == 418 else table.RETRY_AFTER_MS


def time_of(reply: VenueResponse) -> int | None:
    """Read the venue's time in ms, None where the answer holds none."""
    try:
        return msgspec.json.decode(reply.body, type=_Time).server_time
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def trouble_of(market: Market, reply: VenueResponse) -> str:
    """Name what is wrong with the venue (or our way to it) in a word; refusing an order is its good right."""
    if reply.status == 0:
        return "not_sent" if reply.sent is Transmitted.NEVER else "no_answer"
    if retry_after_ms(reply) is not None:
        return "throttled"
    error = _error(reply)
    if reply.status >= 500 or (reply.status != 200 and error is None):
        return f"http_{reply.status}"
    if error is None or error.code in table.NOT_FOUND_CODES:
        return ""
    refusal = refusal_of(market, error.code, error.msg)
    if refusal is None:
        return f"unlisted_{-error.code}"
    return refusal.value if refusal in (Refusal.AUTH, Refusal.CLOCK) else ""


def _unanswered(reply: VenueResponse) -> Throttled | NotSent | InDoubt | None:
    """Judge what is the same for every request: not sent, no answer, too fast, or an answer of the edge."""
    if reply.sent is Transmitted.NEVER:
        return NotSent(cause=reply.cause)
    if reply.status == 0:
        return InDoubt(cause=reply.cause or "no answer", evidence=reply.evidence)
    wait_ms = retry_after_ms(reply)
    if wait_ms is not None and reply.status < 500:
        return Throttled(retry_after_ms=wait_ms, evidence=reply.evidence)
    answered = reply.status == 200 or (400 <= reply.status < 500 and _error(reply) is not None)
    if not answered or reply.status == 408:
        return InDoubt(cause=f"HTTP {reply.status}", evidence=reply.evidence)
    return None


def _rows(reply: VenueResponse) -> list[VenueResponse]:
    """Return the rows of a batch's answer as if each had come alone: 200 with an order, 400 with an error."""
    if reply.status != 200:
        return []
    try:
        raws = [bytes(raw).decode() for raw in _ROWS.decode(reply.body)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    rows = [VenueResponse(status=200, body=raw) for raw in raws]
    for row in rows:
        if _error(row) is not None:
            row.status = 400
    return rows


def _error(reply: VenueResponse) -> _ErrorBody | None:
    """Return the error that the answer carries; an order has no code."""
    try:
        error = _ERROR.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return error if error.code < 0 else None


def _held(reply: VenueResponse, client_order_id: str, symbols: Mapping[str, str]) -> Held | InDoubt:
    try:
        order = order_view(reply.evidence, symbols)
    except Unreadable as error:
        return InDoubt(cause=f"unreadable answer: {error}", evidence=reply.evidence)
    if order.client_order_id != client_order_id:
        return InDoubt(cause="the answer is about another order", evidence=reply.evidence)
    return Held(
        order=order,
        venue_order_id=order.venue_order_id,
        duplicate=False,
        evidence=reply.evidence,
    )


def _refused(
    market: Market, error: _ErrorBody, refusal: Refusal | None, reply: VenueResponse
) -> Refused | InDoubt:
    if refusal is None or reply.status == 200:
        why = (
            documented_doubt(market, error.code) if refusal is None else "not with an error status"
        )
        cause = f"{_text(error)} ({why or 'not documented'})"
        return InDoubt(cause=cause, evidence=reply.evidence)
    reason = f"{refusal.value}: {error.msg}"
    return Refused(kind=refusal, code=str(error.code), reason=reason, evidence=reply.evidence)


def _text(error: _ErrorBody) -> str:
    return f"{error.code} {error.msg}"
