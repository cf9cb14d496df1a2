"""The projections as the judge expects them: their columns, and one hash over rows. Reads nothing by itself."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

Row = tuple[Any, ...]
Tables = Mapping[str, Iterable[Row]]

COLUMNS = {
    "orders": (
        "client_order_id",
        "venue_order_id",
        "intent_id",
        "attempt",
        "strategy",
        "venue",
        "account",
        "symbol",
        "side",
        "type",
        "price",
        "quantity",
        "filled",
        "status",
        "reason",
        "created_at",
        "updated_at",
    ),
    "fills": (
        "trade_id",
        "client_order_id",
        "strategy",
        "venue",
        "account",
        "symbol",
        "side",
        "price",
        "quantity",
        "fee",
        "fee_asset",
        "liquidity",
        "time",
    ),
    "positions": (
        "venue",
        "account",
        "symbol",
        "quantity",
        "entry_price",
        "realized_pnl",
        "funding",
        "fees",
        "cost",
        "last_price",
    ),
    "holdings": (
        "strategy",
        "venue",
        "account",
        "symbol",
        "quantity",
        "entry_price",
        "realized_pnl",
        "funding",
        "cost",
        "fills",
        "round_trips",
    ),
    "balances": (
        "venue",
        "account",
        "market",
        "asset",
        "total",
        "deposited",
        "traded",
        "realized_pnl",
        "fees",
        "funding",
        "transferred",
    ),
    "funding": ("venue", "account", "income_id", "symbol", "asset", "amount", "time"),
    "strategies": (
        "strategy",
        "run",
        "config_hash",
        "code_version",
        "state_fingerprint",
        "fault",
        "started_at",
    ),
    "sagas": ("strategy", "saga_id", "step", "spot_quantity", "perp_quantity", "detail", "time"),
}


def moment(time_ms: int) -> datetime:
    """Return ms UTC as a database gives it back."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)


def rows_hash(tables: Tables) -> str:
    """Return the sha256 over all rows of the judged tables, in hex; neither order nor trailing zeros matter."""
    told = hashlib.sha256()
    for name in COLUMNS:
        lines = sorted("\x1f".join(map(_text, row)) for row in tables.get(name, ()))
        told.update("\x1e".join((name, *lines, "")).encode())
    return told.hexdigest()


def _text(value: object) -> str:
    if not isinstance(value, Decimal):
        return str(value)
    whole, point, part = format(value, "f").partition(".")
    part = part.rstrip("0")
    text = f"{whole}{point}{part}" if part else whole
    return "0" if text == "-0" else text
