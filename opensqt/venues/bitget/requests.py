"""Which of ccxt's raw calls a request is, which of Bitget's limits it takes, and the envelope of every answer; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from opensqt.domain.instruments import Market
from opensqt.venues.engine.dialect import AnswerRow
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.request import RestRequest, Unreadable, decoded
from opensqt.venues.engine.response import VenueResponse

VENUE = "bitget"
SPOT = "SPOT"
PERPS = ("USDT-FUTURES", "USDC-FUTURES")  # a perpetual is of the category of its settlement coin
MARKETS = {SPOT: Market.SPOT, **dict.fromkeys(PERPS, Market.PERP)}
GOOD = "00000"
ADDRESS = "address"


class BitgetEnvelope(msgspec.Struct, frozen=True, rename="camel"):
    """What every answer is wrapped in; `request_time` is the venue's, in ms."""

    code: str
    msg: str = ""
    request_time: int | str = 0
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Row(msgspec.Struct, frozen=True, rename="camel"):
    """What a row says of its order: one that was taken has no code, or the good one."""

    client_oid: str | None = None
    code: str | None = None
    msg: str | None = None


_ENVELOPES = msgspec.json.Decoder(BitgetEnvelope)


def category_of(at: Instrument) -> str:
    """Return the category of an instrument."""
    return SPOT if at.market is Market.SPOT else f"{at.symbol.rpartition(':')[2]}-FUTURES"


def public(
    market: Market, path: str, params: Mapping[str, str], *, section: str = "uta"
) -> RestRequest:
    """Return a read that anybody may ask."""
    return RestRequest(
        section=("public", section),
        verb="GET",
        path=path,
        market=market,
        params=params,
        cost={ADDRESS: 1.0},
    )


def read(market: Market, path: str, params: Mapping[str, str], *, rate: str) -> RestRequest:
    """Return a read that carries our key; each endpoint has a limit of its own."""
    return RestRequest(
        section=("private", "uta"),
        verb="GET",
        path=f"v3/{path}",
        market=market,
        params=params,
        cost={f"{rate}/{path}": 1.0, ADDRESS: 1.0},
    )


def write(market: Market, path: str, params: Any, cost: Mapping[str, float]) -> RestRequest:
    """Return a place or a cancel, of one order or of several: requests are counted."""
    rate = "batch" if path.endswith("-batch") else "order"
    return RestRequest(
        section=("private", "uta"),
        verb="POST",
        path=f"v3/trade/{path}",
        market=market,
        params=params,
        cost={**cost, f"{rate}/{path}": 1.0, ADDRESS: 1.0},
    )


def dead_man(instruments: Sequence[Instrument], span_s: int) -> Sequence[RestRequest]:
    """Return the request that sets the timer of the whole account."""
    return (
        RestRequest(
            section=("private", "uta"),
            verb="POST",
            path="v3/trade/countdown-cancel-all",
            market=instruments[0].market,
            params={"countdown": str(span_s)},
            cost={"dead_man": 1.0, ADDRESS: 1.0},
        ),
    )


def data_in(raw: bytes) -> bytes:
    """Return what a good answer holds; raise `Unreadable`."""
    return bytes(envelope_of(raw).data)


def envelope_of(raw: bytes) -> BitgetEnvelope:
    """Read a good answer; raise `Unreadable`."""
    envelope = decoded(raw, BitgetEnvelope)
    if envelope.code != GOOD:
        raise Unreadable(f"code {envelope.code} {envelope.msg}")
    return envelope


def said_in(response: VenueResponse) -> AnswerRow | None:
    """Return what a whole answer says: an error by its code, whatever the status."""
    try:
        envelope = _ENVELOPES.decode(response.body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if envelope.code == GOOD:
        return AnswerRow(data=response.evidence) if response.status == 200 else None
    code = envelope.code
    return AnswerRow(code=code, name=code, text=envelope.msg, data=response.evidence)


def told_of_each(response: VenueResponse) -> Sequence[AnswerRow]:
    """Return what a good answer says of each order: it holds one, or a list of them."""
    said = said_in(response)
    if said is None or said.code:
        return ()
    data = bytes(_ENVELOPES.decode(response.body).data)
    if not data.startswith(b"["):
        return (_told(data),)
    try:
        return [_told(bytes(row)) for row in decoded(data, list[msgspec.Raw])]
    except Unreadable:
        return (said,)


def _told(row: bytes) -> AnswerRow:
    try:
        told = decoded(row, _Row)
    except Unreadable as error:
        return AnswerRow(code="unreadable", text=str(error), data=row)
    code = told.code or GOOD
    if code == GOOD:
        return AnswerRow(data=row)
    return AnswerRow(
        code=code,
        name=code,
        text=told.msg or "",
        data=row,
        client_order_id=told.client_oid or "",
    )
