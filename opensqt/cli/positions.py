"""`opensqt positions`: what is held, at which cost, worth what. Reads the projections; changes nothing.

The mark is the venue's mark price, else the middle of its book, else the price of our last trade. `dust` is the part
of the quantity that no order can sell, counted by owner; empty where the smallest order of the symbol was not heard.
"""

import argparse
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from opensqt.cli import table
from opensqt.cli.reading import Source, fetch, read
from opensqt.cli.refusal import GOOD
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.dust import dust
from opensqt.runtime.projection import tidied

COLUMNS = (
    "venue",
    "account",
    "symbol",
    "quantity",
    "entry_price",
    "mark_price",
    "realized_pnl",
    "unrealized_pnl",
    "funding",
    "fees",
    "dust",
)
SELECT = (
    "SELECT p.venue, p.account, p.symbol, p.quantity, p.entry_price, coalesce(m.price, p.last_price) AS mark_price,"
    " p.realized_pnl, p.funding, p.fees, p.cost,"
    " coalesce(m.quantity_step, 0) AS step, m.quantity_min, m.notional_min,"
    " (SELECT coalesce(array_agg(h.quantity), '{}') FROM view.holdings h WHERE h.venue = p.venue"
    " AND h.account = p.account AND h.symbol = p.symbol) AS held"
    " FROM view.positions p LEFT JOIN view.marks m ON m.venue = p.venue AND m.symbol = p.symbol"
    " ORDER BY p.venue, p.account, p.symbol"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `positions`: none of its own."""
    del parser


def run(args: argparse.Namespace) -> int:
    """Print the net position of each symbol."""
    found = read(args.data, positions)
    if args.json:
        table.as_json(found)
    else:
        table.as_text(COLUMNS, found, "no positions yet")
    return GOOD


async def positions(source: Source) -> list[dict[str, object]]:
    """Return the positions as the columns of this verb."""
    found = []
    for row in await fetch(source, SELECT):
        values = dict(row)
        worth = EXACT.multiply(row["quantity"], row["mark_price"])
        values["unrealized_pnl"] = EXACT.subtract(worth, row["cost"])
        values["dust"] = _dust(values)
        numbers = {k: tidied(v) for k, v in values.items() if isinstance(v, Decimal)}
        found.append({name: (values | numbers)[name] for name in COLUMNS})
    return found


def _dust(row: Mapping[str, Any]) -> Decimal | None:
    """Sum what each owner holds and cannot sell; None while the smallest order is unknown."""
    if row["step"] == 0:
        return None
    smallest = {name: row[name] for name in ("step", "quantity_min", "notional_min")}
    return sum(
        (dust(row["symbol"], held, row["mark_price"], **smallest) for held in row["held"]), ZERO
    )
