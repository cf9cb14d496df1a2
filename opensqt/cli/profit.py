"""What each strategy earned, and what nobody's trades did: pure counting over rows of the projections.

The row of `NOBODY` is what the account's net has and no strategy accounts for, so that the rows of a symbol add up to
its net to the last digit. A round trip is a trade that closed a part or all of what its strategy held. A spot fee in
the base asset counts at the price of its trade, a fee in a third asset at that asset's mark; while a mark is unknown,
what depends on it is None.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.ledger_wallet import assets_of

NOBODY = "nobody"
Row = Mapping[str, Any]
Place = tuple[str, str, str]  # venue, account, symbol
Marks = Mapping[tuple[str, str], Decimal]  # by venue and symbol


class Fees(msgspec.Struct, frozen=True, kw_only=True):
    """Fees in quote units; None while the mark of one of the `unknown` assets is."""

    paid: Decimal | None
    unknown: tuple[str, ...] = ()


def fees_of(paid: Iterable[Row], marks: Marks) -> Fees:
    """Sum rows of (venue, symbol, fee_asset, fee, fee_at_price) in quote units."""
    total, unknown = ZERO, set()
    for row in paid:
        base, quote, settle = assets_of(row["symbol"])
        asset = row["fee_asset"]
        mark = marks.get((row["venue"], f"{asset}/{quote}"))
        if row["fee"] == 0 or asset in (quote, settle):
            total = EXACT.add(total, row["fee"])
        elif asset == base:
            total = EXACT.add(total, row["fee_at_price"])
        elif mark is not None:
            total = EXACT.add(total, EXACT.multiply(row["fee"], mark))
        else:
            unknown.add(asset)
    return Fees(paid=None if unknown else total, unknown=tuple(sorted(unknown)))


def unrealized(quantity: Decimal, cost: Decimal, mark: Decimal | None) -> Decimal | None:
    """Return what closing at the mark would add; None while something is held and the mark is unknown."""
    if quantity == 0:
        return EXACT.subtract(ZERO, cost)
    return None if mark is None else EXACT.subtract(EXACT.multiply(quantity, mark), cost)


def by_strategy(
    nets: Iterable[Row], holdings: Iterable[Row], paid: Iterable[Row], marks: Marks
) -> list[dict[str, Any]]:
    """Return a row for each strategy and symbol, and one of nobody where something is left over."""
    owned, charged = list(holdings), list(paid)
    found = []
    for net in nets:
        place = _place(net)
        owners = [row for row in owned if _place(row) == place and row["strategy"]]
        rest = _rest(net, owners)
        fees = [row for row in charged if _place(row) == place]
        has_rest = any(rest[name] for name in ("quantity", "cost", "realized_pnl", "funding"))
        parts = [(row["strategy"], row) for row in owners]
        if has_rest or any(row["strategy"] == "" and row["fee"] for row in fees):
            parts.append(("", rest))
        for strategy, row in parts:
            mine = fees_of((one for one in fees if one["strategy"] == strategy), marks)
            found.append(_line(strategy or NOBODY, place, row, mine, net["mark_price"]))
    return sorted(found, key=lambda row: (row["strategy"], *_place(row)))


def _place(row: Row) -> Place:
    return row["venue"], row["account"], row["symbol"]


def _rest(net: Row, owners: list[Row]) -> dict[str, Any]:
    """Return the net without what the owners hold; what is netted away between them is no result of anybody."""
    rest: dict[str, Any] = {"round_trips": 0}
    for name in ("quantity", "cost", "realized_pnl", "funding"):
        total = sum((row[name] for row in owners), ZERO)
        rest[name] = EXACT.subtract(net[name], total)
    if rest["quantity"] == 0:
        rest["realized_pnl"] = EXACT.subtract(rest["realized_pnl"], rest["cost"])
        rest["cost"] = ZERO
    return rest


def _line(
    strategy: str, place: Place, row: Row, fees: Fees, mark: Decimal | None
) -> dict[str, Any]:
    open_pnl = unrealized(row["quantity"], row["cost"], mark)
    net_pnl = None
    if open_pnl is not None and fees.paid is not None:
        earned = sum((row["realized_pnl"], row["funding"], open_pnl), ZERO)
        net_pnl = EXACT.subtract(earned, fees.paid)
    return {
        "strategy": strategy,
        **dict(zip(("venue", "account", "symbol"), place, strict=True)),
        "quantity": row["quantity"],
        "cost_basis": row["cost"],
        "mark_price": mark,
        "round_trips": row["round_trips"],
        "realized_pnl": row["realized_pnl"],
        "fees": fees.paid,
        "funding": row["funding"],
        "unrealized_pnl": open_pnl,
        "net_pnl": net_pnl,
        "unknown_fees": fees.unknown,
    }
