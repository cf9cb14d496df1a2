"""`opensqt fills`: every trade of ours, once. Reads the projections; changes nothing."""

import argparse

from opensqt.cli import table
from opensqt.cli.names import check_names
from opensqt.cli.reading import Source, fetch, read
from opensqt.desk.error import GOOD
from opensqt.domain.ledger import LedgerTable
from opensqt.runtime.projection.tables import SHAPES

COLUMNS = SHAPES[LedgerTable.FILLS].columns
SHOWN = (
    "time",
    "strategy",
    "symbol",
    "side",
    "price",
    "quantity",
    "fee",
    "fee_asset",
    "liquidity",
    "trade_id",
    "client_order_id",
)
_SELECT = (
    f"SELECT {', '.join(COLUMNS)} FROM view.fills"  # noqa: S608  # our own names
    " WHERE ($1 = '' OR strategy = $1) AND ($2 = '' OR symbol = $2)"
    " ORDER BY time, venue, account, symbol, length(trade_id), trade_id"
)

_COUNT = "SELECT count(*) AS total FROM view.fills"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `fills`."""
    parser.add_argument("--strategy", default="", help="only of this strategy")
    parser.add_argument("--symbol", default="", help="only of this symbol, e.g. BTC/USDT:USDT")
    parser.add_argument("--csv", action="store_true", help="print CSV with a head")


def run(args: argparse.Namespace) -> int:
    """Print the fills, oldest first."""
    total = 0

    async def rows(source: Source) -> list[dict[str, object]]:
        nonlocal total
        await check_names(source, strategy=args.strategy, symbol=args.symbol)
        total = (await fetch(source, _COUNT))[0]["total"]
        return [dict(row) for row in await fetch(source, _SELECT, args.strategy, args.symbol)]

    found = read(args.place, rows)
    if args.csv:
        table.as_csv(COLUMNS, found)
    elif args.json:
        table.as_json(found)
    else:
        table.as_text(SHOWN, found, table.nothing("fills", total))
    return GOOD
