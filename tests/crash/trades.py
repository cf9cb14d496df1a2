"""The trades of a cell as the venue's audit and as the journal tell them, and each thing in which they differ."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from opensqt.domain.intent import PlaceIntent, Purpose
from tests.crash.record import Record, TradeKey, received
from tests.e2e import audit

SYMBOLS = {("perp", "BTCUSDT"): "BTC/USDT:USDT", ("spot", "BTCUSDT"): "BTC/USDT"}


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One trade: whose it is, and what it moved and cost."""

    symbol: str
    trade_id: str
    account: str
    order: str
    owner: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str

    @property
    def key(self) -> TradeKey:
        """What names it: each symbol counts its own trades."""
        return self.symbol, self.trade_id

    @property
    def received(self) -> Decimal:
        """By how much it changes what is held."""
        return received(self.symbol, self.side, self.quantity, self.fee, self.fee_asset)


def of_venue(record: Record, rows: Iterable[audit.Row]) -> list[Trade]:
    """Return the venue's trades in its order; an owner is whose order it was planned to be."""
    return [
        Trade(
            symbol=symbol_of(row),
            trade_id=str(row["trade_id"]),
            account=row["account"],
            order=str(row["client_order_id"]),
            owner=_owner(record, str(row["client_order_id"])),
            side=row["side"],
            quantity=Decimal(row["quantity"]),
            price=Decimal(row["price"]),
            fee=Decimal(row["fee"]),
            fee_asset=row["fee_asset"],
        )
        for row in rows
        if row["kind"] == "fill"
    ]


def of_journal(record: Record) -> Iterator[Trade]:
    """Yield the trades that the journal holds."""
    names = {(o.ref.symbol, o.venue_order_id): name for name, o in record.orders.items()}
    for (symbol, trade_id), fill in record.trades.items():
        # A trade may be booked before its order is known: then the venue's id names it.
        name = fill.ref.client_order_id or names.get((symbol, fill.venue_order_id), "")
        told = bool(fill.ref.client_order_id)
        yield Trade(
            symbol=symbol,
            trade_id=trade_id,
            account=fill.ref.account,
            order=name,
            owner=fill.ref.strategy if told else _owner(record, name),
            side=fill.side.value,
            quantity=fill.quantity,
            price=fill.price,
            fee=fill.fee,
            fee_asset=fill.fee_asset,
        )


def differences(record: Record, rows: list[audit.Row]) -> list[str]:
    """Name trades that one side does not have, fields that are told otherwise, and what positions differ by."""
    done = {one.key: one for one in of_venue(record, rows)}
    booked = {one.key: one for one in of_journal(record)}
    found = [f"{_name(key)} is in no journal" for key in sorted(done.keys() - booked.keys())]
    found += [f"{_name(key)} is not the venue's" for key in sorted(booked.keys() - done.keys())]
    for key in sorted(done.keys() & booked.keys()):
        found += [
            f"{_name(key)}: {field} {getattr(done[key], field)}, booked {getattr(booked[key], field)}"
            for field in Trade.__struct_fields__
            if getattr(done[key], field) != getattr(booked[key], field)
        ]
    found += [
        f"{_name(key)} is booked {count} times" for key, count in record.booked.items() if count > 1
    ]
    errors = _positions(booked.values())
    for symbol, quantity in _positions(done.values()).items():
        errors[symbol] -= quantity
    return found + [f"position error {error} {symbol}" for symbol, error in errors.items() if error]


def opened_by_exits(
    record: Record, rows: list[audit.Row], places: Iterable[PlaceIntent]
) -> list[str]:
    """Name each trade of an exit after which more is held than before, or the other way round."""
    leaving = {one.intent_id for one in places if one.purpose is Purpose.CLOSE}
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    found = []
    for one in of_venue(record, rows):
        before = held[one.symbol]
        held[one.symbol] += one.received
        story = record.orders.get(one.order)
        if story is None or story.ref.intent_id not in leaving:
            continue
        if before * held[one.symbol] < 0 or abs(held[one.symbol]) > abs(before):
            found.append(
                f"{_name(one.key)} of exit {one.order} opened: {before} held before, {held[one.symbol]} after"
            )
    return found


def symbol_of(row: audit.Row) -> str:
    """Return the unified symbol of an audit row."""
    return SYMBOLS[row["market"], row["symbol"]]


def _owner(record: Record, name: str) -> str:
    """Return the strategy whose order this is, as it was planned."""
    order = record.orders.get(name)
    return order.ref.strategy if order is not None else ""


def _positions(trades: Iterable[Trade]) -> defaultdict[str, Decimal]:
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in trades:
        held[one.symbol] += one.received
    return held


def _name(key: TradeKey) -> str:
    return f"trade {key[1]} of {key[0]}"
