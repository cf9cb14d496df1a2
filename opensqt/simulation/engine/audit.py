"""The venue's audit, `venue-audit.jsonl`: one line for everything the venue did to an order or a balance.

Times are RFC 3339 UTC of market time, numbers are decimal strings, `symbol` is the venue's id. Rows by kind
- place, cancel, amend: `result` accepted | refused, `code` the venue's code when refused (empty when accepted).
- fill: `trade_id`, `quantity`, `price`, `fee`, `fee_asset`. expire: what was left in `quantity`.
- funding: `quantity` is the signed amount, `fee_asset` the asset.
- balance: `quantity` is the total wallet balance of the asset named in `fee_asset`, `market` the wallet; one row per
  asset at birth (the first deposit), once a minute of wall time and at stop.
A row is handed to `store.Store`, which commits it with the change it tells of and writes the line before the reply
leaves. This module never writes and never judges.
"""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.decimals import canonical
from opensqt.domain.instruments import Market
from opensqt.simulation.engine.orders import Execution, VenueOrder


class Kind(StrEnum):
    """What a row tells of."""

    PLACE = "place"
    CANCEL = "cancel"
    AMEND = "amend"
    FILL = "fill"
    EXPIRE = "expire"
    FUNDING = "funding"
    BALANCE = "balance"


class Result(StrEnum):
    """How a request ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit."""

    time: str
    venue: str
    account: str
    kind: Kind
    client_order_id: str = ""
    venue_order_id: str = ""
    trade_id: str = ""
    symbol: str = ""
    market: str = ""
    side: str = ""
    quantity: str = ""
    price: str = ""
    fee: str = ""
    fee_asset: str = ""
    result: str = ""
    code: str = ""


def rfc3339(time_ms: int) -> str:
    """Write a time in ms UTC as RFC 3339 with milliseconds."""
    moment = datetime.fromtimestamp(time_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03d}Z"


def order_row(
    venue: str, kind: Kind, order: VenueOrder, venue_symbol: str, time_ms: int, quantity: Decimal
) -> AuditRow:
    """State that an order was placed, cancelled or expired."""
    requested = kind in (Kind.PLACE, Kind.CANCEL, Kind.AMEND)
    return AuditRow(
        time=rfc3339(time_ms),
        venue=venue,
        account=order.account,
        kind=kind,
        client_order_id=order.client_order_id,
        venue_order_id=order.venue_order_id,
        symbol=venue_symbol,
        market=order.market.value,
        side=order.side.value,
        quantity=canonical(quantity),
        price=canonical(order.price),
        result=Result.ACCEPTED.value if requested else "",
    )


def fill_row(venue: str, execution: Execution, venue_symbol: str) -> AuditRow:
    """State a fill."""
    return AuditRow(
        time=rfc3339(execution.time_ms),
        venue=venue,
        account=execution.account,
        kind=Kind.FILL,
        client_order_id=execution.client_order_id,
        venue_order_id=execution.venue_order_id,
        trade_id=execution.venue_trade_id,
        symbol=venue_symbol,
        market=execution.market.value,
        side=execution.side.value,
        quantity=canonical(execution.quantity),
        price=canonical(execution.price),
        fee=canonical(execution.fee),
        fee_asset=execution.fee_asset,
    )


def balance_row(
    venue: str, account: str, market: Market, asset: str, total: Decimal, time_ms: int
) -> AuditRow:
    """State the total balance of an asset in one wallet."""
    return AuditRow(
        time=rfc3339(time_ms),
        venue=venue,
        account=account,
        kind=Kind.BALANCE,
        market=market.value,
        quantity=canonical(total),
        fee_asset=asset,
    )
