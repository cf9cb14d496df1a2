"""`opensqt positions`: what is held, at which cost, worth what. Reads the projections; changes nothing.

The mark is the venue's mark price, else the middle of its book, else the price of our last trade.
"""

import argparse
from decimal import Decimal

from opensqt.cli import table
from opensqt.cli.reading import Source, fetch, read
from opensqt.cli.refusal import GOOD
from opensqt.domain.decimals import EXACT
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
)
SELECT = (
    "SELECT p.venue, p.account, p.symbol, p.quantity, p.entry_price, coalesce(m.price, p.last_price) AS mark_price,"
    " p.realized_pnl, p.funding, p.fees, p.cost"
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
        numbers = {k: tidied(v) for k, v in values.items() if isinstance(v, Decimal)}
        found.append({name: (values | numbers)[name] for name in COLUMNS})
    return found
