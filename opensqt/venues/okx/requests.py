"""OKX's endpoints: who is asked for what, and the envelope around every answer; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.engine.dialect import AnswerRow
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.request import RestRequest, Unreadable, decoded
from opensqt.venues.engine.response import VenueResponse

KINDS = {Market.SPOT: "SPOT", Market.PERP: "SWAP"}
SWAP = "-SWAP"
GOOD = "0"
# Of a request whose orders live and die for themselves: all or some failed, and each row says so itself.
BY_ROW = ("1", "2")


class OkxEnvelope(msgspec.Struct, frozen=True):
    """What every answer is wrapped in."""

    code: str
    msg: str = ""
    data: list[msgspec.Raw] = []


class _Answered(msgspec.Struct, frozen=True, rename="camel"):
    """What a row says of its request: an order of a list has no `sCode`."""

    s_code: str = GOOD
    s_msg: str = ""
    cl_ord_id: str = ""


_ENVELOPES = msgspec.json.Decoder(OkxEnvelope)


def family_of(at: Instrument) -> str:
    """Return the family of an instrument, which perpetuals share with futures."""
    return at.venue_symbol.removesuffix(SWAP)


def kind_of(at: Instrument) -> dict[str, str]:
    """Return how a list is asked for one instrument."""
    return {"instType": KINDS[at.market], "instId": at.venue_symbol}


def read(market: Market, path: str, params: Mapping[str, str], bucket: str) -> RestRequest:
    """Return a read of our account."""
    return RestRequest(
        section=("private",),
        verb="GET",
        path=path,
        market=market,
        params=params,
        cost={bucket: 1.0},
    )


def public(
    market: Market, path: str, params: Mapping[str, str], *, free: bool = False
) -> RestRequest:
    """Return a read that anybody may ask; a `free` one waits for no turn."""
    return RestRequest(
        section=("public",),
        verb="GET",
        path=path,
        market=market,
        params=params,
        cost={} if free else {"public": 1.0},
    )


def command(market: Market, path: str, params: Any, cost: Mapping[str, float]) -> RestRequest:
    """Return a request that changes something."""
    return RestRequest(
        section=("private",), verb="POST", path=path, market=market, params=params, cost=cost
    )


def dead_man(instruments: Sequence[Instrument], span_s: int) -> Sequence[RestRequest]:
    """Return the request that sets the timer of the whole account."""
    params = {"timeOut": str(span_s)}
    market = instruments[0].market
    return (command(market, "trade/cancel-all-after", params, {"dead_man": 1.0}),)


def rows_in(raw: bytes) -> list[bytes]:
    """Return the rows of a good answer; raise `Unreadable`."""
    envelope = decoded(raw, OkxEnvelope)
    if envelope.code != GOOD:
        raise Unreadable(f"code {envelope.code} {envelope.msg}")
    return [bytes(row) for row in envelope.data]


def row_in(raw: bytes) -> bytes:
    """Return the only row of a good answer; raise `Unreadable`."""
    rows = rows_in(raw)
    if len(rows) != 1:
        raise Unreadable(f"{len(rows)} rows, expected one")
    return rows[0]


def said_in(response: VenueResponse) -> AnswerRow | None:
    """Return what a whole answer says; one whose rows speak for themselves says nothing more."""
    try:
        envelope = _ENVELOPES.decode(response.body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if envelope.code == GOOD:
        return AnswerRow(data=response.evidence) if response.status == 200 else None
    if envelope.code in BY_ROW and envelope.data and response.status == 200:
        return AnswerRow(data=response.evidence)
    code = envelope.code
    return AnswerRow(code=code, name=code, text=envelope.msg, data=response.evidence)


def told_of_each(response: VenueResponse) -> Sequence[AnswerRow]:
    """Return what each row of an answer says of an order, in the order of the request."""
    said = said_in(response)
    if said is None or said.code:
        return ()
    return [_told(bytes(row)) for row in _ENVELOPES.decode(response.body).data]


def _told(row: bytes) -> AnswerRow:
    try:
        told = decoded(row, _Answered)
    except Unreadable as error:
        return AnswerRow(code="unreadable", text=str(error), data=row)
    if told.s_code == GOOD:
        return AnswerRow(data=row)
    return AnswerRow(
        code=told.s_code,
        name=told.s_code,
        text=told.s_msg,
        data=row,
        client_order_id=told.cl_ord_id,
    )
