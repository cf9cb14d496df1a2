"""`opensqt orders`: what was ordered and what became of it. Reads the projections; changes nothing."""

import argparse

from opensqt.cli import table
from opensqt.cli.names import check_names
from opensqt.cli.reading import Source, fetch, read
from opensqt.desk.error import GOOD
from opensqt.domain.ledger import LedgerTable
from opensqt.runtime.projection.tables import SHAPES

COLUMNS = SHAPES[LedgerTable.ORDERS].columns
SHOWN = (
    "created_at",
    "strategy",
    "symbol",
    "side",
    "type",
    "price",
    "quantity",
    "filled",
    "status",
    "reason",
    "client_order_id",
)
OPEN = ("planned", "submitting", "unresolved", "live", "partially_filled")
_SELECT = (
    f"SELECT {', '.join(COLUMNS)} FROM view.orders"  # noqa: S608  # our own names
    " WHERE ($1 = '' OR strategy = $1) AND ($2 = '' OR symbol = $2) AND ($3::text[] IS NULL OR status = ANY($3))"
    " ORDER BY created_at, client_order_id"
)

_COUNT = "SELECT count(*) AS total FROM view.orders"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `orders`."""
    parser.add_argument("--strategy", default="", help="only of this strategy")
    parser.add_argument("--symbol", default="", help="only of this symbol, e.g. BTC/USDT:USDT")
    parser.add_argument("--open", action="store_true", help="only those that may still fill")


def run(args: argparse.Namespace) -> int:
    """Print the orders, oldest first."""
    total = 0

    async def rows(source: Source) -> list[dict[str, object]]:
        nonlocal total
        await check_names(source, strategy=args.strategy, symbol=args.symbol)
        total = (await fetch(source, _COUNT))[0]["total"]
        wanted = list(OPEN) if args.open else None
        found = await fetch(source, _SELECT, args.strategy, args.symbol, wanted)
        return [dict(row) for row in found]

    found = read(args.place, rows)
    if args.json:
        table.as_json(found)
    else:
        table.as_text(SHOWN, found, table.nothing("open orders" if args.open else "orders", total))
    return GOOD
